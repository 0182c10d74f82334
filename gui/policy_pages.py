"""The tabs of the policy panel, joined where one shows what another knows."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from core.observer import landlock
from gui.filter_builder import FilterReport
from gui.panels.capabilities import CapabilitiesPanel
from gui.panels.identity import IdentityPanel
from gui.panels.paths import PathsPanel
from gui.panels.seccomp import SeccompPanel
from gui.policy_document import PolicyDocument
from gui.theme import Theme


class PolicyPages(QObject):
    """The panels over one document."""

    def __init__(self, theme: Theme, document: PolicyDocument, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.capabilities = CapabilitiesPanel(theme, document)
        self.seccomp = SeccompPanel(theme, document)
        self.paths = PathsPanel(theme, document, landlock.abi())
        self.identity = IdentityPanel(document)
        self.seccomp.filter_built.connect(self._on_filter_built)

    def titled(self) -> tuple[tuple[str, QWidget], ...]:
        """Each page with its tab's title, in their order."""
        pages = {"Capabilities": self.capabilities, "Seccomp": self.seccomp, "Paths": self.paths, "Identity": self.identity}
        return tuple(pages.items())

    def set_command(self, command: str) -> None:
        """The command line of the next run, for what depends on the program; it may be unfinished."""
        words = command.split()
        self.capabilities.set_target(words[0].strip("'\"") if words else "")
        self.paths.set_command(command)

    def _on_filter_built(self, report: FilterReport | None) -> None:
        self.capabilities.show_instructions(len(report.lines) if report is not None and report.lines else None)
