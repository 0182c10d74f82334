"""The actions of a seccomp filter, as words and as the kernel's numbers.

Source: seccomp(2) and the kernel's include/uapi/linux/seccomp.h.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import Final

from core.knowledge.errnos import errno_name, errno_names, errno_number
from core.policy.error import quoted, suggestion

ACTION_MASK: Final = 0xFFFF0000
"""SECCOMP_RET_ACTION_FULL: the action's part of a filter's result."""

DATA_MASK: Final = 0x0000FFFF
"""SECCOMP_RET_DATA: the rest, the errno or the number for the tracer."""

MAX_ERRNO: Final = 4095


class ActionKind(enum.StrEnum):
    """What a filter can make of a call; the values are the policy file's words."""

    ALLOW = "allow"
    LOG = "log"
    ERRNO = "errno"
    TRAP = "trap"
    KILL_THREAD = "kill-thread"
    KILL_PROCESS = "kill-process"
    TRACE = "trace"
    ASK = "ask"


_VALUES: Final = {
    ActionKind.KILL_PROCESS: 0x80000000,
    ActionKind.KILL_THREAD: 0x00000000,
    ActionKind.TRAP: 0x00030000,
    ActionKind.ERRNO: 0x00050000,
    ActionKind.ASK: 0x7FC00000,  # SECCOMP_RET_USER_NOTIF
    ActionKind.TRACE: 0x7FF00000,
    ActionKind.LOG: 0x7FFC0000,
    ActionKind.ALLOW: 0x7FFF0000,
}
_KINDS: Final = {value: kind for kind, value in _VALUES.items()}
_WITH_DATA: Final = (ActionKind.ERRNO, ActionKind.TRACE)
_ALLOWED: Final = "Allowed: allow, log, errno:EPERM (a name or a number), trap, kill-thread, kill-process, trace:1 (a number), ask"


@dataclasses.dataclass(frozen=True, slots=True)
class Action:
    """An action with its data: the errno of `errno`, the number that a tracer gets of `trace`, 0 for the rest."""

    kind: ActionKind
    data: int = 0

    @property
    def word(self) -> str:
        """As the policy file writes it: "errno:EPERM", "trace:7", "kill-process"."""
        if self.kind is ActionKind.ERRNO:
            return f"errno:{errno_name(self.data) if self.data else 0}"
        return f"{self.kind}:{self.data}" if self.kind in _WITH_DATA or self.data else str(self.kind)

    @property
    def value(self) -> int:
        """As a filter returns it: SECCOMP_RET_* with the data in the low 16 bits."""
        return _VALUES[self.kind] | self.data

    @classmethod
    def from_value(cls, value: int) -> Action:
        """The action that the kernel takes for a filter's result; it treats one that it does not know as kill-process."""
        return cls(_KINDS.get(value & ACTION_MASK, ActionKind.KILL_PROCESS), value & DATA_MASK)


def parse_action(text: str) -> Action:
    """Reads a policy's word for an action. Raises ValueError with a sentence that says what is allowed."""
    word, colon, detail = text.partition(":")
    try:
        kind = ActionKind(word)
    except ValueError:
        raise ValueError(f"{quoted(text)} is not an action{suggestion(word, ActionKind) or '.'} {_ALLOWED}.") from None
    if kind is ActionKind.ERRNO:
        return Action(kind, _errno(text, detail))
    if kind is ActionKind.TRACE:
        return Action(kind, _trace_number(text, detail))
    if colon:
        raise ValueError(f"{quoted(text)} is not an action: {word} takes nothing behind a colon. {_ALLOWED}.")
    return Action(kind)


def _errno(text: str, detail: str) -> int:
    allowed = f"Allowed: a name such as EPERM, or a number from 0 (the call returns 0 without running) to {MAX_ERRNO}."
    if not detail:
        raise ValueError(f"{quoted(text)} does not say which errno. {allowed}")
    if detail.isdecimal() and detail.isascii():
        if int(detail) > MAX_ERRNO:
            raise ValueError(f"{quoted(text)}: the kernel has no errno {detail}. {allowed}")
        return int(detail)
    try:
        return errno_number(detail)
    except ValueError as err:
        raise ValueError(f"{quoted(text)} names no errno{suggestion(detail, errno_names()) or '.'} {allowed}") from err


def _trace_number(text: str, detail: str) -> int:
    if not (detail.isdecimal() and detail.isascii() and int(detail) <= DATA_MASK):
        raise ValueError(f"{quoted(text)}: trace needs the number that the tracer gets. Allowed: trace:0 to trace:{DATA_MASK}.")
    return int(detail)
