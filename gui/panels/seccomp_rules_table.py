"""The table of rules; it hides columns where it is narrow, and gives a row two lines where there is something to remark."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from gui.delegates.rule import RuleDelegate
from gui.models.rule_model import Column, RuleModel
from gui.theme import LIST_ROW_HEIGHT, MARGIN, Theme

_NARROW: Final = 600
"""Pixels below which arguments and notes have no columns of their own."""
_SHARES: Final = {Column.TESTS: 0.3, Column.NOTE: 0.2}
_NUMBER_WIDTH: Final = 50
_LONGEST_COUNT: Final = "9,999"


class RulesTable(QTableView):
    """The view; it hides columns where it is narrow."""

    def __init__(self, theme: Theme, model: RuleModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rules = model
        self._delegate = RuleDelegate(theme, self)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Rules of the filter")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDragDropOverwriteMode(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(30)
        self.verticalHeader().setMinimumSectionSize(LIST_ROW_HEIGHT)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(Column.CALLS, QHeaderView.ResizeMode.Stretch)
        model.dataChanged.connect(self._on_data_changed)
        theme.changed.connect(self._fit)
        self._fit()

    def choose(self, row: int) -> None:
        """Makes this row the only one selected, and the current one."""
        # selectRow heeds the keys that are held: after Ctrl+D the copy would be selected beside the original, and Delete remove both.
        command = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().setCurrentIndex(self._rules.index(row, Column.NUMBER), command)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _on_data_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        # Counts come many times a second, and change nobody's size.
        if not first.column() == last.column() == Column.HITS:
            self._fit()

    def _fit(self) -> None:
        width = self.viewport().width()
        narrow = width < _NARROW
        self._delegate.shows_tests_with_calls = narrow
        for column, share in _SHARES.items():
            self.setColumnHidden(column, narrow)
            self.setColumnWidth(column, int(width * share))
        self.setColumnWidth(Column.NUMBER, self._theme.scaled(_NUMBER_WIDTH))
        self.setColumnHidden(Column.HITS, not self._rules.has_hits)
        self.setColumnWidth(Column.HITS, self.fontMetrics().horizontalAdvance(_LONGEST_COUNT) + MARGIN + 4)
        rows = range(self._rules.rowCount())
        words = [self._rules.index(row, Column.ACTION).data() for row in rows]
        self.setColumnWidth(Column.ACTION, max([self._delegate.chip_width(word) for word in words], default=84))
        for row in rows:
            self.setRowHeight(row, self._delegate.row_height(self._rules.index(row, Column.CALLS)))
