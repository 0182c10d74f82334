"""What exec will do to the capabilities, whole: each set before and after with the rules, all rules in their order, and what can be regained."""

from __future__ import annotations

import html
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QScrollArea, QVBoxLayout, QWidget

from core.predict.program import Program
from gui.after_exec import Answer
from gui.sets_table import sets_table
from gui.theme import MARGIN, Theme

_SIZE: Final = QSize(640, 560)


class ExecDetails(QDialog):
    """Stays open beside the window, and follows the policy and the target."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._answer = Answer()
        self.setWindowTitle("What exec does to the capabilities")
        self.resize(_SIZE)
        self.text = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.text.setAccessibleName(self.windowTitle())
        self.text.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(self.text)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(area, 1)
        column.addWidget(buttons)
        theme.changed.connect(self._on_theme_changed)

    def show_answer(self, answer: Answer) -> None:
        """Replaces what is shown."""
        self._answer = answer
        self.text.setText(self._html())

    def _html(self) -> str:
        tokens, forecast = self._theme.tokens, self._answer.forecast
        if forecast is None:
            return f'<span style="color:{tokens.killed}">{html.escape(self._answer.problem)}</span>'
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in forecast.notes)
        head = f"<b>{html.escape(forecast.program.path)}</b>"
        if forecast.program.inode:  # else no file was found
            head += f"<br><span style='color:{tokens.muted}'>{html.escape(_file(forecast.program))}</span>"
        if forecast.regain is None:
            body = f'<p style="color:{tokens.killed}"><b>✕ The kernel will refuse this execve with EPERM.</b></p>'
        else:
            body = f"<p></p>{sets_table(forecast.changes, tokens)}"
        rules = "".join(f"<li>{html.escape(rule.sentence)}</li>" for rule in forecast.prediction.rules)
        body += f"<p><b>The kernel's rules, in its order</b></p><ol>{rules or '<li>none changes anything</li>'}</ol>"
        if forecast.regain is not None:
            body += f"<p><b>Can it be regained?</b></p><p>{html.escape(forecast.regain.sentence)}</p>"
        return f"{notes}{head}{body}"

    def _on_theme_changed(self) -> None:
        self.show_answer(self._answer)


def _file(program: Program) -> str:
    # What exec looks at of the file, in words.
    words = [f"owner {program.owner}, group {program.group}"]
    words += [word for word, there in (("setuid", program.setuid), ("setgid", program.setgid)) if there]
    words.append(f"file capabilities {program.capabilities}" if program.capabilities is not None else "no file capabilities")
    if program.nosuid:
        words.append("on a mount with nosuid")
    if program.script is not None:
        words.append(f"interpreter of the script {program.script}")
    return " · ".join(words)
