"""Looks for the next event that a query lets through, in slices between the window's frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from core.recording.filter import Query
from gui.models.log_model import LogModel
from gui.models.slices import Slices

if TYPE_CHECKING:
    from core.recording.recording import Recording


class LogFinder(QObject):
    """One search at a time; a new one replaces it."""

    found = Signal(int)
    """The row of the log; -1: nothing that is shown matches."""

    def __init__(self, model: LogModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._on_turn)
        self._source: Recording | None = None
        self._query: Query | None = None
        self._next = 0
        self._left = 0
        self._slices = Slices()

    def find(self, source: Recording, query: Query, after: int) -> None:
        """Looks from the event behind index `after` to the end, and then from the start."""
        self._source, self._query = source, query
        self._next, self._left = after + 1, len(source)
        self._slices = Slices()
        self._timer.start()

    def _on_turn(self) -> None:
        self._slices.begin_turn()
        going = True
        while going and self._left > 0:
            size = self._slices.begin()
            row = self._look(size)
            if row >= 0:
                self._finish(row)
                return
            going = self._slices.end()
        if self._left <= 0:
            self._finish(-1)

    def _look(self, size: int) -> int:
        if self._source is None or self._query is None:
            return -1
        length = len(self._source)
        start = self._next if self._next < length else 0
        stop = min(start + min(size, self._left), length)
        self._next, self._left = stop, self._left - (stop - start)
        for index in self._query.matches(self._source, start, stop):
            row = self._model.row_of_event(int(index))
            if row >= 0 and self._model.event_index(row) == index:
                return row
        return -1

    def _finish(self, row: int) -> None:
        self._timer.stop()
        self._source = self._query = None
        self.found.emit(row)
