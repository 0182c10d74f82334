"""What can be known of the rules: what lint finds, the filter that is built of them, and what that costs."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gui.dock import PanelHeader
from gui.gates import finding_look
from gui.icons import Shape, shape_icon
from gui.lint_report import LintReport
from gui.panels.seccomp_cost import CostView
from gui.panels.seccomp_filter import FilterView
from gui.panels.seccomp_findings import FindingsView
from gui.policy_document import PolicyDocument
from gui.theme import Theme

_FINDINGS, _FILTER, _COST = range(3)
_TITLES: Final = ("Findings", "Filter", "Cost")


class SeccompPages(QWidget):
    """Three pages behind tabs."""

    def __init__(self, theme: Theme, document: PolicyDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._report = LintReport(document.policy)
        self.findings = FindingsView(theme, document)
        self.filter = FilterView(theme)
        self.cost = CostView(theme)
        self.header = PanelHeader(theme, _TITLES, closable=False, plain=True)
        self.header.tabs.setAccessibleName("Findings, filter and cost of the rules")
        self._stack = QStackedWidget()
        for page in (self.findings, self.filter, self.cost):
            self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self._stack, 1)
        self.header.tab_chosen.connect(self._stack.setCurrentIndex)
        self.cost.call_wanted.connect(self.try_call)
        theme.changed.connect(self._show_count)

    def show_findings(self, report: LintReport) -> None:
        """What lint says; the tab has the count."""
        self._report = report
        self.findings.show_report(report)
        self._show_count()

    def try_call(self, text: str) -> None:
        """Puts the call into the filter's line, and the keyboard with it."""
        self.header.tabs.setCurrentIndex(_FILTER)
        self.filter.trial.set_call(text)
        self.filter.trial.edit.setFocus()

    def _show_count(self) -> None:
        findings = self._report.findings
        self.header.tabs.setTabText(_FINDINGS, f"Findings {len(findings)}" if findings else _TITLES[_FINDINGS])
        gravest = findings[0].severity if findings else "info"
        look = finding_look(gravest, self._theme.tokens)
        self.header.tabs.setTabIcon(_FINDINGS, shape_icon(look.shape if findings else Shape.CHECK, look.ink))
        self.header.tabs.setTabToolTip(_FINDINGS, f"The gravest is a finding of the kind “{look.word}”" if findings else "")
