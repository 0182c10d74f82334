"""A seccomp rule in words, for tables and tips."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from core.knowledge.errnos import errno_meaning
from core.knowledge.groups import GROUPS
from core.knowledge.syscalls import ARCHES, by_name, syscall
from core.policy.action import Action, ActionKind, parse_action
from core.policy.architectures import NATIVE
from core.policy.model import ArgumentTest, Rule

_SEPARATOR = re.compile(r"[\s,]+")
_SHOWN_CALLS: Final = 30
"""Of a group; to spell it out shows all."""


def calls_text(syscalls: Iterable[str | int]) -> str:
    """ "socket, connect, @network-io, 41"."""
    return ", ".join(map(str, syscalls))


def groups_text(syscalls: Iterable[str | int]) -> str:
    """What each group among them stands for, a line each; empty where there is none."""
    groups = [call for call in syscalls if isinstance(call, str) and call in GROUPS]
    return "\n".join(f"{group}, {len(GROUPS[group])} calls: {_few(GROUPS[group])}" for group in groups)


def _few(names: Sequence[str]) -> str:
    rest = len(names) - _SHOWN_CALLS
    return ", ".join(names) if rest <= 1 else f"{', '.join(names[:_SHOWN_CALLS])} and {rest} more"


def numbers_text(syscalls: Iterable[str | int]) -> str:
    """What each number among them is here, in a line; empty where there is none."""
    numbers = [call for call in syscalls if isinstance(call, int)]
    return " · ".join(
        f"{number} is {call.name}" if (call := syscall(ARCHES[NATIVE], number)) else f"{number} has no name here" for number in numbers
    )


def spelled_out(syscalls: Iterable[str | int]) -> tuple[str | int, ...]:
    """With each group's calls in its place; those that are not the native architecture's are left out."""
    known = by_name(NATIVE)
    calls: dict[str | int, None] = {}
    for call in syscalls:
        members = GROUPS.get(call) if isinstance(call, str) else None
        calls.update(dict.fromkeys((call,) if members is None else (name for name in members if name in known)))
    return tuple(calls)


def count_text(count: int) -> str:
    """A count where there is little room: "9,999", "48.2k", "3.1M"."""
    if count < 10_000:
        return f"{count:,}"
    value, sign = (count / 1e6, "M") if count >= 999_500 else (count / 1e3, "k")
    return f"{value:.1f}{sign}" if value < 100 else f"{value:.0f}{sign}"


def parse_calls(text: str) -> tuple[str | int, ...]:
    """The inverse of `calls_text`; commas and blanks part the entries, and a number may be hexadecimal."""
    return tuple(_call(word) for word in _SEPARATOR.split(text) if word)


def argument_text(test: ArgumentTest) -> str:
    """ "arg 1 & 15 == SOCK_RAW"."""
    if test.op == "&==":
        return f"arg {test.index} & {number_text(test.mask)} == {number_text(test.value)}"
    return f"arg {test.index} {test.op} {number_text(test.value)}"


def arguments_text(rule: Rule) -> str:
    """The tests of a rule; all must hold."""
    return ", ".join(map(argument_text, rule.args))


def arguments_summary(rule: Rule) -> str:
    """The same where there is little room: "AF_INET, SOCK_RAW", "≥ 3"."""
    signs = {"==": "", "&==": "", "!=": "≠ ", "<=": "≤ ", ">=": "≥ ", "<": "< ", ">": "> "}
    return ", ".join(f"{signs[test.op]}{number_text(test.value)}" for test in rule.args)


def number_text(value: int | str | None) -> str:
    """A value as it is typed: a mask or an address is easier to read in hexadecimal."""
    if isinstance(value, int):
        return str(value) if -256 < value < 256 else hex(value)
    return value or ""


def parse_number(text: str) -> int | str:
    """A number where the text is one ("0x1f", "-1", "42"), else the constant's name as it stands."""
    word = text.strip()
    try:
        return int(word, 0)
    except ValueError:
        return word


def action_sentence(word: str) -> str:
    """What an action does to a call, as a sentence; empty for a word that is no action."""
    try:
        action = parse_action(word)
    except ValueError:
        return ""
    return _sentence(action)


def _sentence(action: Action) -> str:
    match action.kind:
        case ActionKind.ALLOW:
            return "The call runs."
        case ActionKind.LOG:
            return "The call runs, and the kernel's audit log hears of it."
        case ActionKind.ERRNO if action.data == 0:
            return "The call does not run, and answers 0 as if it had worked."
        case ActionKind.ERRNO:
            return f"The call does not run, and answers with “{errno_meaning(action.data)}”."
        case ActionKind.TRAP:
            return "The call does not run; the thread gets SIGSYS, which the program may handle."
        case ActionKind.KILL_THREAD:
            return "The thread that makes the call ends."
        case ActionKind.KILL_PROCESS:
            return "The whole process ends, as if by SIGSYS."
        case ActionKind.TRACE:
            return "A tracer that asked for it decides; without one the call answers ENOSYS."
        case ActionKind.ASK:
            return "Somebody else is asked, and answers for the call."


def _call(word: str) -> str | int:
    number = parse_number(word)
    return number if isinstance(number, int) and number >= 0 else word
