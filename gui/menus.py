"""The menu bar: every action, in its place."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QAction, QKeySequence, QUndoStack
from PySide6.QtWidgets import QMenu, QMenuBar

from gui.actions import Actions
from gui.dock import Dock
from gui.panels.log_table import LogTable
from gui.run_choices import RunChoices


def build_menus(
    bar: QMenuBar, actions: Actions, policy: QMenu, docks: Sequence[Dock], table: LogTable, choices: RunChoices, steps: QUndoStack
) -> None:
    """Fills the menu bar."""
    _add(bar, "&File", [actions.open_recording, actions.save_recording, None, actions.quit])
    edit = [
        actions.copy,
        actions.copy_csv,
        actions.copy_json,
        None,
        actions.find,
        actions.go_to,
        None,
        actions.mark,
        actions.find_next_mark,
        None,
        actions.show_rule,
        actions.try_call,
    ]
    _add(bar, "&Edit", [*_undo_actions(bar, steps), None, *edit, None, actions.filter, actions.clear_filter])
    _add_run_menu(bar, actions, choices)
    bar.addMenu(policy)
    _add_view_menu(bar, actions, docks, table)


def _add(bar: QMenuBar, title: str, entries: Sequence[QAction | None]) -> QMenu:
    menu = bar.addMenu(title)
    for entry in entries:
        if entry is None:
            menu.addSeparator()
        else:
            menu.addAction(entry)
    return menu


def _undo_actions(bar: QMenuBar, steps: QUndoStack) -> list[QAction]:
    undo, redo = steps.createUndoAction(bar, "&Undo"), steps.createRedoAction(bar, "&Redo")
    undo.setShortcuts(QKeySequence.StandardKey.Undo)
    redo.setShortcuts(QKeySequence.StandardKey.Redo)
    return [undo, redo]


def _add_run_menu(bar: QMenuBar, actions: Actions, choices: RunChoices) -> None:
    menu = _add(bar, "&Run", [actions.run, actions.stop, actions.again, None, actions.edit_target, actions.choose_target, None])
    menu.addMenu(choices.engines)
    menu.addMenu(choices.observers)
    menu.addAction(choices.explain)


def _add_view_menu(bar: QMenuBar, actions: Actions, docks: Sequence[Dock], table: LogTable) -> None:
    menu = _add(bar, "&View", [])
    for dock in docks:
        menu.addAction(dock.toggleViewAction())
    columns = ColumnsMenu(table, menu)
    menu.addMenu(columns)
    menu.addAction(actions.names)
    menu.addAction(actions.reset_layout)
    menu.addSeparator()
    menu.addActions([actions.focus_log, actions.show_summary, actions.show_capabilities, actions.show_processes])
    menu.addSeparator()
    menu.addActions([actions.focus_terminal, actions.focus_inspector, actions.focus_policy, actions.leave_terminal])
    menu.addSeparator()
    menu.addActions(actions.themes.actions())
    menu.addAction(actions.large_type)


class ColumnsMenu(QMenu):
    """The log's columns to choose from."""

    def __init__(self, table: LogTable, parent: QMenu) -> None:
        super().__init__("&Columns", parent)
        self._table = table
        self.aboutToShow.connect(self._on_about_to_show)

    def _on_about_to_show(self) -> None:
        self._table.fill_columns_menu(self)
