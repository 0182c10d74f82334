"""The processes of a run as a tree: below each one what it ran and whom it made, in the order of time."""

from __future__ import annotations

import enum
from typing import Any, Final

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.predict.credentials import set_text
from core.recording.process_tree import Exec, Process, ProcessTree
from gui.delegates.cells import TONE_ROLE, Tone
from gui.models.headers import header_value
from gui.models.log_columns import duration_text

Index = QModelIndex | QPersistentModelIndex


class Column(enum.IntEnum):
    """From what it is to how it ended."""

    WHAT = 0
    USER = 1
    CAPABILITIES = 2
    STARTED = 3
    LASTED = 4
    ENDING = 5


class Role(enum.IntEnum):
    """What the view asks for beside the text."""

    NODE = Qt.ItemDataRole.UserRole
    """The `Process` or the `Exec`."""


_TITLES: Final = {
    Column.WHAT: ("Process", "What it was, what it ran, and whom it made"),
    Column.USER: ("User", "The real user, and the effective one where that is another"),
    Column.CAPABILITIES: ("Permitted capabilities", "What the process could use after this exec"),
    Column.STARTED: ("Time", "Seconds since the target started"),
    Column.LASTED: ("Lasted", "From its fork to its end"),
    Column.ENDING: ("Ended", "Its exit status, or the signal that killed it"),
}
_COLUMNS: Final = len(Column)
_DIFFERS: Final = "✕ not as predicted"


class ProcessModel(QAbstractItemModel):
    """Shows a `ProcessTree` while it grows; call `refresh` when it did."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tree = ProcessTree()
        self._shown: dict[Process | None, int] = {}
        # How many children of each are announced; the tree itself may already have more.

    def show(self, tree: ProcessTree) -> None:
        """Another tree, from its start."""
        self.beginResetModel()
        self._tree, self._shown = tree, {}
        self.endResetModel()

    def refresh(self) -> None:
        """Announces what the tree has more than before, and what ended."""
        for parent in self._tree.touched():
            children = self._tree.roots if parent is None else parent.children
            above, shown, there = self._index_of(parent), self._shown.get(parent, 0), len(children)
            if shown:
                self.dataChanged.emit(self.index(0, 0, above), self.index(shown - 1, len(Column) - 1, above))
            if there > shown:
                self.beginInsertRows(above, shown, there - 1)
                self._shown[parent] = there
                self.endInsertRows()

    # The tree.

    # A view lays thousands of rows out anew whenever one is added, so these are as short as they can be.

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008  Qt's own default
        above: Process | None = parent.internalPointer() if parent.isValid() else None  # below a program nothing is shown
        if not 0 <= row < self._shown.get(above, 0) or not 0 <= column < _COLUMNS:
            return QModelIndex()
        return self.createIndex(row, column, (self._tree.roots if above is None else above.children)[row])

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]  # QObject's parent() is another function
        if not index.isValid():
            return QModelIndex()
        node: Process | Exec = index.internalPointer()
        return self._index_of(node.parent)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  as above
        if not parent.isValid():
            return self._shown.get(None, 0)
        return self._shown.get(parent.internalPointer(), 0) if parent.column() == 0 else 0

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008  as above
        return self.rowCount(parent) > 0

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, ARG002  as above; every row has them all
        return _COLUMNS

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        node: Process | Exec = index.internalPointer()
        column = Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole:
                return _exec_text(node, column) if isinstance(node, Exec) else _process_text(node, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Role.NODE:
                return node
            case _ if role == TONE_ROLE:
                return _tone(node, column)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        return header_value(_TITLES, section, role, _alignment(Column(section)))

    def _index_of(self, process: Process | None) -> QModelIndex:
        return QModelIndex() if process is None else self.createIndex(process.place, 0, process)


def _process_text(process: Process, column: Column) -> str:
    match column:
        case Column.WHAT:
            threads = f" · {process.threads} threads" if process.threads > 1 else ""
            return f"{process.pid}  {process.name}{threads}"
        case Column.STARTED:
            return f"{process.started_ns / 1e9:.4f}"
        case Column.LASTED:
            return duration_text(process.ended_ns - process.started_ns) if process.ended_ns is not None else ""
        case Column.ENDING:
            return process.ending or "runs"
        case _:
            return ""


def _exec_text(program: Exec, column: Column) -> str:
    match column:
        case Column.WHAT:
            return program.command
        case Column.USER:
            return program.user
        case Column.CAPABILITIES:
            words = set_text(program.sets.permitted)
            return f"{_DIFFERS}: {words}" if program.disagrees else words
        case Column.STARTED:
            return f"{program.time_ns / 1e9:.4f}"
        case _:
            return ""


def _tone(node: Process | Exec, column: Column) -> Tone:
    match column:
        case Column.WHAT:
            return Tone.MONO if isinstance(node, Exec) else Tone.STRONG
        case Column.CAPABILITIES if isinstance(node, Exec) and node.disagrees:
            return Tone.BAD
        case Column.ENDING if isinstance(node, Process) and node.killed:
            return Tone.BAD
        case Column.STARTED | Column.LASTED:
            return Tone.QUIET
        case _:
            return Tone.PLAIN


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in (Column.STARTED, Column.LASTED) else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
