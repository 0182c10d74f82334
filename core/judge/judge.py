"""From records to verdicts: which gate stopped each call, and how that is known."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from core.judge import wording
from core.judge.capability_gate import Weighed, weigh
from core.judge.cases import Cases, columns, numbered
from core.judge.collect import Batch, ends
from core.judge.computed import ALLOW, LOG, passes, policy_answer
from core.judge.confirm import Confirmation
from core.judge.context import JudgeContext
from core.judge.failures import Failed, Failures
from core.judge.judged import Finding, Judged
from core.judge.known_checks import KnownChecks
from core.judge.layers import Answers, combine
from core.judge.match import first_rows
from core.judge.rule_numbers import RuleNumbers
from core.judge.seccomp_gate import MAX_ERRNO, Meeting, SeccompGate
from core.judge.signals import signalled
from core.judge.symbols import Symbols
from core.judge.telling import sequences
from core.judge.threads import Threads
from core.judge.unfinished import cut_off
from core.judge.verdict import Evidence, Gate, Outcome
from core.knowledge.syscalls import name
from core.observer.wire import CallFlag
from core.policy.action import ACTION_MASK

__all__ = ["Judge", "Judged"]

_ENDINGS = ("exit", "exit_group")
# Calls that do their work by not returning.

_LEAST, _NO_RESULT = -MAX_ERRNO - 1, 1
_RESULTS = _NO_RESULT - _LEAST + 1
# The results by which calls with the same checks differ: an errno, something below those, 0 for success, or none.


@dataclasses.dataclass(frozen=True, slots=True)
class _Facts:
    # What is known of each call of a batch, in columns of their own: gathering from the records again and again costs more.
    nr: NDArray[np.uint32]
    arch: NDArray[np.uint32]
    flags: NDArray[np.uint32]
    ret: NDArray[np.int64]
    seccomp: Answers
    rule: NDArray[np.int16]
    decider: NDArray[np.uint8]
    signalled: NDArray[np.uint8]
    lost: NDArray[np.int64]
    """How many capability checks were lost in or near its time."""

    def has(self, flag: CallFlag) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = (self.flags & np.uint32(flag)) != 0
        return found


class Judge:
    """Judges one run, batch by batch in their order; pure but for what it remembers of the batches before."""

    def __init__(self, context: JudgeContext) -> None:
        """Raises `core.bpf.program.ProgramError` for a filter that the kernel would refuse."""
        self._lost = 0
        self._policy = policy_answer(context)
        self._threads = Threads(context, self._policy)
        self._rules = RuleNumbers(context.rules, context.filters)
        gate = SeccompGate(self._rules, self._threads.own_filters, strict=context.strict)
        self._stops = Cases(gate.stopped)
        self._contradictions = Cases(gate.ran)
        self._logged = Cases(gate.logged)
        self._kinds = KnownChecks()
        self._weighed = Cases(self._weigh)
        self._failures = Failures(context, self._threads)
        self._confirmation = Confirmation()

    def judge(self, batch: Batch, symbols: Symbols) -> Judged:
        """The verdicts on the batch's calls; `symbols` must know their checks' functions, since verdicts name them."""
        judged = Judged.fresh(len(batch.calls))
        self._threads.update(batch)
        self._lost = batch.lost.get("calls", 0) + batch.lost.get("processes", 0)
        if not len(batch.calls):
            self._confirmation.confirm(batch, judged)
            return judged
        facts = self._facts(batch)
        judged.rule[:] = facts.rule
        judged.judged[:] = facts.seccomp.judged
        stopped = self._seccomp(facts, judged)
        explained = self._capabilities(batch, symbols, facts, stopped, judged)
        self._failed(batch, facts, ~stopped & ~explained, judged)
        self._unfinished(batch, facts, ~stopped, judged)
        self._passed(facts, ~stopped, judged)
        self._confirmation.confirm(batch, judged)
        return judged

    def _facts(self, batch: Batch) -> _Facts:
        calls = batch.calls
        entered = calls["entered_ns"]
        moments = np.where(entered > 0, entered, calls["exited_ns"])
        answers = combine(calls, *self._threads.stacks(calls, moments), self._policy, self._threads.own_filters)
        rule, decider = self._rules.decide(calls, answers.policy)
        return _Facts(
            nr=calls["nr"].copy(),
            arch=calls["arch"].copy(),
            flags=calls["flags"].copy(),
            ret=calls["ret"].copy(),
            seccomp=answers,
            rule=np.where(answers.judged, rule, np.int16(0)),
            decider=decider,
            signalled=signalled(batch),
            lost=_lost_checks(batch),
        )

    # ── seccomp ───────────────────────────────────────────────────────────────────────────────────────────────

    def _seccomp(self, facts: _Facts, judged: Judged) -> NDArray[np.bool_]:
        # Judges the calls that seccomp stopped, and says which they are. An exit without enter is the kernel's own word; where the engine
        # sees entries before seccomp does, the filter's computed answer and a SIGSYS must do.
        entry_only = facts.has(CallFlag.ENTRY_STOP)
        seen = ~facts.has(CallFlag.PASSED) & ~entry_only & (facts.has(CallFlag.EXITED) | facts.has(CallFlag.CUT_SHORT))
        computed = entry_only & (~passes(facts.seccomp.values) | (facts.signalled != 0) | facts.has(CallFlag.CUT_SHORT))
        stopped: NDArray[np.bool_] = seen | computed
        rows = np.flatnonzero(stopped)
        if len(rows):
            codes, meetings = numbered(self._meetings(facts, rows, judged))
            findings = [self._stops[meeting] for meeting in meetings]
            judged.settle(rows, codes, findings)
            judged.rule[rows[~np.array([finding.ruled for finding in findings])[codes]]] = 0
            judged.own_filter[rows] = np.array([finding.own_filter for finding in findings], np.int16)[codes]
        return stopped

    def _meetings(self, facts: _Facts, rows: NDArray[np.intp], judged: Judged) -> list[Meeting]:
        seccomp = facts.seccomp
        answer = (seccomp.values, judged.rule, facts.decider, seccomp.own, seccomp.judged, seccomp.unread)
        lost = np.full(len(facts.nr), self._lost, np.int64)
        fields = (facts.nr, facts.arch, facts.flags, facts.ret, *answer, facts.signalled, lost)
        return [Meeting._make(row) for row in columns(*(field[rows] for field in fields))]

    def _passed(self, facts: _Facts, passed: NDArray[np.bool_], judged: Judged) -> None:
        # Calls that ran: with LOG, or against the filter's computed answer.
        values = facts.seccomp.values
        if (values == ALLOW).all():
            return
        logged = passed & ((values & np.uint32(ACTION_MASK)) == LOG) & (judged.reason == 0)
        contradicting = passed & ~passes(values)
        for rows, sentences in ((np.flatnonzero(logged), self._logged), (np.flatnonzero(contradicting), self._contradictions)):
            meetings = self._meetings(facts, rows, judged)
            for row, meeting in zip(rows.tolist(), meetings, strict=True):
                sentence = sentences[meeting]
                if sentence:
                    judged.own_filter[row] = meeting.own
                    judged.reason[row] = judged.number(sentence)
                    judged.conflict[row] = sentences is self._contradictions

    # ── capabilities ──────────────────────────────────────────────────────────────────────────────────────────

    def _capabilities(self, batch: Batch, symbols: Symbols, facts: _Facts, stopped: NDArray[np.bool_], judged: Judged) -> NDArray[np.bool_]:
        # Judges the calls whose checks say something of their result, and says which they are.
        explained = np.zeros(len(batch.calls), np.bool_)
        rows, sequence, kinds = self._telling(batch, symbols)
        if not len(rows):
            return explained
        returned = facts.has(CallFlag.EXITED)[rows] & ~stopped[rows]
        results = np.where(returned, np.clip(facts.ret[rows], _LEAST, 0), _NO_RESULT)  # which number of success makes no difference
        distinct, codes = np.unique(sequence * _RESULTS + (results - _LEAST), return_inverse=True)
        cases = [divmod(case, _RESULTS) for case in distinct.tolist()]
        weighed = [self._weighed[kinds[place], result + _LEAST] for place, result in cases]
        judged.checks.update(zip(rows.tolist(), [weighed[code].checks for code in codes.tolist()], strict=True))
        findings = [one.finding or Finding(Gate.NONE, Outcome.OK, Evidence.OBSERVED, "") for one in weighed]
        told = np.array([one.finding is not None for one in weighed])[codes]
        judged.settle(rows[told], codes[told], findings)
        # Behind a granted check there may be a refused one that was lost, or another module's refusal.
        open_ = (judged.evidence[rows] == Evidence.INFERRED) & ((facts.lost[rows] > 0) | self._failures.may_be_landlock)
        explained[rows[told & ~open_]] = True
        return explained

    def _telling(self, batch: Batch, symbols: Symbols) -> tuple[NDArray[np.intp], NDArray[np.intp], list[tuple[int, ...]]]:
        # The calls whose checks are not all noise, as `sequences` gives them.
        if self._kinds.crowded():
            self._kinds.clear()
            self._weighed.clear()
        kinds = self._kinds.numbers(batch.checks, symbols)
        kept = np.flatnonzero(~self._kinds.noise(kinds))
        rows = first_rows(batch.checks["call"][kept], batch.calls["id"])
        known = rows >= 0
        return sequences(rows[known], kinds[kept][known])

    def _weigh(self, case: tuple[tuple[int, ...], int]) -> Weighed:
        kinds, result = case
        return weigh([self._kinds[kind] for kind in kinds], None if result == _NO_RESULT else result)

    # ── the rest ──────────────────────────────────────────────────────────────────────────────────────────────

    def _failed(self, batch: Batch, facts: _Facts, left: NDArray[np.bool_], judged: Judged) -> None:
        # Calls that failed, and no check says why.
        failing = left & facts.has(CallFlag.EXITED) & (facts.ret < 0) & (facts.ret >= -MAX_ERRNO)
        rows = np.flatnonzero(failing)
        if len(rows):
            self._failures.judge(batch, Failed(rows, facts.ret, facts.seccomp.unread, facts.lost), judged)

    def _unfinished(self, batch: Batch, facts: _Facts, passed: NDArray[np.bool_], judged: Judged) -> None:
        rows = np.flatnonzero(passed & (~facts.has(CallFlag.EXITED) | cut_off(batch)))
        for row in rows.tolist():
            if name(int(facts.arch[row]), int(facts.nr[row])) not in _ENDINGS:
                judged.gate[row], judged.outcome[row], judged.evidence[row] = Gate.NONE, Outcome.UNFINISHED, Evidence.OBSERVED
                judged.reason[row] = judged.number(wording.unfinished())


def _lost_checks(batch: Batch) -> NDArray[np.int64]:
    lost = np.zeros(len(batch.calls), np.int64)
    times = ends(batch.calls)
    for gap in batch.gaps:
        lost[(times >= np.uint64(gap.start_ns)) & (times <= np.uint64(gap.end_ns))] += gap.counts.get("checks", 0)
    return lost
