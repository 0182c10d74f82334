"""For which architectures a filter is, what becomes of the others, the flags with which it is loaded, and its note."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QLineEdit, QWidget

from core.policy.architectures import ARCHITECTURES, NATIVE
from core.policy.model import Filter, Flag
from gui.labels import muted_label
from gui.naming import named
from gui.panels.seccomp_action_picker import ActionPicker

_COLUMNS: Final = 2
_ARCHITECTURE_TIPS: Final = {
    "native": f"This machine's own: {NATIVE} here",
    "x86_64": "64-bit x86",
    "x86": "32-bit x86: a 64-bit program can make these calls too, by int 0x80",
    "x32": "64-bit x86 with short pointers: the calls of x86_64 with another number; few kernels serve them",
    "aarch64": "64-bit Arm",
}
_FLAG_TIPS: Final[Mapping[Flag, str]] = {
    "log": "The kernel's audit log hears of every answer but allow (journalctl -k)",
    "spec-allow": "Leaves speculative store bypass on: faster, and on processors with that flaw less safe",
    "tsync": "All threads of the process get the filter at once, or none does",
    "wait-killable": "While somebody is asked, only a deadly signal interrupts the call (since Linux 5.19)",
}
_FLAGS: Final[tuple[Flag, ...]] = typing.get_args(Flag)


class ScopeEdit(QWidget):
    """Shows these; signals come from the user only."""

    architectures_changed = Signal(tuple)
    bad_arch_changed = Signal(str)
    flags_changed = Signal(tuple)
    note_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.architectures = {
            name: _box(_title(name), f"Architecture {name}", _ARCHITECTURE_TIPS.get(name, name)) for name in ARCHITECTURES
        }
        self.flags: Mapping[Flag, QCheckBox] = {flag: _box(flag, f"Flag {flag}", _FLAG_TIPS[flag]) for flag in _FLAGS}
        self.bad_arch = ActionPicker("Action for calls of other architectures")
        self.note = named(QLineEdit(placeholderText="Note: what this filter is for"), "Note: your own words about the filter")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        for column in range(_COLUMNS):
            grid.setColumnStretch(column, 1)
        row = _add(grid, 0, muted_label("Architectures whose calls it judges", wrap=False), list(self.architectures.values()))
        grid.addWidget(muted_label("Calls of any other architecture", wrap=False), row, 0, 1, _COLUMNS)
        grid.addWidget(self.bad_arch, row + 1, 0, 1, _COLUMNS)
        row = _add(grid, row + 2, muted_label("Flags", wrap=False), list(self.flags.values()))
        grid.addWidget(self.note, row, 0, 1, _COLUMNS)
        for box in self.architectures.values():
            box.clicked.connect(self._on_architectures)
        for box in self.flags.values():
            box.clicked.connect(self._on_flags)
        self.bad_arch.changed.connect(self.bad_arch_changed)
        self.note.textEdited.connect(self.note_changed)

    def show_filter(self, one: Filter) -> None:
        """As the policy has it."""
        for name, box in self.architectures.items():
            box.setChecked(name in one.architectures)
        for flag, flag_box in self.flags.items():
            flag_box.setChecked(flag in one.flags)
        self.bad_arch.set_word(one.bad_arch)
        if one.note != self.note.text():
            self.note.setText(one.note)

    def _on_architectures(self) -> None:
        self.architectures_changed.emit(tuple(name for name, box in self.architectures.items() if box.isChecked()))

    def _on_flags(self) -> None:
        self.flags_changed.emit(tuple(flag for flag, box in self.flags.items() if box.isChecked()))


def scope_summary(one: Filter) -> str:
    """These in a line: "native, else kill-process · log"."""
    architectures = ", ".join(one.architectures) or "none"
    flags = f" · {', '.join(one.flags)}" if one.flags else ""
    return f"{architectures}, else {one.bad_arch}{flags}"


def _title(architecture: str) -> str:
    return f"native: {NATIVE}" if architecture == "native" else architecture


def _box(text: str, name: str, tip: str) -> QCheckBox:
    return named(QCheckBox(text), name, tip)


def _add(grid: QGridLayout, row: int, heading: QLabel, boxes: Sequence[QCheckBox]) -> int:
    # The row behind them.
    grid.addWidget(heading, row, 0, 1, _COLUMNS)
    for place, box in enumerate(boxes):
        grid.addWidget(box, row + 1 + place // _COLUMNS, place % _COLUMNS)
    return row + 1 + -(-len(boxes) // _COLUMNS)
