"""What can be known of the rules: what lint finds, the filter that is built of them, what that costs, and the target's own filters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gui.dock import PanelHeader
from gui.gates import finding_look
from gui.icons import Shape, shape_icon
from gui.lint_report import LintReport
from gui.panels.seccomp_cost import CostView
from gui.panels.seccomp_filter import FilterView
from gui.panels.seccomp_findings import FindingsView
from gui.panels.seccomp_own import OwnFiltersView
from gui.policy_document import PolicyDocument
from gui.theme import Theme

if TYPE_CHECKING:
    from core.recording.own_filters import OwnFilter

_FINDINGS, _FILTER, _COST, _OWN = range(4)
_TITLES: Final = ("Findings", "Filter", "Cost", "Own")
_OWN_TIP: Final = "Filters that the target installed itself during the run"


class SeccompPages(QWidget):
    """Pages behind tabs; the last is there where a run's target has filters of its own."""

    def __init__(self, theme: Theme, document: PolicyDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._report = LintReport(document.policy)
        self.findings = FindingsView(theme, document)
        self.filter = FilterView(theme)
        self.cost = CostView(theme)
        self.own = OwnFiltersView(theme)
        self.header = PanelHeader(theme, _TITLES, closable=False, plain=True)
        self.header.tabs.setAccessibleName("Findings, filter and cost of the rules")
        self._stack = QStackedWidget()
        for page in (self.findings, self.filter, self.cost, self.own):
            self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self._stack, 1)
        self.header.tab_chosen.connect(self._stack.setCurrentIndex)
        self.header.tabs.setTabToolTip(_OWN, _OWN_TIP)
        self.show_own(())
        self.cost.call_wanted.connect(self.try_call)
        self.filter.trial.answered.connect(self._on_answered)
        theme.changed.connect(self._show_count)

    def show_findings(self, report: LintReport) -> None:
        """What lint says; the tab has the count."""
        self._report = report
        self.findings.show_report(report)
        self._show_count()

    def choose_findings(self) -> None:
        """Shows what lint says, with the keyboard in its list."""
        self.header.tabs.setCurrentIndex(_FINDINGS)
        self.findings.list.setFocus()

    def show_own(self, filters: Sequence[OwnFilter]) -> None:
        """The filters that the target of the run installed itself."""
        self.own.show_filters(filters)
        self.header.tabs.setTabText(_OWN, f"{_TITLES[_OWN]} {len(filters)}")
        self.header.tabs.setTabVisible(_OWN, bool(filters))

    def choose_own(self, number: int) -> None:
        """Shows the target's own filter with this number, from 1."""
        self.header.tabs.setCurrentIndex(_OWN)
        self.own.choose(number)

    def try_call(self, text: str) -> None:
        """Puts the call into the filter's line, and the keyboard with it."""
        self.header.tabs.setCurrentIndex(_FILTER)
        self.filter.trial.set_call(text)
        self.filter.trial.edit.setFocus()

    def _on_answered(self) -> None:
        self.own.light(self.filter.trial.call)

    def _show_count(self) -> None:
        findings = self._report.findings
        self.header.tabs.setTabText(_FINDINGS, f"Findings {len(findings)}" if findings else _TITLES[_FINDINGS])
        gravest = findings[0].severity if findings else "info"
        look = finding_look(gravest, self._theme.tokens)
        self.header.tabs.setTabIcon(_FINDINGS, shape_icon(look.shape if findings else Shape.CHECK, look.ink))
        self.header.tabs.setTabToolTip(_FINDINGS, f"The gravest is a finding of the kind “{look.word}”" if findings else "")
