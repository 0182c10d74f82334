"""A rule made of a call that was seen, as a start for the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from core.event import CallEvent
from core.knowledge.constants import constant, constants_for, decoding_set
from core.knowledge.syscalls import by_name
from core.policy.action import ActionKind
from core.policy.model import ArgumentTest, Rule

_LOW_HALF: Final = 0xFFFFFFFF
_SIGN: Final = 1 << 31
_PASSING: Final = (ActionKind.ALLOW, ActionKind.LOG)


def rule_of_call(event: CallEvent, default: str) -> Rule:
    """The opposite of the filter's `default` for this call, with a test for each argument whose value has a name."""
    known = event.syscall in by_name(event.arch)
    action = "errno:EPERM" if default.partition(":")[0] in _PASSING else str(ActionKind.ALLOW)
    return Rule(
        syscalls=(event.syscall if known else event.nr,),
        action=action,
        args=tuple(_tests(event)) if known else (),
        note=f"made of call {event.seq}",
    )


def _tests(event: CallEvent) -> Iterator[ArgumentTest]:
    for index, value in enumerate(event.args):
        if name := _name(event.syscall, index, value):
            yield ArgumentTest(index=index, op="==", value=name)
        elif value & _SIGN and (name := _name(event.syscall, index, (value & _LOW_HALF) - (1 << 32))):
            # A negative C int arrives with 32 zero bits in front of it, or with 32 ones: only the low half is sure.
            yield ArgumentTest(index=index, op="&==", mask=_LOW_HALF, value=name)


def _name(syscall: str, index: int, value: int) -> str:
    """The constant, or the constants joined by |, that make exactly this value; empty where none do."""
    symbols = decoding_set(syscall, index)
    if symbols is None:
        return next((name for name in constants_for(syscall, index) if constant(name) == value), "")
    text = symbols.describe(value)
    return text if all(part[:1].isalpha() for part in text.split("|")) else ""
