"""How the next run is watched: by which engine, and by whose observer. The observer is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from gui.observer_dialog import ObserverDialog
from gui.run_flow import RunFlow
from gui.settings import Settings

_ENGINES: Final = (("auto", "&Automatic: eBPF where it works"), ("ebpf", "&eBPF"), ("ptrace", "&ptrace"))
_CUSTOM: Final = "custom"
_OBSERVERS: Final = (
    ("", "&Automatic: root's only where the policy needs it"),
    ("none", "&You"),
    ("pkexec", "Root, through &pkexec"),
    ("sudo", "Root, through &sudo"),
    (_CUSTOM, "&Custom…"),
)


class RunChoices(QObject):
    """Two menus, and what they set in a `RunFlow`."""

    observer_changed = Signal(str)
    """The prefix, as `RunFlow.observer` has it."""

    def __init__(self, flow: RunFlow, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._flow = flow
        self._settings = settings
        self._window = window
        self.dialog: ObserverDialog | None = None
        """The form for a prefix of the user's own, while it is open."""
        self.engines, self._engine_group = self._menu("&Engine", _ENGINES)
        self.observers, self._observer_group = self._menu("&Observer", _OBSERVERS)
        self.explain = QAction("&What is in force…", window)
        self.explain.setShortcut(QKeySequence("Ctrl+I"))
        self.explain.setToolTip("Which engine and whose privilege a run has, and what is missing for more")
        self._engine_group.triggered.connect(self._on_engine)
        self._observer_group.triggered.connect(self._on_observer)
        flow.observer, flow.far_command = settings.text("observer"), settings.text("observer_command")
        self._show_observer()

    def choose_observer(self) -> None:
        """Asks for a prefix of the user's own."""
        former = self._flow.observer if self._is_custom() else self._settings.text("observer_prefix")
        dialog = self.dialog = ObserverDialog(former, self._flow.far_command, self._window)
        dialog.finished.connect(self._on_dialog_finished)
        dialog.open()

    def _menu(self, title: str, choices: Sequence[tuple[str, str]]) -> tuple[QMenu, QActionGroup]:
        menu, group = QMenu(title, self._window), QActionGroup(self)
        for value, text in choices:
            action = group.addAction(text)
            action.setCheckable(True)
            action.setData(value)
        group.actions()[0].setChecked(True)
        menu.addActions(group.actions())
        return menu, group

    def _is_custom(self) -> bool:
        return self._flow.observer not in [value for value, _ in _OBSERVERS]

    def _show_observer(self) -> None:
        chosen = _CUSTOM if self._is_custom() else self._flow.observer
        for action in self._observer_group.actions():
            action.setChecked(action.data() == chosen)
            if action.data() == _CUSTOM:
                action.setText(f"&Custom: {self._flow.observer}…" if self._is_custom() else "&Custom…")

    def _on_engine(self, action: QAction) -> None:
        self._flow.engine = action.data()

    def _on_observer(self, action: QAction) -> None:
        if action.data() == _CUSTOM:
            self._show_observer()  # until the form is accepted, nothing has been chosen
            self.choose_observer()
        else:
            self._set_observer(action.data())

    def _on_dialog_finished(self, result: int) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is None:
            return
        if result == ObserverDialog.DialogCode.Accepted:
            self._flow.far_command = dialog.far_command()
            self._settings.set_text("observer_command", dialog.far_command())
            self._settings.set_text("observer_prefix", dialog.prefix())
            self._set_observer(dialog.prefix())
        dialog.deleteLater()

    def _set_observer(self, prefix: str) -> None:
        self._flow.observer = prefix
        self._settings.set_text("observer", prefix)
        self._show_observer()
        self.observer_changed.emit(prefix)
