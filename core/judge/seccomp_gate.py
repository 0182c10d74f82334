"""The first gate: calls that seccomp stopped before they ran, by what was observed and what the filters answer, computed."""

from __future__ import annotations

from typing import Final, NamedTuple

from core.judge import wording
from core.judge.computed import LOG
from core.judge.judged import Finding
from core.judge.own_filters import OwnFilters
from core.judge.rule_numbers import RuleNumbers
from core.judge.signals import Signalled
from core.judge.verdict import Evidence, Gate, Outcome
from core.knowledge.syscalls import name
from core.observer.wire import CallFlag
from core.policy.action import Action, ActionKind

MAX_ERRNO: Final = 4095

_OUTCOMES: Final = {
    ActionKind.TRAP: Outcome.TRAPPED,
    ActionKind.KILL_THREAD: Outcome.KILLED,
    ActionKind.KILL_PROCESS: Outcome.KILLED,
    ActionKind.ASK: Outcome.ANSWERED,
    ActionKind.TRACE: Outcome.ANSWERED,
}
_AFTER_TRAP: Final[dict[int, str]] = {
    Signalled.HANDLED: wording.HANDLED,
    Signalled.DIED: wording.DIED,
    Signalled.KILLED: wording.DIED,  # the engine tells no death by a trap from one by a kill; the filter does
}
_PASSING: Final = (ActionKind.ALLOW, ActionKind.LOG)


class Meeting(NamedTuple):
    """One call's meeting with seccomp; calls with the same are one case."""

    nr: int
    arch: int
    flags: int
    """wire.CallFlag."""
    ret: int
    value: int
    """SECCOMP_RET_*, computed."""
    rule: int
    """The policy's, from 1; 0: none."""
    decider: int
    """Which of the policy's filters decided, from 1; 0: no single one of several."""
    own: int
    """The number of the target's own filter that answers so, from 1; 0: the policy's filters do, or none is known to judge the thread."""
    judged: bool
    """Whether the policy's filter judges the thread."""
    unread: bool
    """Whether a filter of the target's own judges it whose program is not known."""
    signalled: int
    """Signalled: what followed."""
    lost: int
    """Records of calls and processes lost so far: what they told of filters is missing."""

    @property
    def call(self) -> str:
        return name(self.arch, self.nr)

    @property
    def action(self) -> Action:
        return Action.from_value(self.value)

    @property
    def computed_stop(self) -> bool:
        """Whether the filters, computed, stop the call."""
        return self.action.kind not in _PASSING

    @property
    def exited(self) -> bool:
        return bool(self.flags & CallFlag.EXITED)

    @property
    def returned_number(self) -> bool:
        """Whether `ret` is the call's own number, which the kernel leaves there behind a trap or a kill."""
        return self.exited and self.ret & 0xFFFFFFFF == self.nr


class SeccompGate:
    """Words the meetings of one run."""

    def __init__(self, rules: RuleNumbers, own: OwnFilters, *, strict: bool) -> None:
        self._rules = rules
        self._own = own
        self._strict = strict

    def stopped(self, meeting: Meeting) -> Finding:
        """For a call that seccomp was seen to stop (no enter, a SIGSYS), or that, where only the entry was seen, the filter stops when computed."""
        observed = not meeting.flags & CallFlag.ENTRY_STOP or meeting.signalled != Signalled.NO
        if meeting.computed_stop and _fits(meeting):
            return self._by_filter(meeting, Evidence.OBSERVED if observed else Evidence.COMPUTED)
        if observed:
            return self._otherwise(meeting)
        if not meeting.exited:
            return Finding(Gate.NONE, Outcome.UNFINISHED, Evidence.OBSERVED, wording.unfinished())
        return self._ran_or_own(meeting)

    def ran(self, meeting: Meeting) -> str:
        """The contradiction's sentence for a call that ran although the filters, computed, stop it; empty where there may be a reason."""
        kind = meeting.action.kind
        if kind in (ActionKind.ASK, ActionKind.TRACE):  # a notifier's CONTINUE, a tracer of the target's own
            return ""
        return wording.contradicts_run(meeting.call, self._who(meeting), meeting.action, "the kernel let it run")

    def logged(self, meeting: Meeting) -> str:
        """The sentence for a call that a filter let pass with LOG."""
        return wording.acted(self._who(meeting), Action.from_value(LOG), meeting.call, meeting.ret)

    def _who(self, meeting: Meeting) -> str:
        if meeting.own:
            return wording.own_decider(meeting.own, strict=self._own[meeting.own].strict)
        if self._strict:
            return wording.STRICT
        covered = self._rules.covers(meeting.arch, meeting.nr, meeting.decider)
        return wording.decider(meeting.rule, meeting.decider if self._rules.stacked else 0, covered=covered)

    def _by_filter(self, meeting: Meeting, evidence: Evidence) -> Finding:
        action, who = meeting.action, self._who(meeting)
        outcome = outcome_of(action)
        if outcome is Outcome.ANSWERED and meeting.ret == -wording.ENOSYS:
            outcome = Outcome.DENIED
        strict = self._own[meeting.own].strict if meeting.own else self._strict
        reason = wording.strict_killed(who, meeting.call) if strict else wording.acted(who, action, meeting.call, meeting.ret)
        if action.kind is ActionKind.ASK and outcome is Outcome.ANSWERED and evidence is Evidence.COMPUTED:
            reason += wording.OR_CONTINUED  # where the engine sees entries before filters do, both look the same
        if action.kind is ActionKind.TRAP:
            reason += _AFTER_TRAP.get(meeting.signalled, "")
        return Finding(Gate.SECCOMP, outcome, evidence, reason, ruled=not meeting.own, own_filter=meeting.own)

    def _otherwise(self, meeting: Meeting) -> Finding:
        # Seccomp stopped it, and not as the known filters say: one that is not known, or a contradiction.
        outcome, what = _seen(meeting)
        evidence = Evidence.UNKNOWN if what == wording.UNCLEAR else Evidence.OBSERVED
        if meeting.unread:
            return Finding(Gate.SECCOMP, outcome, evidence, wording.own_filter(meeting.call, what))
        if meeting.lost:
            return Finding(Gate.SECCOMP, outcome, Evidence.UNKNOWN, wording.lost_filter(meeting.call, what, meeting.lost))
        action = meeting.action if meeting.judged or meeting.own else None
        return Finding(Gate.SECCOMP, outcome, evidence, wording.contradicts_stop(meeting.call, what, action), conflict=True)

    def _ran_or_own(self, meeting: Meeting) -> Finding:
        # Only the entry was seen, and the return is not the one that the computed action gives.
        if meeting.unread and meeting.ret < 0:
            return Finding(
                Gate.SECCOMP, Outcome.DENIED, Evidence.INFERRED, wording.perhaps_stricter(meeting.call, self._who(meeting), meeting.ret)
            )
        seen = f"it returned {wording.result(meeting.ret)}"
        reason = wording.contradicts_run(meeting.call, self._who(meeting), meeting.action, seen)
        failed = -MAX_ERRNO <= meeting.ret < 0
        gate, outcome = (Gate.OTHER, Outcome.FAILED) if failed else (Gate.NONE, Outcome.OK)
        return Finding(gate, outcome, Evidence.UNKNOWN, reason, conflict=True)


def outcome_of(action: Action) -> Outcome:
    """What becomes of a call that a filter answers with this action, which does not let it pass."""
    return _OUTCOMES.get(action.kind, Outcome.DENIED)


def _fits(meeting: Meeting) -> bool:
    # Whether what was seen is what the kernel does for the computed action.
    match meeting.action.kind:
        case ActionKind.ERRNO:
            return meeting.exited and meeting.ret == -min(meeting.action.data, MAX_ERRNO)
        case ActionKind.TRAP:
            return meeting.returned_number
        case ActionKind.KILL_THREAD | ActionKind.KILL_PROCESS:
            return not meeting.exited or meeting.returned_number
        case _:
            return meeting.exited


def _seen(meeting: Meeting) -> tuple[Outcome, str]:
    # (outcome, in words) of a stop by a filter that is not known.
    if meeting.signalled in (Signalled.KILLED, Signalled.DIED) or meeting.flags & CallFlag.CUT_SHORT or not meeting.exited:
        return Outcome.KILLED, wording.KILLED
    if meeting.signalled in (Signalled.TRAPPED, Signalled.HANDLED):
        return Outcome.TRAPPED, wording.TRAPPED
    if -MAX_ERRNO <= meeting.ret < 0:
        return Outcome.DENIED, wording.refused_with(meeting.ret)
    if meeting.ret == 0:
        return Outcome.DENIED, wording.answered(0)
    return Outcome.ANSWERED, wording.UNCLEAR if meeting.returned_number else wording.answered(meeting.ret)
