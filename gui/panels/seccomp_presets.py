"""Ready-made filters: the seccomp sections of the policies that come with the program."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from core.policy.file import decode
from core.resources import resource_path


class PresetsMenu(QMenu):
    """Read when it is first opened."""

    chosen = Signal(str, object)
    """The preset's name, and its `Seccomp`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Presets", parent)
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """Has an entry for every preset that has a filter."""
        if not self.isEmpty():
            return
        for path in sorted(resource_path("presets/policies").glob("*.toml")):
            policy = decode(path.read_text(encoding="utf-8"))
            if policy.seccomp.mode != "off":
                action = self.addAction(policy.name)
                action.setToolTip(policy.description)
                action.setData(policy.seccomp)
                action.triggered.connect(self._on_triggered)

    def _on_triggered(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.chosen.emit(action.text().replace("&", ""), action.data())
