"""A line of system calls, each completed as it is typed."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QWidget

from core.knowledge import syscalls
from core.knowledge.groups import GROUPS
from core.policy.architectures import NATIVE
from gui.completions import Completer
from gui.models.rule_text import calls_text, parse_calls


class CallsEdit(QLineEdit):
    """Names, numbers and groups, parted by commas or blanks."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText("socket, connect, @network-io, 41…")
        self.setAccessibleName("System calls of the rule: names, numbers, or groups such as @network-io")
        Completer(self, [*sorted(syscalls.names(NATIVE)), *GROUPS])

    def calls(self) -> tuple[str | int, ...]:
        return parse_calls(self.text())

    def set_calls(self, calls: tuple[str | int, ...]) -> None:
        self.setText(calls_text(calls))
