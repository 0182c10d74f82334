"""The tabs of the policy panel, joined where one shows what another knows."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from core.observer import landlock
from gui.filter_report import FilterReport
from gui.lint_report import LintReport
from gui.panels.capabilities import CapabilitiesPanel
from gui.panels.identity import IdentityPanel
from gui.panels.log import LogPanel
from gui.panels.paths import PathsPanel
from gui.panels.seccomp import SeccompPanel
from gui.policy_document import PolicyDocument
from gui.run_flow import RunFlow
from gui.theme import Theme


class PolicyPages(QObject):
    """The panels over one document."""

    page_wanted = Signal(str)
    """The tab with this title is to come into sight."""

    def __init__(self, theme: Theme, document: PolicyDocument, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.capabilities = CapabilitiesPanel(theme, document)
        self.seccomp = SeccompPanel(theme, document)
        self.paths = PathsPanel(theme, document, landlock.abi())
        self.identity = IdentityPanel(theme, document)
        self.seccomp.filter_built.connect(self._on_filter_built)
        self.seccomp.linted.connect(self._on_linted)
        self.capabilities.details.rule_wanted.connect(self._on_rule_wanted)
        self.capabilities.seccomp.findings_wanted.connect(self._on_findings_wanted)

    def titled(self) -> tuple[tuple[str, QWidget], ...]:
        """Each page with its tab's title, in their order."""
        pages = {"Capabilities": self.capabilities, "Seccomp": self.seccomp, "Paths": self.paths, "Identity": self.identity}
        return tuple(pages.items())

    def set_command(self, command: str) -> None:
        """The command line of the next run, for what depends on the program; it may be unfinished."""
        self.capabilities.set_command(command)
        self.paths.set_command(command)

    def set_observer(self, prefix: str) -> None:
        """Who is to run the observer of the next run, as `RunFlow.observer` has it."""
        self.capabilities.set_observer(prefix)
        self.identity.set_observer(prefix)

    def join(self, log: LogPanel, flow: RunFlow) -> None:
        """Ties the rules to a run: its calls are counted beside them, and jumps lead both ways."""
        seccomp = self.seccomp
        log.table.rule_wanted.connect(seccomp.add_rule_for)
        log.table.rule_shown.connect(seccomp.show_rule_of)
        log.table.trial_wanted.connect(seccomp.try_call_of)
        log.event_chosen.connect(seccomp.follow_log)
        seccomp.query_wanted.connect(log.show_query)
        seccomp.event_wanted.connect(log.show_event)
        seccomp.told.connect(log.info.note)
        flow.recording_opened.connect(seccomp.show_recording)
        flow.changed.connect(seccomp.count_hits)

    def _on_filter_built(self, report: FilterReport | None) -> None:
        self.capabilities.show_instructions(report.instructions if report is not None and report.filters else None)

    def _on_linted(self, report: LintReport) -> None:
        self.capabilities.details.show_guards(report.guards)
        self.capabilities.seccomp.show_findings(report.findings)

    def _on_findings_wanted(self) -> None:
        self.page_wanted.emit("Seccomp")
        self.seccomp.pages.choose_findings()

    def _on_rule_wanted(self, number: int) -> None:
        self.page_wanted.emit("Seccomp")
        self.seccomp.select_rule(number)
