"""What the common calls cost in the filter, as a table."""

from __future__ import annotations

import enum
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.bpf.cost import Cost
from gui.delegates.cells import TONE_ROLE, Tone

Index = QModelIndex | QPersistentModelIndex


class Column(enum.IntEnum):
    """In the order in which they are shown."""

    CALL = 0
    INSTRUCTIONS = 1
    ACTION = 2


SORT_ROLE: Final = Qt.ItemDataRole.UserRole
"""By what a column is sorted."""

_TITLES: Final = {
    Column.CALL: ("Call", "The most common calls of builds, shells and servers"),
    Column.INSTRUCTIONS: ("Cost", "Instructions executed each time before the call runs; a range where the arguments decide"),
    Column.ACTION: ("Answer", "What the filter answers where all arguments are 0"),
}


class CostModel(QAbstractTableModel):
    """A row a call."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._costs: tuple[Cost, ...] = ()

    def set_costs(self, costs: tuple[Cost, ...]) -> None:
        if costs != self._costs:
            self.beginResetModel()
            self._costs = costs
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default; an invalid index is immutable
        return 0 if parent.isValid() else len(self._costs)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  as above
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        cost, column = self._costs[index.row()], Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return {Column.CALL: cost.call, Column.INSTRUCTIONS: cost.words, Column.ACTION: cost.action.word}[column]
            case Qt.ItemDataRole.TextAlignmentRole if column is Column.INSTRUCTIONS:
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            case _ if role == TONE_ROLE:
                return Tone.STRONG if column is Column.CALL else Tone.QUIET if cost.cached else Tone.PLAIN
            case Qt.ItemDataRole.ToolTipRole:
                return _tip(cost)
            case _ if role == SORT_ROLE:
                return (0 if cost.cached else cost.most) if column is Column.INSTRUCTIONS else index.data()
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        title, tip = _TITLES[Column(section)]
        if role == Qt.ItemDataRole.TextAlignmentRole and section == Column.INSTRUCTIONS:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return {Qt.ItemDataRole.DisplayRole: title, Qt.ItemDataRole.ToolTipRole: tip}.get(Qt.ItemDataRole(role))


def _tip(cost: Cost) -> str:
    if cost.cached:
        return (
            f"{cost.call} is allowed whatever its arguments: the kernel works that out when the filter is loaded, and then executes nothing (since "
            f"Linux 5.11; an older one executes {cost.least} instructions)."
        )
    count = f"{cost.least} instructions" if cost.least == cost.most else f"{cost.least} to {cost.most} instructions, by its arguments"
    return f"Before {cost.call} runs, or does not, the filter executes {count}."
