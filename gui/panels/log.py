"""The log panel: filter bar, timeline, table, and what stands there while it is empty."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from core.recording.filter import Query, QueryError, parse_query
from gui.models.follower import Follower
from gui.models.histogram import Histogram
from gui.models.log_filter import LogFilter
from gui.models.log_finder import LogFinder
from gui.models.log_model import LogModel
from gui.panels.empty_state import EmptyState, Invitation
from gui.panels.filter_bar import FilterBar
from gui.panels.info_bar import InfoBar
from gui.panels.log_table import LogTable
from gui.panels.seek_bar import Seek, SeekBar
from gui.panels.timeline import Timeline
from gui.theme import Theme

if TYPE_CHECKING:
    from core.recording.recording import Recording

_FRAME_MS: Final = 16
_GO_TO: Final = re.compile(r"(?P<number>\d+)|(?P<time>\d+(\.\d*)?)\s*(?P<unit>s|ms|us|µs)")
_UNITS_NS: Final = {"s": 1e9, "ms": 1e6, "us": 1e3, "µs": 1e3}


class LogPanel(QWidget):
    """Shows one recording, while it grows."""

    event_chosen = Signal(object)
    """The `Event` of the current row; None: no row."""
    remark_changed = Signal(str)
    """How much of the recording is shown, or how far the filter has come; empty where everything is."""
    wanted = Signal()
    """Somebody has led to events here: the log is to be in sight."""

    def __init__(
        self, theme: Theme, invitations: Sequence[Invitation], ways_out: Sequence[Invitation] = (), parent: QWidget | None = None
    ) -> None:
        """`invitations`: what to do while there is no run; `ways_out`: what to do where the filter lets nothing through."""
        super().__init__(parent)
        self._source: Recording | None = None
        self._counted = 0
        self._histogram = Histogram()
        self.model = LogModel(self)
        self.filter = LogFilter(self.model, self)
        self._finder = LogFinder(self.model, self)
        self._names = Follower(self)
        self.info = InfoBar(theme)
        """Where problems are said; whoever shows the log gives it its place."""
        self.bar = FilterBar(theme)
        self.timeline = Timeline(theme)
        self.table = LogTable(self.model, theme)
        self.seek = SeekBar(theme)
        self._stack = QStackedWidget()
        self._empty = EmptyState(theme, "See what stands between a program and the kernel", invitations)
        self._nothing = EmptyState(theme, "No event matches the filter", ways_out)
        self._nothing.cover(self.table)
        self._frame = QTimer(self, singleShot=True)
        self._lay_out()
        self._connect()

    # What others ask of it.

    def show_recording(self, source: Recording | None) -> None:
        """Another recording, from its start; None empties the log."""
        self._source, self._counted, self._histogram = source, 0, Histogram()
        self.timeline.show_histogram(self._histogram)
        if source is not None:
            self._names.follow(source, source.descriptors)
        self.filter.set_source(source)
        self.bar.follow.setChecked(True)
        self._count()
        self._stack.setCurrentIndex(1 if source is not None else 0)

    def events_appended(self) -> None:
        """The recording grew; the log shows it within a frame. A flood of events is not painted more often than leaves time to judge it."""
        if not self._frame.isActive():
            self._frame.start(max(_FRAME_MS, math.ceil(self.table.rest.left() * 1000)))

    def show_query(self, text: str) -> None:
        """Shows the events that this filter lets through, in sight."""
        self.bar.set_text(text)
        self.wanted.emit()

    def show_event(self, index: int) -> None:
        """Goes to the event with this number, from 0; where the filter hides it, every event is shown."""
        row = self.model.row_of_event(index)
        if row < 0 or self.model.event_index(row) != index:
            self.bar.clear()
            row = self.model.row_of_event(index)
        self._leave_tail()
        self.table.go_to(row)
        self.wanted.emit()

    def ask_to_find(self) -> None:
        self.seek.ask(Seek.FIND)

    def ask_to_go(self) -> None:
        self.seek.ask(Seek.GO_TO)

    # Setting up.

    def _lay_out(self) -> None:
        content = QWidget()
        inner = QVBoxLayout(content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        for widget in (self.bar, self.timeline):
            inner.addWidget(widget)
        inner.addWidget(self.table, 1)
        inner.addWidget(self.seek)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._stack, 1)

    def _connect(self) -> None:
        self._frame.timeout.connect(self._on_frame)
        self.bar.query_changed.connect(self._on_query_changed)
        self.bar.follow_toggled.connect(self._on_follow_toggled)
        self.filter.finished.connect(self._on_filtered)
        self._names.advanced.connect(self.model.forget_words)
        self.filter.progressed.connect(self._on_progressed)
        self.table.tail_left.connect(self._on_tail_left)
        self.table.tail_reached.connect(self._on_tail_reached)
        self.table.row_chosen.connect(self._on_row_chosen)
        self.table.filter_wanted.connect(self._on_filter_wanted)
        self.timeline.time_chosen.connect(self._on_time_chosen)
        self.seek.find_wanted.connect(self._on_find_wanted)
        self.seek.go_to_wanted.connect(self._on_go_to_wanted)
        self.seek.closed.connect(self.table.setFocus)
        self._finder.found.connect(self._on_found)

    # What happens.

    def _on_frame(self) -> None:
        self._count()
        self.filter.catch_up()

    def _count(self) -> None:
        if self._source is None:
            return
        length = len(self._source)
        for _, rows in self._source.rows.slices(self._counted, length):
            self._histogram.add(rows)
        self._counted = length
        self.timeline.update()
        self._names.catch_up()

    def _follow(self) -> None:
        if self.bar.follow.isChecked():
            self.table.follow_tail()

    def _on_filtered(self) -> None:
        shown, there = self.model.rowCount(), len(self._source) if self._source is not None else 0
        self.remark_changed.emit(f"{shown:,} of {there:,} shown" if self.model.filtered else "")
        self._nothing.setVisible(self.model.filtered and there > 0 and not shown)
        self._follow()

    def _on_progressed(self, done: int, there: int) -> None:
        self.remark_changed.emit(f"{self.model.rowCount():,} shown, {done / there:.0%} looked through")
        self._nothing.setVisible(False)  # not as long as something may still be found
        self._follow()

    def _on_query_changed(self, query: Query | None) -> None:
        index = self.table.currentIndex()
        kept = self.model.event_index(index.row()) if index.isValid() else -1
        self.filter.set_query(query)
        if query is None and kept >= 0:
            self.table.go_to(self.model.row_of_event(kept))

    def _on_follow_toggled(self, following: bool) -> None:
        if following:
            self.table.follow_tail()

    def _on_tail_left(self) -> None:
        self.bar.follow.setChecked(False)

    def _on_tail_reached(self) -> None:
        self.bar.follow.setChecked(True)

    def _on_row_chosen(self, row: int) -> None:
        self.event_chosen.emit(self.model.event_at(row) if row >= 0 else None)

    def _on_filter_wanted(self, field: str, value: str, exclude: bool) -> None:
        self.bar.add_term(field, value, exclude=exclude)

    def _on_time_chosen(self, time_ns: int) -> None:
        self._leave_tail()
        self.table.go_to(self._row_at(time_ns))

    def _on_find_wanted(self, text: str) -> None:
        if self._source is None:
            return
        try:
            query = parse_query(text)
        except QueryError as err:
            self.seek.answer(str(err))
            return
        index = self.table.currentIndex()
        self._finder.find(self._source, query, self.model.event_index(index.row()) if index.isValid() else -1)

    def _on_found(self, row: int) -> None:
        if row < 0:
            self.seek.answer("Nothing that is shown matches.")
        else:
            self._leave_tail()
            self.table.go_to(row)

    def _on_go_to_wanted(self, text: str) -> None:
        found = _GO_TO.fullmatch(text)
        if found is None:
            self.seek.answer(f"“{text}” is neither an event's number nor a time such as 1.25s.")
            return
        self._leave_tail()
        if found["number"]:
            row = self.model.row_of_event(int(found["number"]) - 1)
        else:
            row = self._row_at(round(float(found["time"]) * _UNITS_NS[found["unit"]]))
        if row < 0:
            self.seek.answer(f"The log shows no event at {text} or behind it.")
        self.table.go_to(row)

    def _leave_tail(self) -> None:
        self.bar.follow.setChecked(False)

    def _row_at(self, time_ns: int) -> int:
        """The first row at this time or later. Times grow with the row but for calls that overlap: near enough for a jump."""
        low, high = 0, self.model.rowCount()
        while low < high:
            middle = (low + high) // 2
            event = self.model.event_at(middle)
            if event is not None and event.time_ns < time_ns:
                low = middle + 1
            else:
                high = middle
        return low if low < self.model.rowCount() else self.model.rowCount() - 1
