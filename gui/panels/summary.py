"""The summary page: every system call of the run with its counts and times, as `strace -c` has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from core.recording.call_counts import CallCount, CallCounts, as_csv, as_text, total
from gui.labels import muted_label
from gui.models.follower import Follower
from gui.models.summary_model import Column, Role, SummaryModel, SummarySort
from gui.naming import named
from gui.panels.empty_state import Invitation
from gui.panels.fitting_widths import FittingWidths
from gui.panels.quiet_table import QuietTable
from gui.panels.run_stack import RunStack
from gui.theme import MARGIN, Theme
from gui.words import some

if TYPE_CHECKING:
    from core.recording.recording import Recording

_HEADING: Final = "Every system call of a run, counted and timed"
_WIDTHS: Final[dict[int, int]] = {
    Column.SHARE: 88,
    Column.TOTAL: 104,
    Column.MEAN: 92,
    Column.CALLS: 88,
    Column.ERRORS: 84,
    Column.DENIED: 84,
}
_UNDER_PTRACE: Final = "Under ptrace the times include the stops in which each call was looked at."


class SummaryPage(QWidget):
    """Counts along with a recording."""

    filter_wanted = Signal(str, str)
    """A field of the log's filter and its value: the events that the user wants to see."""

    def __init__(self, theme: Theme, invitations: Sequence[Invitation], parent: QWidget | None = None) -> None:
        """`invitations`: what to do while there is no run."""
        super().__init__(parent)
        self._source: Recording | None = None
        self._counts = CallCounts()
        self._follower = Follower(self)
        self.model = SummaryModel(self)
        self._sorted = SummarySort(self.model, self)
        self.table = QuietTable(theme, "System calls of the run")
        self.note = muted_label()
        self._copy = named(QPushButton("Copy"), "Copy the summary as text", "Copy the table as text, in the order shown (Ctrl+C)")
        self._copy_csv = named(QPushButton("Copy as CSV"), "Copy the summary as CSV", "Copy the counts as comma-separated values")
        self._stack = self._lay_out(theme, invitations)
        self._connect()

    # What others ask of it.

    def show_recording(self, source: Recording | None) -> None:
        """Another recording, from its start; None: there is no run."""
        self._source, self._counts = source, CallCounts()
        self.model.clear()
        self._follower.follow(source, self._counts)
        self._stack.show_run(source is not None)
        self._on_advanced()

    def catch_up(self) -> None:
        """Counts what the recording has more by now."""
        self._follower.catch_up()

    def copy_text(self) -> None:
        QGuiApplication.clipboard().setText(as_text(self._shown()))

    def copy_csv(self) -> None:
        QGuiApplication.clipboard().setText(as_csv(self._shown()))

    # Setting up.

    def _lay_out(self, theme: Theme, invitations: Sequence[Invitation]) -> RunStack:
        self.table.setModel(self._sorted)
        FittingWidths(self.table.horizontalHeader(), _WIDTHS, theme)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(Column.TOTAL, Qt.SortOrder.DescendingOrder)
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 8, MARGIN, 8)
        head.setSpacing(8)
        head.addWidget(self.note, 1, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self._copy)
        head.addWidget(self._copy_csv)
        stack = RunStack(theme, _HEADING, invitations, [head, self.table])
        stack.fill(self)
        self.setFocusProxy(self.table)
        return stack

    def _connect(self) -> None:
        self._follower.advanced.connect(self._on_advanced)
        self.table.row_wanted.connect(self._on_row_wanted)
        self.table.copy_wanted.connect(self.copy_text)
        self.table.menu_wanted.connect(self._on_menu_wanted)
        self._copy.clicked.connect(self.copy_text)
        self._copy_csv.clicked.connect(self.copy_csv)

    # What happens.

    def _on_advanced(self) -> None:
        counts = self._counts.counts()
        self.model.show(counts)
        whole = total(counts)
        sentence = f"{some(whole.calls, 'call')} of {some(len(counts), 'kind')} · {some(whole.errors, 'error')} · {whole.denied:,} denied"
        watched_by_stops = self._source is not None and self._source.header.engine == "ptrace"
        self.note.setText(f"{sentence}\n{_UNDER_PTRACE}" if watched_by_stops else sentence)

    def _on_row_wanted(self, index: QModelIndex) -> None:
        count: CallCount = index.data(Role.COUNT)
        if count.syscall:
            self.filter_wanted.emit("syscall", count.syscall)

    def _on_menu_wanted(self, index: QModelIndex, position: QPoint) -> None:
        self.menu_of(index).exec(position)

    def menu_of(self, index: QModelIndex) -> QMenu:
        """What can be done with the call in this cell's row."""
        count: CallCount = index.data(Role.COUNT)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        show = menu.addAction(f"&Show {count.syscall} in the log" if count.syscall else "&Show in the log", self._on_menu_show)
        show.setEnabled(bool(count.syscall))
        menu.addSeparator()
        menu.addAction("&Copy", self.copy_text)
        menu.addAction("Copy as C&SV", self.copy_csv)
        return menu

    def _on_menu_show(self) -> None:
        self._on_row_wanted(self.table.currentIndex())

    def _shown(self) -> list[CallCount]:
        rows = [self._sorted.index(row, 0).data(Role.COUNT) for row in range(self._sorted.rowCount())]
        return [count for count in rows if count.syscall]
