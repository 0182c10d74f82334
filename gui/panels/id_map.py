"""The id map of a user namespace, line by line."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.policy.id_maps import Kind
from core.policy.model import IdMap
from gui.labels import ProblemLabel, muted_label
from gui.naming import named
from gui.panels.identity_words import map_sentence
from gui.theme import LIST_ROW_HEIGHT, Theme

_COLUMNS: Final = ("Inside", "Outside", "Count")
_MOST_ROWS: Final = 5
"""Shown without scrolling."""


class IdMapEdit(QWidget):
    """Shows a map, and asks for another."""

    changed = Signal(object)
    """The map as it is to be; None: left to the launch."""

    def __init__(self, theme: Theme, kind: Kind, own: int, parent: QWidget | None = None) -> None:
        """`own`: the user's own id outside, which a new map begins with."""
        super().__init__(parent)
        self._theme = theme
        self._kind = kind
        self._own = own
        self._lines: IdMap | None = None
        self.chosen = named(QCheckBox(f"Choose the {kind} map"), f"Choose the {kind} map; off: the target's own {kind} alone")
        self.table = named(QTableWidget(0, len(_COLUMNS)), f"The {kind} map of the user namespace")
        self.add = named(QPushButton("Add a line"), f"Add a line to the {kind} map")
        self.remove = named(QPushButton("Remove"), f"Remove the chosen line of the {kind} map", "Remove the chosen line")
        self.problem = ProblemLabel()
        self._says = muted_label()
        self._lay_out()
        self.chosen.clicked.connect(self._on_chosen)
        self.table.itemChanged.connect(self._on_item_changed)
        self.add.clicked.connect(self._on_add)
        self.remove.clicked.connect(self._on_remove)
        theme.changed.connect(self._fit)

    def show_map(self, lines: IdMap | None, problem: str) -> None:
        """The map, None where it is left to the launch; `problem`: what is wrong with it, as a sentence."""
        self.chosen.setChecked(lines is not None)
        for widget in (self.table, self.add, self.remove):
            widget.setVisible(lines is not None)
        if lines != self._lines:
            self._lines = lines
            self._fill(lines or ())
        self._says.setText(map_sentence(self._kind, lines))
        self.problem.show_problem(problem)

    def _lay_out(self) -> None:
        self.table.setHorizontalHeaderLabels(list(_COLUMNS))
        self.table.verticalHeader().hide()
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.table.horizontalHeader().setHighlightSections(False)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add)
        buttons.addWidget(self.remove)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (self.chosen, self._says, self.table):
            column.addWidget(widget)
        column.addLayout(buttons)
        column.addWidget(self.problem)

    def _fill(self, lines: IdMap) -> None:
        self.table.blockSignals(True)
        self.table.setRowCount(len(lines))
        for row, line in enumerate(lines):
            for column, value in enumerate(line):
                item = QTableWidgetItem(str(value))
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{_COLUMNS[column]} {value}, line {row + 1}")
                self.table.setItem(row, column, item)
        self.table.blockSignals(False)
        self._fit()

    def _fit(self) -> None:
        row = self._theme.scaled(LIST_ROW_HEIGHT)
        self.table.verticalHeader().setDefaultSectionSize(row)
        shown = min(max(self.table.rowCount(), 1), _MOST_ROWS)
        self.table.setFixedHeight(self.table.horizontalHeader().sizeHint().height() + row * shown)

    def _on_chosen(self, chosen: bool) -> None:
        self.changed.emit(((0, self._own, 1),) if chosen else None)

    def _on_item_changed(self) -> None:
        numbers = [[self._number(row, column) for column in range(len(_COLUMNS))] for row in range(self.table.rowCount())]
        lines = tuple((inside, outside, count) for inside, outside, count in numbers if None not in (inside, outside, count))
        if len(lines) < len(numbers):
            self.problem.show_problem("Each of the three is a whole number: the first id inside, the first outside, and how many.")
        else:
            self.changed.emit(lines)

    def _number(self, row: int, column: int) -> int | None:
        item = self.table.item(row, column)
        text = item.text().strip() if item is not None else ""
        return int(text) if text.isdecimal() and text.isascii() else None

    def _on_add(self) -> None:
        lines = self._lines or ()
        free = max((inside + count for inside, _, count in lines), default=0)
        outside = max((first + count for _, first, count in lines), default=self._own)
        self.changed.emit((*lines, (free, outside, 1)))

    def _on_remove(self) -> None:
        row = self.table.currentRow()
        lines = self._lines or ()
        if 0 <= row < len(lines):
            self.changed.emit((*lines[:row], *lines[row + 1 :]))
