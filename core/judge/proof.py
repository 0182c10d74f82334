"""What a second run, with one toggle changed, says of the change: confirmed, refuted, or not testable here."""

from __future__ import annotations

import dataclasses
import enum
from typing import Final

from core.event import CallEvent
from core.judge.change import Change, Expected
from core.judge.verdict import Gate, Outcome
from core.text import result_text

_STOPPED: Final = (Outcome.DENIED, Outcome.KILLED, Outcome.TRAPPED)


class Standing(enum.Enum):
    """How the change came out; its value is the word for it."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    NOT_TESTABLE = "not testable here"


@dataclasses.dataclass(frozen=True, slots=True)
class Proof:
    """The outcome of a flip."""

    standing: Standing
    sentence: str
    after: CallEvent | None = None
    """The same call in the second run; None where it did not come to that."""


def not_testable(reason: str) -> Proof:
    """There is no second run, or the call did not occur in it: `reason` is a sentence."""
    return Proof(Standing.NOT_TESTABLE, reason)


def judge_flip(change: Change, before: CallEvent, after: CallEvent) -> Proof:
    """Holds the same call of both runs against what the change was said to do."""
    held = _held(change, before, after)
    call, result = after.syscall, result_text(after)
    match change.expected:
        case Expected.PASSES if held and after.verdict.outcome in _STOPPED:
            sentence = f"With this one change {call} came further, and to {result} at another gate.{_why(after)}"
        case Expected.PASSES if held:
            sentence = f"With this one change {_became(after)}, instead of {result_text(before)}."
        case Expected.PASSES:
            sentence = f"With this one change {call} came to {result} all the same.{_why(after)}"
        case Expected.STAYS if held:
            sentence = f"With this one change nothing else came of it: {_became(after)}.{_why(after)}"
        case Expected.STAYS:
            sentence = f"With this one change {_became(after)}, instead of {result_text(before)}.{_why(after)}"
        case Expected.STOPS if held:
            sentence = f"With this one change {call} came to {result}, instead of {result_text(before)}.{_why(after)}"
        case _:
            sentence = f"With this one change {_became(after)} all the same.{_why(after)}"
    return Proof(Standing.CONFIRMED if held else Standing.REFUTED, sentence, after)


def _held(change: Change, before: CallEvent, after: CallEvent) -> bool:
    stopped = after.verdict.outcome in _STOPPED
    match change.expected:
        case Expected.PASSES if change.gate is Gate.SECCOMP:
            return not (stopped and after.verdict.gate is Gate.SECCOMP)
        case Expected.PASSES:
            # The same errno again, whoever gives it now, is no other outcome.
            return result_text(after) != result_text(before)
        case Expected.STAYS:
            return (before.verdict.gate, before.verdict.outcome) == (after.verdict.gate, after.verdict.outcome)
        case _:
            return stopped or (after.errno is not None and before.errno is None)


def _became(after: CallEvent) -> str:
    if after.verdict.outcome is Outcome.OK:
        return f"{after.syscall} succeeded ({result_text(after)})"
    return f"{after.syscall} came to {result_text(after)}"


def _why(after: CallEvent) -> str:
    reason = after.verdict.reason
    return f" {reason[:1].upper()}{reason[1:]}." if reason else ""
