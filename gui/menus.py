"""The menu bar: every action, in its place."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QUndoStack
from PySide6.QtWidgets import QMenu, QMenuBar

from gui.actions import Actions
from gui.dock import Dock
from gui.panels.log_table import LogTable
from gui.run_flow import RunFlow

_ENGINES = (("auto", "&Automatic: eBPF where it works"), ("ebpf", "&eBPF"), ("ptrace", "&ptrace"))
_OBSERVERS = (
    ("", "&Automatic: root's only where the policy needs it"),
    ("none", "&You"),
    ("pkexec", "Root, through &pkexec"),
    ("sudo", "Root, through &sudo"),
)


def build_menus(
    bar: QMenuBar, actions: Actions, policy: QMenu, docks: Sequence[Dock], table: LogTable, flow: RunFlow, steps: QUndoStack
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
    _add_run_menu(bar, actions, flow)
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


def _add_run_menu(bar: QMenuBar, actions: Actions, flow: RunFlow) -> None:
    menu = _add(bar, "&Run", [actions.run, actions.stop, actions.again, None, actions.edit_target, actions.choose_target, None])
    choices = RunChoices(flow, menu)
    menu.addMenu(choices.engines)
    menu.addMenu(choices.observers)


def _add_view_menu(bar: QMenuBar, actions: Actions, docks: Sequence[Dock], table: LogTable) -> None:
    menu = _add(bar, "&View", [])
    for dock in docks:
        menu.addAction(dock.toggleViewAction())
    columns = ColumnsMenu(table, menu)
    menu.addMenu(columns)
    menu.addAction(actions.reset_layout)
    menu.addSeparator()
    menu.addActions([actions.focus_log, actions.show_summary, actions.show_capabilities, actions.show_processes])
    menu.addSeparator()
    menu.addActions([actions.focus_terminal, actions.leave_terminal])
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


class RunChoices(QObject):
    """How the next run is watched: by which engine, and by whose observer."""

    def __init__(self, flow: RunFlow, parent: QMenu) -> None:
        super().__init__(parent)
        self._flow = flow
        self._menu_parent = parent
        self.engines, self._engine_group = self._menu("&Engine", _ENGINES)
        self.observers, self._observer_group = self._menu("&Observer", _OBSERVERS)
        self._engine_group.triggered.connect(self._on_engine)
        self._observer_group.triggered.connect(self._on_observer)

    def _menu(self, title: str, choices: Sequence[tuple[str, str]]) -> tuple[QMenu, QActionGroup]:
        menu, group = QMenu(title, self._menu_parent), QActionGroup(self)
        for value, text in choices:
            action = group.addAction(text)
            action.setCheckable(True)
            action.setData(value)
        group.actions()[0].setChecked(True)
        menu.addActions(group.actions())
        return menu, group

    def _on_engine(self, action: QAction) -> None:
        self._flow.engine = action.data()

    def _on_observer(self, action: QAction) -> None:
        self._flow.observer = action.data()
