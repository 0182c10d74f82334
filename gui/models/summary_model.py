"""The summary's table model: a row a system call, and the totals."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt

from core.recording.call_counts import CallCount, cells, total
from gui.delegates.cells import TONE_ROLE, Tone
from gui.models.headers import header_value

Index = QModelIndex | QPersistentModelIndex


class Column(enum.IntEnum):
    """In the order of `core.recording.call_counts.COLUMNS`."""

    SHARE = 0
    TOTAL = 1
    MEAN = 2
    CALLS = 3
    ERRORS = 4
    DENIED = 5
    SYSCALL = 6


class Role(enum.IntEnum):
    """What the view asks for beside the text."""

    SORT = Qt.ItemDataRole.UserRole
    """A number, or the name, to sort by."""
    COUNT = Qt.ItemDataRole.UserRole + 1
    """The `CallCount`."""


_TITLES: Final = {
    Column.SHARE: ("% time", "Share of the time that all calls took together"),
    Column.TOTAL: ("Total ms", "Time from entry to return, of all calls together, waiting included"),
    Column.MEAN: ("µs/call", "Mean time of a call"),
    Column.CALLS: ("Calls", "How often it was called"),
    Column.ERRORS: ("Errors", "How often it returned an errno, whatever the reason"),
    Column.DENIED: ("Denied", "How often a gate said no"),
    Column.SYSCALL: ("Syscall", "The system call; Enter shows its calls in the log"),
}
_TOTALS_ROW: Final = 0
_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class SummaryModel(QAbstractTableModel):
    """The first row is the totals; each call keeps its row while the counts grow. `SummarySort` orders them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._counts: list[CallCount] = []
        self._rows: dict[tuple[str, str], int] = {}

    def clear(self) -> None:
        self.beginResetModel()
        self._counts, self._rows = [], {}
        self.endResetModel()

    def show(self, counts: Sequence[CallCount]) -> None:
        """The counts as they are now; calls that were there before still are."""
        if not counts:
            return
        latest = {("", ""): total(counts), **{(count.syscall, count.arch): count for count in counts}}
        fresh = [key for key in latest if key not in self._rows]
        if self._counts:
            self._counts = [latest[key] for key in self._rows]
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._counts) - 1, len(Column) - 1))
        if fresh:
            self.beginInsertRows(QModelIndex(), len(self._counts), len(self._counts) + len(fresh) - 1)
            self._rows |= {key: len(self._counts) + place for place, key in enumerate(fresh)}
            self._counts += [latest[key] for key in fresh]
            self.endInsertRows()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default; an invalid index is immutable
        return 0 if parent.isValid() else len(self._counts)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  as above
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._counts):
            return None
        count, column = self._counts[index.row()], Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cells(count, self._counts[_TOTALS_ROW])[column]
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Role.SORT:
                return _sort_key(count, column)
            case Role.COUNT:
                return count
            case _ if role == TONE_ROLE:
                return _tone(count, column, totals=index.row() == _TOTALS_ROW)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        return header_value(_TITLES, section, role, _alignment(Column(section)))


class SummarySort(QSortFilterProxyModel):
    """Orders by `Role.SORT`; the totals stay below, whichever way."""

    def __init__(self, model: SummaryModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setSourceModel(model)
        self.setSortRole(Role.SORT)
        self.sort(Column.TOTAL, Qt.SortOrder.DescendingOrder)

    def lessThan(self, left: Index, right: Index) -> bool:
        descending = self.sortOrder() is Qt.SortOrder.DescendingOrder
        if _TOTALS_ROW in (left.row(), right.row()):
            return (left.row() == _TOTALS_ROW) is descending
        first, second = left.data(Role.SORT), right.data(Role.SORT)
        if first == second:
            # Equal numbers in the order of their names, whichever way.
            return (left.data(Role.COUNT).name > right.data(Role.COUNT).name) is descending
        return bool(first < second)


def _sort_key(count: CallCount, column: Column) -> float | str:
    match column:
        case Column.SHARE | Column.TOTAL:
            return count.total_ns
        case Column.MEAN:
            return -1.0 if count.mean_ns is None else count.mean_ns
        case Column.CALLS:
            return count.calls
        case Column.ERRORS:
            return count.errors
        case Column.DENIED:
            return count.denied
        case Column.SYSCALL:
            return count.name


def _tone(count: CallCount, column: Column, *, totals: bool) -> Tone:
    if totals:
        return Tone.STRONG
    match column:
        case Column.SYSCALL:
            return Tone.STRONG
        case Column.DENIED if count.denied:
            return Tone.BAD
        case Column.SHARE | Column.TOTAL | Column.MEAN:
            return Tone.QUIET
        case _:
            return Tone.PLAIN


def _alignment(column: Column) -> Qt.AlignmentFlag:
    return _LEFT if column is Column.SYSCALL else _RIGHT
