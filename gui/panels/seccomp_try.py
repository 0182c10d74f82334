"""“Try a call”: what becomes of a call that is written down, without running anything."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from core.bpf.answer import Answer, answer_call
from core.bpf.call import parse_call
from core.bpf.machine import SeccompData
from core.policy.action import Action
from core.policy.model import Seccomp
from gui.delegates.rule import action_look
from gui.icons import shape_icon
from gui.labels import ProblemLabel, muted_label, plain_label
from gui.models.rule_text import action_sentence
from gui.panels.seccomp_call_edit import CallEdit, closed, signature
from gui.theme import Theme

_SETTLED_MS: Final = 500
"""How long typing must pause before what cannot be read yet is called wrong."""
_SIGN: Final = QSize(11, 11)


class TryCall(QWidget):
    """The line, and below it the answer, or what is wrong with the line."""

    answered = Signal(object)
    """The `Answer`; None: there is no call."""
    rule_wanted = Signal(int)
    """The number of the rule that decided is to be shown."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._seccomp = Seccomp()
        self._filters: tuple[bytes, ...] = ()
        self._ready = False
        self.call: SeccompData | None = None
        """The call that is written now; None: there is none that can be read, or no filter to try it on yet."""
        self.answer: Answer | None = None
        """What becomes of it."""
        self.edit = CallEdit()
        self.action = plain_label()
        self.reason = muted_label()
        self.reason.setTextFormat(Qt.TextFormat.RichText)
        self.reason.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.each = muted_label()
        self.each.setToolTip("What each filter answers by itself, and how many instructions it executes for that")
        self.problem = ProblemLabel()
        self._sign = QLabel()
        self._sign.setContentsMargins(0, 3, 0, 0)
        self._settled = QTimer(self, singleShot=True, interval=_SETTLED_MS)
        self._lay_out()
        self.edit.textChanged.connect(self._on_text_changed)
        self.edit.returnPressed.connect(self._on_settled)
        self.reason.linkActivated.connect(self._on_link)
        self._settled.timeout.connect(self._on_settled)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def set_policy(self, seccomp: Seccomp, filters: tuple[bytes, ...]) -> None:
        """Whose answer it is: the filters are those built from `seccomp`, none in the modes without one."""
        self._seccomp, self._filters, self._ready = seccomp, filters, True
        self._compute()

    def set_unready(self) -> None:
        """The filter is not there yet: no answer until `set_policy`."""
        self._ready = False
        self._compute()

    def set_call(self, text: str) -> None:
        """Writes the call into the line."""
        self.edit.setText(text)
        self.edit.setCursorPosition(0)
        self._on_settled()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.action, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.edit)
        column.addLayout(head)
        column.addWidget(self.reason)
        column.addWidget(self.each)
        column.addWidget(self.problem)

    def _on_text_changed(self) -> None:
        self.edit.setToolTip(signature(self.edit.text()))
        self._compute()
        self._settled.start()

    def _compute(self) -> None:
        try:
            self.call = parse_call(closed(self.edit.text())) if self._ready and self.edit.text().strip() else None
        except ValueError:
            self.call = None
        self.answer = None if self.call is None else answer_call(self._seccomp, self._filters, self.call)
        self.problem.show_problem("")
        self._show()
        self.answered.emit(self.answer)

    def _on_settled(self) -> None:
        self._settled.stop()
        if self.answer is None and self._ready and self.edit.text().strip():
            self.problem.show_problem(_why_not(closed(self.edit.text())))

    def _show(self) -> None:
        answer = self.answer
        for widget in (self._sign, self.action, self.reason):
            widget.setVisible(answer is not None)
        self.each.setVisible(answer is not None and len(answer.emulations) > 1)
        if answer is None:
            return
        look = action_look(answer.action.word, self._theme.tokens)
        self._sign.setPixmap(shape_icon(look.shape, look.ink).pixmap(_SIGN))
        self.action.setText(answer.action_words)
        self.action.setStyleSheet(f"color: {look.ink}; font-weight: 600;")
        self.action.setToolTip(action_sentence(answer.action.word))
        self.reason.setText(_linked(answer, self._theme.tokens.accent))
        self.each.setText(_each(answer))

    def _on_link(self, number: str) -> None:
        self.rule_wanted.emit(int(number))

    def _on_theme_changed(self) -> None:
        self.edit.setFont(self._theme.mono_font)
        self._show()


def _why_not(text: str) -> str:
    try:
        parse_call(text)
    except ValueError as err:
        sentence = str(err)
        return f"{sentence[0].upper()}{sentence[1:]}"
    return ""


def _each(answer: Answer) -> str:
    """What each filter of a stack answers by itself."""
    values = enumerate(answer.emulations, start=1)
    return " · ".join(f"filter {number}: {Action.from_value(one.value).word}, {len(one.path)}" for number, one in values)


def _linked(answer: Answer, ink: str) -> str:
    """The reason with the rule as a link to it."""
    reason = f"{answer.reason[0].upper()}{answer.reason[1:]}."
    rule = f"rule {answer.rule}"
    return reason.replace(rule, f"<a href='{answer.rule}' style='color: {ink}'>{rule}</a>", 1) if answer.rule is not None else reason
