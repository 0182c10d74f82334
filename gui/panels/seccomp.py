"""The seccomp panel: the mode, what happens where no rule speaks, the rules, and what is known of them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from core.bpf.call import write_call
from core.bpf.machine import SeccompData
from core.event import CallEvent, Event
from core.judge.verdict import Gate
from core.knowledge.syscalls import ARCHES
from core.policy.error import PolicyError
from core.policy.file import decode
from core.policy.model import Policy, Seccomp
from core.policy.stack import Layer, layers
from core.recording.rule_hits import RuleHits
from gui.background import Background
from gui.filter_report import FilterReport, build_report
from gui.labels import rule_line
from gui.lint_report import LintReport, lint_report
from gui.models.rule_of_call import rule_of_call
from gui.models.run_rules import RunRules
from gui.panels.seccomp_filter import strict_text
from gui.panels.seccomp_head import SeccompHead
from gui.panels.seccomp_pages import SeccompPages
from gui.panels.seccomp_rules import RulesPanel
from gui.panels.shrinking import ShrinkingArea
from gui.policy_document import PolicyDocument
from gui.theme import Theme

if TYPE_CHECKING:
    from core.recording.recording import Recording

_WIDE: Final = 760
"""Pixels from which on the rules and what is known of them stand side by side."""
_OFF: Final = "The mode is off: no filter is loaded, and the rules wait."
_WRONG: Final = "The filter is built once what is wrong above is mended."


class SeccompPanel(QWidget):
    """Shows and edits `policy.seccomp` of a document."""

    filter_built = Signal(object)
    """The `FilterReport`; None where the policy has no filter."""
    linted = Signal(object)
    """The `LintReport` on the policy as it is now."""
    query_wanted = Signal(str)
    """The log is to show what this filter of the log lets through."""
    event_wanted = Signal(int)
    """The log is to show the event with this number, from 0."""
    told = Signal(str)
    """Why what was asked for cannot be shown: a sentence."""

    def __init__(self, theme: Theme, document: PolicyDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.head = SeccompHead(document)
        self.rules = RulesPanel(theme, document)
        self.pages = SeccompPages(theme, document)
        self.builder = Background(build_report, self)
        self.linter = Background(lint_report, self)
        self._requested: Seccomp | None = None
        self._shown: Policy | None = None
        self._recording: Recording | None = None
        self._run_seccomp = Seccomp()
        self._place = 0
        self._run: RunRules | None = None
        self._hits = RuleHits()
        self._lay_out()
        self._connect()
        self._on_policy_changed(document.policy)

    # What others ask of it.

    def add_rule_for(self, event: CallEvent) -> None:
        """Opens the form with a rule made of this call."""
        self.rules.add_rule(rule_of_call(event, self._layer.filter.default))

    def show_recording(self, recording: Recording) -> None:
        """A run, as it begins or from disk: its calls are counted beside the rules that decided them."""
        self._recording, self._hits = recording, RuleHits()
        try:
            self._run_seccomp = decode(recording.header.policy).seccomp
        except PolicyError:
            self._run_seccomp = Seccomp()  # a newer version's; its numbers mean nothing here
        self._compare()
        self.pages.show_own(())
        self.count_hits()

    def count_hits(self) -> None:
        """Counts what the recording has gained since."""
        if self._recording is not None and self._hits.catch_up(self._recording):
            self._show_hits()
            self.pages.show_own(self._recording.own_filters)

    def show_rule(self, number: int) -> None:
        """Selects the rule that has this number in the run's policy; where it is gone, says so."""
        now = self._run.now(number) if self._run is not None else None
        if now is None:
            self.told.emit(f"Rule {number} of this run's policy is not among the rules any more.")
        else:
            self.select_rule(now)

    def select_rule(self, number: int) -> None:
        """Selects a rule by its number in the policy as it is now, with the filter that it is in."""
        layer = next((each for each in layers(self._document.policy.seccomp) if number in each.rule_numbers), None)
        if layer is not None:
            self.choose_filter(layer.number - 1)
            self.rules.select_rule(number - layer.first_rule)

    def choose_filter(self, place: int) -> None:
        """Shows the filter at this place of the stack, 0 for the oldest: its default, its rules, its program."""
        if place != self._place:
            self._place = place
            self._show_filter()

    def show_rule_of(self, event: CallEvent) -> None:
        """Selects the rule that decided this call of the run, the default action where no rule did, or the target's own filter."""
        verdict = event.verdict
        if verdict.own_filter is not None:
            self.pages.choose_own(verdict.own_filter)
        elif verdict.rule is not None:
            self.show_rule(verdict.rule)
        elif verdict.gate is Gate.SECCOMP:
            self.head.default.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.told.emit(f"No rule decided call {event.seq} ({event.syscall}).")

    def try_call_of(self, event: CallEvent) -> None:
        """Puts this call into “Try a call”, and the keyboard with it."""
        try:
            self.pages.try_call(_written(event))
        except ValueError as err:
            self.told.emit(str(err))

    def follow_log(self, event: Event | None) -> None:
        """The event that was chosen in the log: a call is tried too, where the user wants that."""
        if self.pages.filter.follow.isChecked() and isinstance(event, CallEvent):
            with contextlib.suppress(ValueError):  # of an architecture without a table: to be told only on request
                self.pages.filter.trial.set_call(_written(event))

    # Setting up.

    def _lay_out(self) -> None:
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setChildrenCollapsible(False)
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(ShrinkingArea(self.head))
        column.addWidget(rule_line())
        column.addWidget(self.rules, 1)
        self._splitter.addWidget(upper)
        self._splitter.addWidget(self.pages)
        self._splitter.setSizes([1100, 900])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._splitter)

    def _connect(self) -> None:
        self.head.filter_chosen.connect(self.choose_filter)
        self.rules.calls_wanted.connect(self._on_calls_wanted)
        self.pages.findings.rule_wanted.connect(self.select_rule)
        self.pages.filter.rule_wanted.connect(self.select_rule)
        self.pages.own.event_wanted.connect(self.event_wanted)
        self.builder.done.connect(self._on_built)
        self.linter.done.connect(self._on_linted)
        self._document.changed.connect(self._on_policy_changed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wanted = Qt.Orientation.Horizontal if self.width() >= _WIDE else Qt.Orientation.Vertical
        if self._splitter.orientation() is not wanted:
            self._splitter.setOrientation(wanted)

    # The policy.

    def _on_policy_changed(self, policy: Policy) -> None:
        if policy is self._shown:
            return  # its file changed, or whether it is saved
        self._shown = policy
        seccomp = policy.seccomp
        self._place = min(self._place, len(seccomp.stacked))
        self._show_filter()
        self._compare()
        self._request_filter(seccomp)
        self._request_lint(policy)

    def _show_filter(self) -> None:
        self.head.show_policy(self._document.policy, self._place)
        self.rules.show_filter(self._place)
        self.pages.filter.show_filter(self._place)
        self._show_hits()

    @property
    def _layer(self) -> Layer:
        return layers(self._document.policy.seccomp)[self._place]

    def _compare(self) -> None:
        """Finds the run's rules among the rules as they are now."""
        self._run = None if self._recording is None else RunRules(self._run_seccomp, self._document.policy.seccomp)
        self._show_hits()

    def _show_hits(self) -> None:
        self.rules.show_hits(self._run, self._hits if self._recording is not None else None)

    def _request_filter(self, seccomp: Seccomp) -> None:
        if seccomp == self._requested:
            return
        self._requested = seccomp
        problem = self._document.problem_at("seccomp")
        if seccomp.mode == "filter" and not problem:
            self.builder.request(seccomp)
            self.pages.filter.trial.set_unready()
            return
        self.builder.cancel()
        why = {"off": _OFF, "strict": strict_text()}.get(seccomp.mode, _WRONG)
        self.pages.filter.show_none(why, None if problem else seccomp)
        self.pages.cost.show_costs((), why.partition("\n")[0].rstrip(":"))
        self.filter_built.emit(None)

    def _on_built(self, report: FilterReport) -> None:
        self.pages.filter.show_report(report)
        self.pages.cost.show_costs(report.costs, report.problem)
        self.filter_built.emit(report)

    def _request_lint(self, policy: Policy) -> None:
        self.rules.model.forget_report()
        self.pages.findings.policy_changed()
        self.linter.request(policy)

    def _on_linted(self, report: LintReport) -> None:
        self.rules.show_report(report)
        self.pages.show_findings(report)
        self.linted.emit(report)

    def _on_calls_wanted(self, number: int) -> None:
        self.query_wanted.emit(f"rule:{number}")


def _written(event: CallEvent) -> str:
    return write_call(SeccompData(event.nr, ARCHES.get(event.arch, 0), 0, event.args))
