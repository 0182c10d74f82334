"""The table of the log: fixed rows, columns to choose and to move, a tail to follow, a menu of what to do with a row."""

from __future__ import annotations

import time
from typing import Final

from PySide6.QtCore import (
    QByteArray,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
    SignalInstance,
)
from PySide6.QtGui import QAction, QContextMenuEvent, QFocusEvent, QGuiApplication, QKeyEvent, QKeySequence, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QMenu, QTableView, QWidget

from core.event import CallEvent, Event
from core.judge.verdict import Gate
from core.rest import Rest
from gui.delegates.log import LogDelegate
from gui.models.log_columns import COLUMNS, Column
from gui.models.log_copy import as_csv, as_json, as_text
from gui.models.log_model import LogModel
from gui.panels.fitting_widths import FittingWidths
from gui.panels.quiet_table import menu_place, quieten
from gui.theme import ROW_HEIGHT, Theme

_FILTERABLE: Final = (Column.PID, Column.PROCESS, Column.SYSCALL, Column.RESULT, Column.GATE, Column.REASON, Column.TID, Column.EVIDENCE)
_LEAST: Final = {Column.SYSCALL: 64, Column.GATE: COLUMNS[Column.GATE].width}
"""Pixels for the name of an ordinary call, and for a whole chip."""
_JUMPS: Final = (Qt.Key.Key_Home, Qt.Key.Key_End)
_ROW: Final = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
_COPY_LIMIT: Final = 100_000
"""Rows copied at most: more belongs into a file."""


class LogTable(QTableView):
    """Shows a `LogModel`."""

    row_chosen = Signal(int)
    """Another row is the current one; -1: none."""
    tail_left = Signal()
    """The user scrolled away from the end."""
    tail_reached = Signal()
    """The user scrolled to the end."""
    filter_wanted = Signal(str, str, bool)
    """Field, value, whether to exclude it."""
    rule_wanted = Signal(object)
    """The `CallEvent` of which a rule is to be made."""
    rule_shown = Signal(object)
    """The `CallEvent` whose deciding rule is to be shown."""
    trial_wanted = Signal(object)
    """The `CallEvent` that is to be put through the filter."""

    def __init__(self, model: LogModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._log = model
        self._theme = theme
        self._scrolling = False
        self.rest = Rest(times=3, longest=0.05)
        """From painting."""
        self.setModel(model)
        self.setItemDelegate(LogDelegate(theme, model, self))
        self._set_up_view()
        self._set_up_columns()
        self.selectionModel().currentRowChanged.connect(self._on_current_row_changed)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        model.modelReset.connect(self._on_model_reset)
        model.rowsInserted.connect(self._make_room_for_numbers)
        model.modelReset.connect(self._make_room_for_numbers)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    # What others ask of it.

    def follow_tail(self) -> None:
        """Scrolls to the end without counting it as the user's doing."""
        self._scrolling = True
        self.scrollToBottom()
        self._scrolling = False

    def go_to(self, row: int) -> None:
        """Makes the row the current one, in the middle where it was out of sight."""
        if not 0 <= row < self._log.rowCount():
            return
        index = self._log.index(row, self._first_column())
        visible = self.viewport().rect().contains(self.visualRect(index))
        # setCurrentIndex heeds the keys that are held, such as those of the shortcut that led here.
        self.selectionModel().setCurrentIndex(index, _ROW)
        self.scrollTo(index, QAbstractItemView.ScrollHint.EnsureVisible if visible else QAbstractItemView.ScrollHint.PositionAtCenter)

    def columns_state(self) -> QByteArray:
        """Widths, order and visibility, for the settings."""
        return self._widths.state()

    def restore_columns(self, state: QByteArray) -> None:
        self._widths.restore(state)

    def fill_columns_menu(self, menu: QMenu) -> None:
        """A checkable entry a column."""
        menu.clear()
        for column in Column:
            action = menu.addAction(COLUMNS[column].title)
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(column))
            action.setEnabled(column is not Column.NUMBER)
            action.setData(int(column))
            action.toggled.connect(self._on_column_toggled)

    def copy_text(self) -> None:
        """The selected rows as the log shows them."""
        self._to_clipboard(as_text([self._log.row(row) for row in self._selected_rows()], self._shown_columns()))

    def copy_csv(self) -> None:
        self._to_clipboard(as_csv([self._log.row(row) for row in self._selected_rows()], self._shown_columns()))

    def copy_json(self) -> None:
        events = [self._log.event_at(row) for row in self._selected_rows()]
        self._to_clipboard(as_json(event for event in events if event is not None))

    def menu_of(self, index: QModelIndex) -> QMenu:
        """What can be done with the event in this cell's row."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        column, row = Column(index.column()), self._log.row(index.row())
        value = row.cells[column]
        if column not in _FILTERABLE or not value or value == "—":
            column, value = Column.SYSCALL, row.cells[Column.SYSCALL]
        for title, exclude in (("&Filter by {}", False), ("&Exclude {}", True)):
            action = menu.addAction(title.format(f"{COLUMNS[column].title}: {value}"))
            action.setData((COLUMNS[column].field, value, exclude))
            action.triggered.connect(self._on_filter_triggered)
        menu.addSeparator()
        event = self._log.event_at(index.row())
        rule = menu.addAction("Make a &rule of this", self._on_rule_triggered)
        rule.setEnabled(isinstance(event, CallEvent))
        shown = menu.addAction(_rule_title(event), self.show_rule)
        shown.setShortcut(QKeySequence("Ctrl+Shift+R"))
        shown.setEnabled(isinstance(event, CallEvent) and (event.verdict.rule is not None or event.verdict.gate is Gate.SECCOMP))
        trial = menu.addAction("&Try this call in the filter", self.try_call)
        trial.setShortcut(QKeySequence("Ctrl+Shift+T"))
        trial.setEnabled(isinstance(event, CallEvent))
        menu.addAction("&Mark", self.toggle_mark).setShortcut(QKeySequence("Ctrl+M"))
        menu.addSeparator()
        menu.addAction("&Copy", self.copy_text).setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        menu.addAction("Copy as C&SV", self.copy_csv)
        menu.addAction("Copy as &JSON", self.copy_json)
        menu.addSeparator()
        self.fill_columns_menu(menu.addMenu("C&olumns"))
        return menu

    def show_rule(self) -> None:
        """Asks for the rule that decided the current row's call."""
        self._emit_call(self.rule_shown)

    def try_call(self) -> None:
        """Asks for the current row's call to be put through the filter."""
        self._emit_call(self.trial_wanted)

    def toggle_mark(self) -> None:
        """Marks the current row, or takes the mark away."""
        if self.currentIndex().isValid():
            self._log.toggle_mark(self.currentIndex().row())

    def go_to_next_mark(self) -> None:
        self.go_to(self._log.next_mark(self.currentIndex().row()))

    # Setting up.

    def _set_up_view(self) -> None:
        self.setAccessibleName("Log of system calls")
        quieten(self)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)

    def _set_up_columns(self) -> None:
        header = self.horizontalHeader()
        header.setSectionsMovable(True)
        header.setMinimumSectionSize(36)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._on_header_menu)
        for column, info in COLUMNS.items():
            self.setColumnHidden(column, info.hidden)
        self._widths = FittingWidths(header, {column: info.width for column, info in COLUMNS.items()}, self._theme)

    # What happens.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # By itself a view copies one cell.
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_text()
        else:
            super().keyPressEvent(event)

    def selectionCommand(  # noqa: N802  Qt's virtual method
        self, index: QModelIndex | QPersistentModelIndex, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        # By itself a view moves away from what is selected where Ctrl is held: Ctrl+End would show one event and mark another.
        if isinstance(event, QKeyEvent) and event.key() in _JUMPS and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            return _ROW
        return super().selectionCommand(index, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        began = time.monotonic()
        super().paintEvent(event)
        self.rest.worked(time.monotonic() - began)

    def focusInEvent(self, event: QFocusEvent) -> None:
        # By itself a view chooses its first row, which may be far out of sight.
        by_keyboard = event.reason() is not Qt.FocusReason.MouseFocusReason
        if by_keyboard and not self.currentIndex().isValid() and self._log.rowCount():
            self.select_row(max(self.rowAt(self.viewport().height() - 1), 0))
        super().focusInEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index, place = menu_place(self, event)
        if index.isValid():
            self.menu_of(index).popup(place)

    def _on_header_menu(self, position: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_columns_menu(menu)
        menu.exec(self.horizontalHeader().mapToGlobal(position))

    def _on_filter_triggered(self) -> None:
        field, value, exclude = _sender(self).data()
        self.filter_wanted.emit(field, value, exclude)

    def _on_column_toggled(self, shown: bool) -> None:
        self.setColumnHidden(_sender(self).data(), not shown)
        self._widths.fit()

    def _on_rule_triggered(self) -> None:
        self._emit_call(self.rule_wanted)

    def _emit_call(self, signal: SignalInstance) -> None:
        event = self._log.event_at(self.currentIndex().row())
        if isinstance(event, CallEvent):
            signal.emit(event)

    def _on_current_row_changed(self, current: QModelIndex) -> None:
        self.row_chosen.emit(current.row())

    def _on_model_reset(self) -> None:
        self.row_chosen.emit(-1)

    def _on_scrolled(self, value: int) -> None:
        if self._scrolling:
            return
        (self.tail_reached if value >= self.verticalScrollBar().maximum() else self.tail_left).emit()

    def _make_room_for_numbers(self) -> None:
        """A number that is cut short is another number."""
        last = self._log.rowCount() - 1
        if last >= 0:
            cells = self._log.row(last).cells
            for column in (Column.NUMBER, Column.TIME, Column.PID):
                self._widths.need(column, self.fontMetrics().horizontalAdvance(cells[column]) + 20)

    def _on_theme_changed(self) -> None:
        self.verticalHeader().setMinimumSectionSize(self._theme.scaled(ROW_HEIGHT))
        self.verticalHeader().setDefaultSectionSize(self._theme.scaled(ROW_HEIGHT))
        for column, width in _LEAST.items():
            self._widths.need(column, self._theme.scaled(width))
        self._make_room_for_numbers()
        self.viewport().update()

    # Rows and columns.

    def _selected_rows(self) -> list[int]:
        selection = self.selectionModel().selection()
        areas = [selection.at(place) for place in range(selection.size())]
        rows = {row for area in areas for row in range(area.top(), min(area.bottom(), area.top() + _COPY_LIMIT) + 1)}
        return sorted(rows)[:_COPY_LIMIT]

    def _shown_columns(self) -> list[Column]:
        header = self.horizontalHeader()
        logical = [header.logicalIndex(place) for place in range(header.count())]
        return [Column(column) for column in logical if not self.isColumnHidden(column)]

    def _first_column(self) -> Column:
        return self._shown_columns()[0]

    @staticmethod
    def _to_clipboard(text: str) -> None:
        QGuiApplication.clipboard().setText(text)

    def select_row(self, row: int) -> None:
        """Selects the row without scrolling to it."""
        self.selectionModel().setCurrentIndex(self._log.index(row, self._first_column()), _ROW)


def _rule_title(event: Event | None) -> str:
    verdict = event.verdict if isinstance(event, CallEvent) else None
    if verdict is not None and verdict.own_filter is not None:
        return f"Sho&w the target's own filter {verdict.own_filter}"
    return f"Sho&w rule {verdict.rule}" if verdict is not None and verdict.rule is not None else "Sho&w the default action"


def _sender(receiver: QObject) -> QAction:
    action = receiver.sender()
    if not isinstance(action, QAction):
        raise TypeError("only actions are connected to this slot")
    return action
