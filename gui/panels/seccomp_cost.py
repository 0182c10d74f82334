"""The cost of the filter: instructions executed for each common call."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtWidgets import QHeaderView, QVBoxLayout, QWidget

from core.bpf.cost import Cost
from gui.labels import muted_label
from gui.models.cost_model import SORT_ROLE, Column, CostModel
from gui.panels.quiet_table import QuietTable
from gui.theme import MARGIN, Theme


class CostView(QWidget):
    """A small table; the dearest calls stand first."""

    call_wanted = Signal(str)
    """This call is to be tried."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = CostModel(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.model)
        self._sorted.setSortRole(SORT_ROLE)
        self.note = muted_label()
        self.table = QuietTable(theme, "Instructions that the filter executes for each common call")
        self._set_up_table()
        self.note.setContentsMargins(MARGIN, 8, MARGIN, 8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.note)
        column.addWidget(self.table, 1)
        column.addStretch(0)
        self.table.row_wanted.connect(self._on_row_wanted)

    def show_costs(self, costs: tuple[Cost, ...], why_none: str = "") -> None:
        """Of the filter as it is now; where there is none, why."""
        self.model.set_costs(costs)
        free = sum(cost.cached for cost in costs)
        self.note.setText(
            f"{free} of {len(costs)} common calls cost nothing: the kernel knows that they are allowed." if costs else why_none
        )
        self.table.setVisible(bool(costs))

    def _set_up_table(self) -> None:
        self.table.setModel(self._sorted)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(Column.INSTRUCTIONS, Qt.SortOrder.DescendingOrder)
        header = self.table.horizontalHeader()
        header.setStretchLastSection(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(Column.CALL, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(Column.INSTRUCTIONS, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(Column.ACTION, QHeaderView.ResizeMode.ResizeToContents)

    def _on_row_wanted(self, index: QModelIndex) -> None:
        self.call_wanted.emit(f"{index.siblingAtColumn(Column.CALL).data()}()")
