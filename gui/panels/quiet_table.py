"""The table of a page beside the log: quiet rows, one of which can be chosen, acted on and copied."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from gui.delegates.cells import CellDelegate
from gui.theme import ROW_HEIGHT, Theme


def quieten(table: QTableView) -> None:
    """Whole rows to choose, nothing to edit, no lines, rows of one height."""
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setCornerButtonEnabled(False)
    table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.verticalHeader().hide()
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.horizontalHeader().setHighlightSections(False)


def menu_place(view: QAbstractItemView, event: QContextMenuEvent) -> tuple[QModelIndex, QPoint]:
    """The cell that a menu is asked for, by the mouse or, at the current one, by the keyboard; and where on the screen it opens."""
    if event.reason() is QContextMenuEvent.Reason.Mouse:
        return view.indexAt(event.pos()), event.globalPos()
    view.scrollTo(view.currentIndex())
    return view.currentIndex(), view.viewport().mapToGlobal(view.visualRect(view.currentIndex()).bottomLeft())


class QuietTable(QTableView):
    """Enter or a double click activates a row; Ctrl+C asks for a copy."""

    row_wanted = Signal(QModelIndex)
    """What was activated."""
    copy_wanted = Signal()
    menu_wanted = Signal(QModelIndex, object)
    """The cell, and where on the screen, as a QPoint."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName(name)
        self.setItemDelegate(CellDelegate(theme, self))
        self.setAlternatingRowColors(True)
        quieten(self)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.doubleClicked.connect(self.row_wanted)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.row_wanted.emit(self.currentIndex())
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_wanted.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index, place = menu_place(self, event)
        if index.isValid():
            self.menu_wanted.emit(index, place)

    def _on_theme_changed(self) -> None:
        self.verticalHeader().setMinimumSectionSize(self._theme.scaled(ROW_HEIGHT))
        self.verticalHeader().setDefaultSectionSize(self._theme.scaled(ROW_HEIGHT))
        self.viewport().update()
