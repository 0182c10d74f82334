"""Behind the gate seccomp: every filter that judged the call, with the way that the call took through it."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from core.bpf.answer import answer_call
from core.bpf.disassemble import Line, disassemble
from core.bpf.emulate import Emulation, emulate
from core.bpf.program import counted
from core.judge.change import Situation
from core.policy.action import Action
from core.policy.stack import all_rules
from gui.elided_button import ElidedButton
from gui.filter_listing import FilterListing
from gui.inspector.detail_page import DetailPage, paragraph
from gui.labels import strong_label
from gui.models.rule_text import arguments_text, calls_text
from gui.naming import named
from gui.target_bar import MOMENTS
from gui.theme import GRID, Theme
from gui.words import sentence

_FEWEST_LINES, _MOST_LINES = 4, 16


@dataclasses.dataclass(frozen=True, slots=True)
class Judgement:
    """One filter, and what it made of the call."""

    title: str
    answer: str
    lines: tuple[Line, ...]
    path: tuple[int, ...]


class FilterPage(DetailPage):
    """Shows a `Situation`."""

    rule_wanted = Signal()
    """The rule that decided over the call is to be shown in the policy."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "seccomp", parent)
        self._situation: Situation | None = None
        self._decision = paragraph()
        self._rule = paragraph(muted=True)
        self.show_rule = ElidedButton("Show the rule in the policy", "Select it in the Seccomp panel (Ctrl+Shift+R)", link=True)
        self.show_rule.clicked.connect(self.rule_wanted)
        self.only_path = named(QCheckBox("Only the instructions that ran"), "Only the instructions that ran")
        self.only_path.toggled.connect(self._on_only_path)
        self._parts: list[FilterPart] = []
        self._filters = QVBoxLayout()
        self._filters.setSpacing(2 * GRID)
        for widget in (self._decision, self._rule, self.show_rule, self.only_path):
            self.column.addWidget(widget)
        self.column.addLayout(self._filters)
        self.column.addStretch(1)

    def show_situation(self, situation: Situation) -> None:
        """The filters and the call's way through each."""
        self._situation = situation
        self._decision.setText(decision_of(situation))
        self._rule.setText(rule_of(situation))
        self._rule.setVisible(bool(self._rule.text()))
        self.show_rule.setVisible(situation.event.verdict.rule is not None)
        self._fill()

    def listings(self) -> list[FilterListing]:
        """The filters shown, oldest first."""
        return [part.listing for part in self._parts]

    def _fill(self) -> None:
        judgements = list(judgements_of(self._situation)) if self._situation is not None else []
        self.only_path.setVisible(bool(judgements))
        # From call to call mostly the same filters are shown: their widgets stay.
        while len(self._parts) > len(judgements):
            part = self._parts.pop()
            self._filters.removeWidget(part)
            part.hide()
            part.deleteLater()
        while len(self._parts) < len(judgements):
            self._parts.append(FilterPart(self.theme))
            self._filters.addWidget(self._parts[-1])
        for part, judgement in zip(self._parts, judgements, strict=True):
            part.show_judgement(judgement, only_path=self.only_path.isChecked())

    def _on_only_path(self) -> None:
        self._fill()


class FilterPart(QWidget):
    """One filter with its answer."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = strong_label("")
        self._answer = paragraph(muted=True)
        self.listing = FilterListing(theme, "")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        for widget in (self._title, self._answer, self.listing):
            column.addWidget(widget)

    def show_judgement(self, judgement: Judgement, *, only_path: bool) -> None:
        """The filter and the call's way through it; `only_path`: of the filter no more than that."""
        self._title.setText(judgement.title)
        self._answer.setText(judgement.answer)
        lines = [judgement.lines[index] for index in judgement.path] if only_path else judgement.lines
        named(self.listing, f"{judgement.title}, disassembled").show_lines(lines, judgement.path)
        shown = min(max(len(lines), _FEWEST_LINES), _MOST_LINES)
        self.listing.setFixedHeight(shown * self.listing.fontMetrics().lineSpacing() + 6 * GRID)


def decision_of(situation: Situation) -> str:
    """Who answered what, in a sentence."""
    seccomp = situation.policy.seccomp
    if situation.event.verdict.own_filter is not None:
        return _own_decision(situation, situation.event.verdict.own_filter)
    if not situation.filters and seccomp.mode != "strict":
        return "The policy has no filter: seccomp was not asked." if not situation.own_filters else "The policy has no filter of its own."
    answer = answer_call(seccomp, situation.filters, situation.data)
    if not situation.event.verdict.judged:
        moment = MOMENTS[seccomp.judge_from]
        return f"This call was not judged: it came before the moment from which the filter judges ({moment}). It would answer {answer.action_words}."
    return sentence(f"{answer.action_words}, {answer.reason}")


def _own_decision(situation: Situation, number: int) -> str:
    program = dict(situation.own_filters).get(number)
    if program is None:
        return "The strict mode that the target entered itself decided: it has no program."
    answer = Action.from_value(emulate(program, situation.data).value).word
    decided = sentence(f"{answer}, by filter {number} of the target's own")
    if not situation.filters or not situation.event.verdict.judged:
        return decided
    policy = answer_call(situation.policy.seccomp, situation.filters, situation.data)
    return f"{decided} The policy answers {policy.action.word}; the strictest answer counts, and of equal ones the newest."


def rule_of(situation: Situation) -> str:
    """The deciding rule in words; empty where none decided."""
    seccomp = situation.policy.seccomp
    asked = situation.filters and situation.event.verdict.judged and situation.event.verdict.own_filter is None
    number = answer_call(seccomp, situation.filters, situation.data).rule if asked else None
    if number is None:
        return ""
    rule = all_rules(seccomp)[number - 1]
    tests = f" where {arguments_text(rule)}" if rule.args else ""
    note = f" — {rule.note}" if rule.note else ""
    return f"Rule {number}: {calls_text(rule.syscalls)}{tests} → {rule.action}{note}"


def judgements_of(situation: Situation) -> Iterator[Judgement]:
    """The policy's filters, oldest first, then those that the target put on itself."""
    several = len(situation.filters) > 1
    for number, program in enumerate(situation.filters, start=1):
        yield _judgement(f"Filter {number} of {len(situation.filters)}" if several else "The filter", program, situation)
    for number, program in situation.own_filters:
        yield _judgement(f"Filter {number} of the target's own", program, situation)


def _judgement(title: str, program: bytes, situation: Situation) -> Judgement:
    lines, ran = _disassembled(program), emulate(program, situation.data)
    return Judgement(title, _answer(ran, len(lines)), lines, ran.path)


@functools.lru_cache(maxsize=16)
def _disassembled(program: bytes) -> tuple[Line, ...]:
    # A thousand instructions take longer than a frame, and the page stays open from call to call.
    return disassemble(program)


def _answer(ran: Emulation, count: int) -> str:
    return f"{Action.from_value(ran.value).word} after {counted(len(ran.path))} of {count}"
