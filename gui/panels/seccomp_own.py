"""The filters that the target installed itself during a run: to be read, not edited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from core.bpf.disassemble import disassemble
from core.bpf.emulate import emulate
from core.bpf.machine import SeccompData
from core.bpf.program import INSTRUCTION_SIZE, ProgramError, counted
from core.bpf.validate import validate
from core.policy.action import Action
from core.policy.stack import FILTER_FLAGS
from gui.filter_listing import FilterListing
from gui.labels import muted_label
from gui.naming import named
from gui.theme import MARGIN, Theme

if TYPE_CHECKING:
    from core.recording.own_filters import OwnFilter

_LEAST_LETTERS: Final = 10
_STRICT: Final = "Strict mode: it has no program."
_UNREAD: Final = "Its program could not be read: the target's memory was gone, or held something else by then."


class OwnFiltersView(QWidget):
    """One of them at a time; the kernel asks them beside the policy's, and the strictest answer counts."""

    event_wanted = Signal(int)
    """The log is to show the call that installed the filter: its number, from 0."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filters: tuple[OwnFilter, ...] = ()
        self._call: SeccompData | None = None
        self.combo = named(QComboBox(), "The filter of the target's own that is shown")
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setMinimumContentsLength(_LEAST_LETTERS)
        self.origin = named(
            QPushButton("Its call"), "Show the call that installed the filter", "Show the call that installed it in the log"
        )
        self.note = muted_label()
        self.program = FilterListing(theme, "The target's own filter, disassembled")
        self._lay_out()
        self.combo.currentIndexChanged.connect(self._show)
        self.origin.clicked.connect(self._on_origin)

    def show_filters(self, filters: Sequence[OwnFilter]) -> None:
        """All that the run has found so far; the one that is shown stays."""
        if tuple(filters) == self._filters:
            return
        place = max(0, self.combo.currentIndex())
        self._filters = tuple(filters)
        self.combo.clear()
        self.combo.addItems([_title(one) for one in self._filters])
        self.combo.setCurrentIndex(min(place, len(self._filters) - 1))
        self._show()

    def choose(self, number: int) -> None:
        """Shows the filter with this number, from 1."""
        self.combo.setCurrentIndex(number - 1)
        self.combo.setFocus()

    def light(self, call: SeccompData | None) -> None:
        """The path of a call that is tried; None: of none."""
        self._call = call
        self._show()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.combo, 1)
        row.addWidget(self.origin)
        head = QVBoxLayout()
        head.setContentsMargins(MARGIN, 8, MARGIN, 4)
        head.setSpacing(6)
        head.addLayout(row)
        head.addWidget(self.note)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.program, 1)
        column.addStretch(0)

    def _show(self) -> None:
        place = self.combo.currentIndex()
        if not 0 <= place < len(self._filters):
            return
        one = self._filters[place]
        program = one.installed.program
        self.combo.setToolTip(_title(one))
        self.program.setVisible(bool(program))
        if not program:
            self.note.setText(_STRICT if one.installed.strict else _UNREAD)
            return
        path, answer = _followed(program, self._call)
        self.program.show_lines(disassemble(program), path)
        flags = [flag for flag, bit in FILTER_FLAGS.items() if one.installed.flags & bit]
        words = [counted(len(program) // INSTRUCTION_SIZE), f"flags {', '.join(flags)}" if flags else "", answer]
        self.note.setText(" · ".join(filter(None, words)))

    def _on_origin(self) -> None:
        if self._filters:
            self.event_wanted.emit(self._filters[self.combo.currentIndex()].seq - 1)


def _title(one: OwnFilter) -> str:
    return f"{one.number}: pid {one.pid} at {one.time_ns / 1e9:.4f} s"


def _followed(program: bytes, call: SeccompData | None) -> tuple[tuple[int, ...], str]:
    """The path of the call through the program, and the answer in words; nothing where there is no call, or no program that runs."""
    if call is None:
        return (), ""
    try:
        validate(program)
    except ProgramError as err:
        return (), f"not a program that the kernel takes: {err}"
    emulation = emulate(program, call)
    return emulation.path, f"answers the call that is tried with {Action.from_value(emulation.value).word}"
