"""The seccomp panel: the mode, what happens where no rule speaks, the rules, and the filter that comes of them."""

from __future__ import annotations

import typing
from typing import Any, Final

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QPushButton, QSplitter, QVBoxLayout, QWidget

from core.event import CallEvent
from core.policy.model import Mode, Policy, Seccomp
from gui.filter_builder import FilterBuilder, FilterReport
from gui.labels import ProblemLabel, field_label, muted_label, rule_line
from gui.models.rule_of_call import rule_of_call
from gui.models.rule_text import action_sentence
from gui.naming import named
from gui.panels.seccomp_action_picker import ActionPicker
from gui.panels.seccomp_filter import FilterView
from gui.panels.seccomp_rules import RulesPanel
from gui.policy_document import PolicyDocument
from gui.target_bar import MOMENTS
from gui.theme import MARGIN, Theme

_MODES: Final[tuple[Mode, ...]] = typing.get_args(Mode)
_NO_FILTER: Final[dict[Mode, str]] = {
    "off": "The mode is off: no filter is loaded, and the rules wait.",
    "strict": "Strict mode is the kernel's own: read, write, _exit and sigreturn run, anything else is SIGKILL. The rules wait.",
}
_NEEDS_NO_NEW_PRIVS: Final = "⚠ Without no_new_privs the kernel takes a filter only from a process that holds SYS_ADMIN."


class SeccompPanel(QWidget):
    """Shows and edits `policy.seccomp` of a document."""

    filter_built = Signal(object)
    """The `FilterReport`; None where the policy has no filter."""

    def __init__(self, theme: Theme, document: PolicyDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.mode = named(QComboBox(), "Seccomp mode")
        self.mode.addItems(list(_MODES))
        self.default = ActionPicker("Default action")
        self.moment = named(QComboBox(), "The moment from which the filter judges")
        self.moment.addItems(list(MOMENTS.values()))
        self._meaning = muted_label()
        self._rest = muted_label()
        self.problem = ProblemLabel()
        self.hint = muted_label(_NEEDS_NO_NEW_PRIVS)
        self.set_no_new_privs = named(QPushButton("Set no_new_privs"), "Set no_new_privs")
        self.rules = RulesPanel(theme, document)
        self.filter = FilterView(theme)
        self.builder = FilterBuilder(self)
        self._requested: Seccomp | None = None
        self._lay_out()
        self._connect()
        self._on_policy_changed(document.policy)

    def add_rule_for(self, event: CallEvent) -> None:
        """Opens the form with a rule made of this call."""
        self.rules.add_rule(rule_of_call(event, self._document.policy.seccomp.default))

    def _lay_out(self) -> None:
        form = QGridLayout()
        form.setContentsMargins(MARGIN, 8, MARGIN, 10)
        form.setHorizontalSpacing(10)
        form.setVerticalSpacing(6)
        form.setColumnStretch(1, 1)
        fields = {"&Mode": self.mode, "&Default": self.default, "Judge &from": self.moment}
        for row, (text, widget) in enumerate(fields.items()):
            form.addWidget(field_label(text, widget), row, 0)
            form.addWidget(widget, row, 1)
        for row, label in enumerate((self._meaning, self._rest, self.problem, self.hint, self.set_no_new_privs), start=len(fields)):
            form.addWidget(label, row, 0, 1, 2)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.rules)
        splitter.addWidget(self.filter)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([1000, 1000])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(form)
        column.addWidget(rule_line())
        column.addWidget(splitter, 1)

    def _connect(self) -> None:
        self.mode.activated.connect(self._on_mode)
        self.default.changed.connect(self._on_default)
        self.moment.activated.connect(self._on_moment)
        self.set_no_new_privs.clicked.connect(self._on_set_no_new_privs)
        self.builder.built.connect(self._on_built)
        self._document.changed.connect(self._on_policy_changed)

    # The policy.

    def _on_policy_changed(self, policy: Policy) -> None:
        seccomp = policy.seccomp
        self.mode.setCurrentText(seccomp.mode)
        self.default.set_word(seccomp.default)
        self.moment.setCurrentText(MOMENTS[seccomp.judge_from])
        self.default.setEnabled(seccomp.mode == "filter")
        self.moment.setEnabled(seccomp.mode != "off")
        self._meaning.setText(f"Where no rule speaks: {action_sentence(seccomp.default)[:1].lower()}{action_sentence(seccomp.default)[1:]}")
        self._meaning.setVisible(seccomp.mode == "filter")
        self._rest.setText(_rest_text(seccomp))
        self._rest.setVisible(bool(self._rest.text()))
        self.problem.show_problem(self._head_problem())
        needs = seccomp.mode == "filter" and not policy.identity.no_new_privs
        self.hint.setVisible(needs)
        self.set_no_new_privs.setVisible(needs)
        self._request_filter(seccomp)

    def _head_problem(self) -> str:
        """What is wrong with the seccomp table apart from its rules."""
        keys = ("mode", "default", "judge_from", "architectures", "bad_arch", "flags")
        found = ((key, self._document.problem_at(f"seccomp.{key}")) for key in keys)
        return next((f"{key}: {sentence}" for key, sentence in found if sentence), "")

    def _request_filter(self, seccomp: Seccomp) -> None:
        if seccomp == self._requested:
            return
        self._requested = seccomp
        problem = self._document.problem_at("seccomp")
        if seccomp.mode == "filter" and not problem:
            self.builder.request(seccomp)
            return
        self.builder.cancel()
        self.rules.show_idle(())
        self.filter.show_none(_NO_FILTER.get(seccomp.mode, "The filter is built once what is wrong above is mended."))
        self.filter_built.emit(None)

    def _on_built(self, report: FilterReport) -> None:
        self.filter.show_report(report)
        self.rules.show_idle(report.idle_rules)
        self.filter_built.emit(report)

    def _change(self, text: str, **fields: Any) -> None:
        policy = self._document.policy
        self._document.edit(text, msgspec.structs.replace(policy, seccomp=msgspec.structs.replace(policy.seccomp, **fields)))

    # What the user asks for.

    def _on_mode(self, index: int) -> None:
        self._change(f"seccomp mode {_MODES[index]}", mode=_MODES[index])

    def _on_default(self, word: str) -> None:
        self._change(f"default action {word}", default=word)

    def _on_moment(self, index: int) -> None:
        moment = list(MOMENTS)[index]
        self._change(f"judging from {MOMENTS[moment]}", judge_from=moment)

    def _on_set_no_new_privs(self) -> None:
        policy = self._document.policy
        identity = msgspec.structs.replace(policy.identity, no_new_privs=True)
        self._document.edit("setting no_new_privs", msgspec.structs.replace(policy, identity=identity))


def _rest_text(seccomp: Seccomp) -> str:
    """What the policy file sets that has no field here."""
    plain = Seccomp()
    parts = []
    if seccomp.architectures != plain.architectures:
        parts.append(f"architectures {', '.join(seccomp.architectures)}")
    if seccomp.bad_arch != plain.bad_arch:
        parts.append(f"other architectures {seccomp.bad_arch}")
    if seccomp.flags:
        parts.append(f"flags {', '.join(seccomp.flags)}")
    return f"Also: {' · '.join(parts)}" if parts else ""
