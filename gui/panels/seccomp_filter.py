"""The built filter, instruction by instruction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QResizeEvent, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from core.bpf.disassemble import Line
from gui.filter_builder import FilterReport
from gui.labels import ProblemLabel, muted_label, strong_label
from gui.naming import named
from gui.theme import MARGIN, Theme

_WIDE: Final = 52
"""Characters from which on the comments stand in a column of their own."""
_PARTS: Final = re.compile(r"^( *\S+ )|(\bL\d+\b)|(;.*$)")


class FilterView(QWidget):
    """The size in instructions as a heading, the program below it, or why there is none."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._lines: tuple[Line, ...] = ()
        self.size_label = QLabel()
        self.size_label.setProperty("muted", True)
        self.problem = ProblemLabel()
        self.note = muted_label()
        self.program = named(QPlainTextEdit(readOnly=True), "The built filter, disassembled")
        self.program.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.program.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self._highlighter = _Highlighter(theme, self.program.document())
        self._lay_out()
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def show_report(self, report: FilterReport) -> None:
        """The program, or the problem in its place."""
        self._lines = report.lines
        count = len(report.lines)
        maker = " · own generator" if report.own_reason else ""
        self.size_label.setText(f"{count} instruction{'' if count == 1 else 's'}{maker}" if count else "")
        self.size_label.setToolTip(
            f"Made by Gatescope's own generator: {report.own_reason}." if report.own_reason else "Made by libseccomp."
        )
        self.problem.show_problem(report.problem)
        self._say("")
        self._fill()

    def show_none(self, why: str) -> None:
        """There is no filter to show: a quiet sentence."""
        self.show_report(FilterReport())
        self._say(why)

    def text(self) -> str:
        """The program as it is shown."""
        return self.program.toPlainText()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._aligned() != self._was_aligned:
            self._fill()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 8, MARGIN, 0)
        head.addWidget(strong_label("The filter"))
        head.addStretch(1)
        head.addWidget(self.size_label)
        said = QVBoxLayout()
        said.setContentsMargins(MARGIN, 0, MARGIN, 0)
        said.addWidget(self.problem)
        said.addWidget(self.note)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addLayout(said)
        column.addWidget(self.program, 1)
        self.program.document().setDocumentMargin(8)

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _aligned(self) -> bool:
        return self.width() >= self.program.fontMetrics().averageCharWidth() * _WIDE

    def _fill(self) -> None:
        self._was_aligned = self._aligned()
        self.program.setPlainText(program_text(self._lines, aligned=self._was_aligned))
        self.program.setVisible(bool(self._lines))

    def _on_theme_changed(self) -> None:
        self.program.setFont(self._theme.mono_font)
        self._highlighter.rehighlight()
        self._fill()


def program_text(lines: Sequence[Line], *, aligned: bool) -> str:
    """A line an instruction: its number (or its label, where a jump leads to it), the instruction, and what it means behind a semicolon."""
    width = max((len(line.text) for line in lines), default=0) if aligned else 0
    numbers = [(line.labels[0] if line.labels else str(line.index)).rjust(len(str(len(lines))) + 1) for line in lines]
    return "\n".join(
        f"{number}  {line.text:{width}}  ; {line.comment}" if line.comment else f"{number}  {line.text}"
        for number, line in zip(numbers, lines, strict=True)
    )


class _Highlighter(QSyntaxHighlighter):
    """Numbers and comments quiet, labels in the accent."""

    def __init__(self, theme: Theme, document: QTextDocument) -> None:
        super().__init__(document)
        self._theme = theme

    def highlightBlock(self, text: str) -> None:
        tokens = self._theme.tokens
        for found in _PARTS.finditer(text):
            is_label = "L" in found[0] and not found[3]
            form = QTextCharFormat()
            form.setForeground(QColor(tokens.accent if is_label else tokens.muted))
            self.setFormat(found.start(), found.end() - found.start(), form)
