"""The log's table model: a view of the events that the filter lets through. It holds indexes, never events."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.event import Event
from gui.models.log_columns import COLUMNS, Column, Row, row_of

if TYPE_CHECKING:
    from core.recording.recording import Names, Recording

Index = QModelIndex | QPersistentModelIndex

ALIGNMENTS: Final = tuple(
    Qt.AlignmentFlag.AlignVCenter | (Qt.AlignmentFlag.AlignRight if COLUMNS[column].right else Qt.AlignmentFlag.AlignLeft)
    for column in Column
)
"""How the text stands in each column, in the order of `Column`."""

_CACHED_ROWS: Final = 512
"""Worded rows kept: a few screens of them."""


class LogModel(QAbstractTableModel):
    """Rows of a recording; a million of them cost eight bytes each under a filter, nothing without."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source: Recording | None = None
        self._length = 0
        self._indexes: NDArray[np.int64] | None = None
        self._marks: set[int] = set()
        self._names: Names = "known"
        self._row = lru_cache(_CACHED_ROWS)(self._worded)

    # What it shows.

    def show(self, source: Recording | None, length: int = 0) -> None:
        """Starts over with the first `length` events of `source`, unfiltered, and no marks."""
        self.beginResetModel()
        self._source, self._length, self._indexes = source, length, None
        self._marks.clear()
        self._row.cache_clear()
        self.endResetModel()

    def show_only(self, indexes: NDArray[np.int64] | None, length: int) -> None:
        """Shows these events alone (ascending indexes), or with None the first `length`."""
        self.beginResetModel()
        self._indexes = indexes
        self._length = length if indexes is None else len(indexes)
        self.endResetModel()

    def show_names(self, shown: bool) -> None:
        """Whether what a descriptor is open on stands behind it."""
        self._names = "known" if shown else "none"
        self.forget_words()

    def forget_words(self) -> None:
        """More is known of the events than when they were worded."""
        self._row.cache_clear()
        if self._length:
            self.dataChanged.emit(self.index(0, Column.ARGUMENTS), self.index(self._length - 1, Column.ARGUMENTS))

    def append(self, count: int) -> None:
        """`count` more events of the unfiltered source are there."""
        if count > 0:
            self.beginInsertRows(QModelIndex(), self._length, self._length + count - 1)
            self._length += count
            self.endInsertRows()

    def append_indexes(self, indexes: NDArray[np.int64]) -> None:
        """More events that the filter let through."""
        if self._indexes is None or not len(indexes):
            return
        self.beginInsertRows(QModelIndex(), self._length, self._length + len(indexes) - 1)
        needed = self._length + len(indexes)
        if needed > len(self._indexes):
            # Doubling keeps appending cheap; the tail beyond _length is room, not data.
            self._indexes = np.concatenate([self._indexes[: self._length], np.zeros(needed, np.int64)])
        self._indexes[self._length : needed] = indexes
        self._length = needed
        self.endInsertRows()

    @property
    def filtered(self) -> bool:
        return self._indexes is not None

    # Rows and events.

    def event_index(self, row: int) -> int:
        """The index in the recording of the event in this row."""
        return row if self._indexes is None else int(self._indexes[row])

    def row_of_event(self, index: int) -> int:
        """The row of this event, or of the next one that is shown; -1 where there is none."""
        if self._indexes is None:
            return index if 0 <= index < self._length else -1
        row = int(np.searchsorted(self._indexes[: self._length], index))
        return row if row < self._length else -1

    def event_at(self, row: int) -> Event | None:
        if self._source is None or not 0 <= row < self._length:
            return None
        return self._source.event(self.event_index(row), self._names)

    def row(self, row: int) -> Row:
        """The event in this row, worded."""
        return self._row(self.event_index(row))

    def toggle_mark(self, row: int) -> None:
        index = self.event_index(row)
        self._marks ^= {index}
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(Column) - 1))

    def is_marked(self, row: int) -> bool:
        """Whether the user marked the event in this row."""
        return self.event_index(row) in self._marks

    def next_mark(self, row: int) -> int:
        """The row of the next marked event behind this one, around the end; -1 where nothing shown is marked."""
        rows = sorted(found for found in map(self._marked_row, self._marks) if found >= 0)
        return next((found for found in rows if found > row), rows[0] if rows else -1)

    def _marked_row(self, index: int) -> int:
        row = self.row_of_event(index)
        return row if row >= 0 and self.event_index(row) == index else -1

    def _worded(self, index: int) -> Row:
        if self._source is None:
            raise IndexError(f"event {index} of no recording")
        return row_of(self._source.event(index, self._names))

    # What the view asks.

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default; an invalid index is immutable
        return 0 if parent.isValid() else self._length

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  as above
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= self._length:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return self.row(index.row()).cells[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return ALIGNMENTS[index.column()]
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        info = COLUMNS[Column(section)]
        if role == Qt.ItemDataRole.DisplayRole:
            return info.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return info.tip
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return ALIGNMENTS[section]
        return None
