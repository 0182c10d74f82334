"""The cost of the filter: instructions executed for each common call."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QVBoxLayout, QWidget

from core.bpf.cost import Cost
from gui.labels import muted_label
from gui.models.cost_model import SORT_ROLE, Column, CostModel
from gui.theme import MARGIN, ROW_HEIGHT, Theme


class CostView(QWidget):
    """A small table; the dearest calls stand first."""

    call_wanted = Signal(str)
    """This call is to be tried."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.model = CostModel(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.model)
        self._sorted.setSortRole(SORT_ROLE)
        self.note = muted_label()
        self.table = QTableView()
        self.table.setModel(self._sorted)
        self._set_up_table()
        self.note.setContentsMargins(MARGIN, 8, MARGIN, 8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.note)
        column.addWidget(self.table, 1)
        column.addStretch(0)
        self.table.activated.connect(self._on_activated)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def show_costs(self, costs: tuple[Cost, ...], why_none: str = "") -> None:
        """Of the filter as it is now; where there is none, why."""
        self.model.set_costs(costs)
        free = sum(cost.cached for cost in costs)
        self.note.setText(
            f"{free} of {len(costs)} common calls cost nothing: the kernel knows that they are allowed." if costs else why_none
        )
        self.table.setVisible(bool(costs))

    def _set_up_table(self) -> None:
        table = self.table
        table.setAccessibleName("Instructions that the filter executes for each common call")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setCornerButtonEnabled(False)
        table.setSortingEnabled(True)
        table.sortByColumn(Column.INSTRUCTIONS, Qt.SortOrder.DescendingOrder)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(Column.CALL, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(Column.INSTRUCTIONS, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(Column.ACTION, QHeaderView.ResizeMode.ResizeToContents)

    def _on_activated(self, index: QModelIndex) -> None:
        self.call_wanted.emit(f"{index.siblingAtColumn(Column.CALL).data()}()")

    def _on_theme_changed(self) -> None:
        self.table.verticalHeader().setDefaultSectionSize(self._theme.scaled(ROW_HEIGHT))
