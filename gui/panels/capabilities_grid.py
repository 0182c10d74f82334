"""The grid of capabilities and sets: its columns fit the width, its header chooses whole sets."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from core.policy.expert import SetName
from gui.delegates.capability_set import CapabilitySetDelegate
from gui.models.capability_sets import CapabilitySetsModel, Column
from gui.panels.quiet_table import menu_place
from gui.theme import LIST_ROW_HEIGHT, Theme

_WIDE: Final = 560
"""Pixels from which on the header has room for words."""
_LETTER_WIDTH: Final = 24
_WORD_WIDTH: Final = 84
_LEAST_ROWS: Final = 4
"""In sight, however much stands below."""
_CHOICES: Final = {"all": "&All", "none": "&None", "left": "As &they are"}


class CapabilitiesGrid(QTableView):
    """Keys: arrows, Space toggles, Enter shows the details; what is typed goes to the search."""

    typed = Signal(str)
    details_wanted = Signal(QModelIndex)
    set_wanted = Signal(str, str)
    """A set, and "all", "none" or "left"."""

    def __init__(self, theme: Theme, sets: CapabilitySetsModel, shown: QAbstractItemModel, parent: QWidget | None = None) -> None:
        """`shown`: `sets`, or what a search leaves of it."""
        super().__init__(parent)
        self._theme = theme
        self._sets = sets
        self.setModel(shown)
        self.setItemDelegate(CapabilitySetDelegate(theme, self))
        self.setAccessibleName("Capabilities in each set")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setObjectName("capabilitySets")
        header.setMinimumSectionSize(_LETTER_WIDTH)
        header.setSectionsClickable(True)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(Column.NAME, QHeaderView.ResizeMode.Stretch)
        header.sectionClicked.connect(self._on_header_clicked)
        theme.changed.connect(self._fit)
        self._fit()

    def set_menu(self, name: SetName) -> QMenu:
        """What can be done with a whole set; it deletes itself once closed."""
        menu = QMenu(name.capitalize(), self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for choice, text in _CHOICES.items():
            action = menu.addAction(text)
            action.setData((name, choice))
            action.triggered.connect(self._on_set_chosen)
        return menu

    def cell_menu(self, index: QModelIndex) -> QMenu:
        """What can be done at a cell: with its whole set, and with the capability."""
        name = Column(index.column()).set_name
        menu = QMenu(self) if name is None else self.set_menu(name)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if name is not None:
            menu.insertSection(menu.actions()[0], name.capitalize())
            menu.addSeparator()
        menu.addAction(f"&Details of {index.siblingAtColumn(Column.NAME).data()}", self._on_details)
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index, place = menu_place(self, event)
        if index.isValid():
            self.setCurrentIndex(index)
            self.cell_menu(index).popup(place)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
        # What comes below must not push the cell out of sight that it is about.
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        text = event.text()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_details()
        elif text.isprintable() and text.strip() and not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
            self.typed.emit(text)
        else:
            super().keyPressEvent(event)

    def _fit(self) -> None:
        wide = self.viewport().width() >= _WIDE
        self._sets.set_full_words(wide)
        for column in Column:
            if column is not Column.NAME:
                self.setColumnWidth(column, self._theme.scaled(_WORD_WIDTH if wide else _LETTER_WIDTH))
        row = self._theme.scaled(LIST_ROW_HEIGHT)
        self.verticalHeader().setDefaultSectionSize(row)
        self.setMinimumHeight(self.horizontalHeader().sizeHint().height() + _LEAST_ROWS * row)

    def _on_header_clicked(self, section: int) -> None:
        name = Column(section).set_name
        if name is not None:
            header = self.horizontalHeader()
            place = header.viewport().mapToGlobal(header.rect().bottomLeft())
            place.setX(place.x() + header.sectionViewportPosition(section))
            self.set_menu(name).popup(place)

    def _on_details(self) -> None:
        self.details_wanted.emit(self.currentIndex())

    def _on_set_chosen(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.set_wanted.emit(*action.data())
