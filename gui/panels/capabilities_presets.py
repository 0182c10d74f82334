"""Ready-made choices of capabilities."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from core.knowledge.capabilities import CAPABILITIES
from core.policy.model import Capabilities
from gui.models.capability_choice import KEEP_ALL, KEEP_NONE, container_default


class PresetsMenu(QMenu):
    """As they are, all, none, the container default, and all but one."""

    chosen = Signal(str, object)
    """What to call the step, and the `Capabilities` (None: as they are)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Presets", parent)
        self.setToolTipsVisible(True)
        self._add("&Leave as they are", None, "The target gets what its user has")
        self.addSeparator()
        self._add("&All", KEEP_ALL, "Every capability that can be given")
        self._add("&None", KEEP_NONE, "Even root holds none")
        container = container_default()
        self._add(f"&Container default ({len(container.keep or ())})", container, "What container engines leave to root")
        self.addSeparator()
        self.all_but = self.addMenu("All &but one")
        for capability in CAPABILITIES:
            self._add(f"All but {capability.name}", Capabilities(drop=(capability.name,)), capability.governs, self.all_but)

    def _add(self, text: str, capabilities: Capabilities | None, tip: str, menu: QMenu | None = None) -> None:
        action = QAction(text.removeprefix("All but ") if menu else text, self)
        action.setToolTip(tip)
        action.setData((text.replace("&", ""), capabilities))
        action.triggered.connect(self._on_triggered)
        (menu or self).addAction(action)

    def _on_triggered(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            text, capabilities = action.data()
            self.chosen.emit(text, capabilities)
