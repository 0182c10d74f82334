"""Filtering a recording in slices between the window's frames, so that a million events never freeze it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from core.recording.filter import Query
from gui.models.log_model import LogModel
from gui.models.slices import Slices

if TYPE_CHECKING:
    from core.recording.recording import Recording

_SHOW_EVERY: Final = 0.1
"""Seconds between two insertions while much is found: each costs a layout of the whole table."""


class LogFilter(QObject):
    """Keeps a `LogModel` filled with what the query lets through, while the recording grows."""

    progressed = Signal(int, int)
    """Events looked at, events there are."""
    finished = Signal()
    """The model shows everything that there is so far."""

    def __init__(self, model: LogModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._source: Recording | None = None
        self._query: Query | None = None
        self._done = 0
        self._slices = Slices()
        self._found: list[NDArray[np.int64]] = []
        self._shown_at = 0.0
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._on_turn)

    @property
    def query(self) -> Query | None:
        return self._query

    def set_source(self, source: Recording | None) -> None:
        """Another recording, under the same query."""
        self._source = source
        self._model.show(source, 0)
        self._restart()

    def set_query(self, query: Query | None) -> None:
        """Another query over the same recording; None shows everything."""
        self._query = query
        self._restart()

    def catch_up(self) -> None:
        """Takes in what was appended to the recording since."""
        if self._source is None:
            return
        if self._query is None:
            length = len(self._source)
            self._model.append(length - self._done)
            self._done = length
            self.finished.emit()
        elif not self._timer.isActive():
            self._timer.start()

    def _restart(self) -> None:
        self._timer.stop()
        length = len(self._source) if self._source is not None else 0
        if self._query is None:
            self._model.show_only(None, length)
            self._done = length
            self.finished.emit()
        else:
            self._model.show_only(np.zeros(0, np.int64), 0)
            self._done = 0
            self._slices = Slices()
            self._found = []
            self._timer.start()

    def _on_turn(self) -> None:
        if self._source is None or self._query is None:
            self._timer.stop()
            return
        length = len(self._source)
        self._look(self._source, self._query, length)
        if self._done >= length:
            self._timer.stop()
            self._show_found()
            self.finished.emit()
        elif time.monotonic() > self._shown_at + _SHOW_EVERY:
            self._show_found()
            self.progressed.emit(self._done, length)

    def _look(self, source: Recording, query: Query, length: int) -> None:
        self._slices.begin_turn()
        going = True
        while going and self._done < length:
            stop = min(self._done + self._slices.begin(), length)
            self._found.append(query.matches(source, self._done, stop))
            self._done = stop
            going = self._slices.end()

    def _show_found(self) -> None:
        if self._found:
            self._model.append_indexes(np.concatenate(self._found))
        self._found = []
        self._shown_at = time.monotonic()
