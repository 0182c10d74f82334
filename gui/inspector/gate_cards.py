"""One call as a row of gates: what each of them said, in words. Pure data; the diagram paints it."""

from __future__ import annotations

import dataclasses
import enum
import itertools
from typing import Final

from core.event import CallEvent
from core.judge import wording
from core.judge.verdict import Check, Evidence, Gate, Outcome, Verdict
from core.knowledge.errnos import errno_meaning, errno_number
from core.knowledge.noise import asking_function, function_purpose, plain_name
from core.text import result_text
from gui.words import sentence


class State(enum.Enum):
    """What became of the call at one gate; its value is the word on the card."""

    PASSED = "passed"
    REFUSED = "refused"
    KILLED = "killed"
    TRAPPED = "trapped"
    ANSWERED = "answered"
    FAILED = "failed"
    NOT_ASKED = "not asked"
    NOT_REACHED = "not reached"
    NOT_SEEN = "not seen"
    UNKNOWN = "unknown"

    @property
    def stops(self) -> bool:
        """Whether the call came no further than this gate."""
        return self in (State.REFUSED, State.KILLED, State.TRAPPED, State.ANSWERED, State.FAILED)


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """One capability check, worded: which, where, and through which functions."""

    capability: str
    verb: str
    function: str
    """Where in the kernel; empty where the stack is not known."""
    purpose: str
    """What that function is for; empty where nothing is written down."""
    stack: tuple[str, ...]
    """From the check out to the call."""


@dataclasses.dataclass(frozen=True, slots=True)
class Card:
    """One gate."""

    gate: Gate
    title: str
    state: State
    lines: tuple[str, ...] = ()
    asked: tuple[Asked, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Diagram:
    """A call on its way through the gates."""

    call: str
    arguments: str
    process: str
    cards: tuple[Card, ...]
    result: str
    meaning: str
    """What the result means; empty where it speaks for itself."""

    @property
    def text(self) -> str:
        """The diagram in words, for a screen reader."""
        cards = "; ".join(f"{card.title}: {card.state.value}" for card in self.cards)
        return f"{self.process}: {self.call}({self.arguments}); {cards}; result {self.result} {self.meaning}".strip()


_OUTCOME_STATES: Final = {
    Outcome.DENIED: State.REFUSED,
    Outcome.KILLED: State.KILLED,
    Outcome.TRAPPED: State.TRAPPED,
    Outcome.ANSWERED: State.ANSWERED,
}
_ENTRY: Final = ("do_syscall_64", "x64_sys_call", "do_int80", "do_fast_syscall", "entry_")
"""The way into the kernel, the same below every call: only "All fields" shows it."""
_SHOWN_CHECKS: Final = 3
_OWN: Final = "the target's own filter {}"


def diagram_of(event: CallEvent, filters: int, *, sees_checks: bool = True) -> Diagram:
    """What each gate said of the call.

    `filters`: how many seccomp filters stood over it, strict mode counted as one; `sees_checks`: whether the engine sees capability checks.
    """
    cards = (_seccomp_card(event, filters), _capability_card(event, sees_checks=sees_checks), _other_card(event))
    meaning = errno_meaning(errno_number(event.errno)) if event.errno else ""
    return Diagram(event.syscall, event.text, f"{event.comm}, pid {event.pid}", cards, result_text(event), meaning)


def why(event: CallEvent) -> str:
    """The verdict's sentence, and for a call that just worked one that says so."""
    if event.verdict.reason:
        return sentence(event.verdict.reason)
    if event.verdict.outcome is Outcome.UNFINISHED:
        return "The thread ended inside the call."
    return "No gate said no: the call ran."


def evidence_sentence(event: CallEvent) -> str:
    """What the word of the evidence means here."""
    sentences = {
        Evidence.OBSERVED: "the kernel itself said so.",
        Evidence.COMPUTED: "the recorded call, put through the recorded filter.",
        Evidence.INFERRED: "from the errno, and from what is known of the call and of the process.",
        Evidence.UNKNOWN: "nothing that was recorded tells.",
    }
    return sentences[event.verdict.evidence]


def _seccomp_card(event: CallEvent, filters: int) -> Card:
    verdict = event.verdict
    if verdict.gate is Gate.SECCOMP:
        state = _OUTCOME_STATES.get(verdict.outcome, State.PASSED)
        return Card(Gate.SECCOMP, "seccomp", state, (f"{_decider(verdict)} decided, before the call ran",))
    if not filters:
        return Card(Gate.SECCOMP, "seccomp", State.NOT_ASKED, ("the policy has no filter",))
    if not verdict.judged:
        return Card(Gate.SECCOMP, "seccomp", State.NOT_ASKED, ("the filter judges from a later moment on",))
    passed = (
        _OWN.format(verdict.own_filter) if verdict.own_filter is not None else f"rule {verdict.rule}" if verdict.rule is not None else ""
    )
    return Card(Gate.SECCOMP, "seccomp", State.PASSED, (f"{passed} let it pass",) if passed else ())


def _decider(verdict: Verdict) -> str:
    if verdict.own_filter is not None:
        return _OWN.format(verdict.own_filter)
    if verdict.rule is not None:
        return f"rule {verdict.rule}"
    # The sentence names whom no number names; where it is a filter that is not known, it names none of these.
    return next(
        (f"the {one}" for one in (wording.DEFAULT, wording.OTHER_ARCHITECTURES, wording.STRICT_MODE) if one in verdict.reason), "a filter"
    )


def _capability_card(event: CallEvent, *, sees_checks: bool) -> Card:
    if event.verdict.gate is Gate.SECCOMP and event.verdict.outcome is not Outcome.OK:
        return Card(Gate.CAPABILITY, "capability", State.NOT_REACHED)
    checks = sorted(event.checks, key=lambda check: not check.decisive)
    asked = tuple(_asked(check) for check in checks[:_SHOWN_CHECKS])
    more = (f"and {len(checks) - _SHOWN_CHECKS} more checks, see All fields",) if len(checks) > _SHOWN_CHECKS else ()
    if event.verdict.gate is Gate.CAPABILITY:
        either = event.verdict.alternatives
        lines = (f"any one of {', '.join(either)} would do",) if len(either) > 1 else ()
        unseen = () if asked or event.verdict.capability is None else (f"{event.verdict.capability} is missing",)
        return Card(Gate.CAPABILITY, "capability", State.REFUSED, (*unseen, *lines, *more), asked)
    if not checks and not sees_checks:
        return Card(Gate.CAPABILITY, "capability", State.NOT_SEEN, ("ptrace does not see the kernel's checks",))
    if not checks:
        return Card(Gate.CAPABILITY, "capability", State.NOT_ASKED)
    lines = () if all(check.granted for check in checks) else ("a refusal here did not stop the call",)
    return Card(Gate.CAPABILITY, "capability", State.PASSED, (*lines, *more), asked)


def _other_card(event: CallEvent) -> Card:
    verdict, title = event.verdict, "permissions, LSM"
    if verdict.gate in (Gate.SECCOMP, Gate.CAPABILITY) and verdict.outcome is not Outcome.OK:
        return Card(Gate.OTHER, title, State.NOT_REACHED)
    if verdict.gate is Gate.OTHER and verdict.outcome is Outcome.DENIED:
        either = f"{' or '.join(verdict.alternatives)} would override them" if verdict.alternatives else ""
        return Card(Gate.OTHER, title, State.REFUSED, (either,) if either else ())
    if verdict.outcome is Outcome.FAILED:
        return Card(Gate.OTHER, title, State.FAILED, ("an ordinary error: no gate said no",))
    if verdict.outcome is Outcome.UNFINISHED:
        return Card(Gate.OTHER, title, State.UNKNOWN)
    return Card(Gate.OTHER, title, State.PASSED)


def _asked(check: Check) -> Asked:
    function = asking_function(check.stack)
    verb = "granted in" if check.granted else "asked in" if check.decisive else "refused in"
    return Asked(check.capability, verb, function, function_purpose(function), _path(check.stack))


def _path(stack: tuple[str, ...]) -> tuple[str, ...]:
    """The stack from the check out to the call; a function that the compiler split stands once."""
    # With more than one tracer, the kernel walks over them first.
    names = [name for name in map(plain_name, stack) if not name.startswith("__traceiter_")]
    inner = itertools.takewhile(lambda name: not name.startswith(_ENTRY), names)
    return tuple(name for name, _ in itertools.groupby(inner))
