"""What seccomp answers to each call, computed: filters emulated, or strict mode's four calls, and all that stand over a thread combined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.bpf.emulate import Emulator
from core.judge.context import JudgeContext
from core.knowledge.strict import STRICT_CALLS
from core.knowledge.syscalls import ARCHES, number
from core.policy.action import ACTION_MASK, Action, ActionKind

ALLOW: Final = Action(ActionKind.ALLOW).value
LOG: Final = Action(ActionKind.LOG).value
_KILL: Final = Action(ActionKind.KILL_THREAD).value

Answer = Callable[[NDArray[np.void]], NDArray[np.uint32]]
"""For each call SECCOMP_RET_* with its data."""


def policy_answer(context: JudgeContext) -> Answer:
    """The policy's seccomp mode. Raises `core.bpf.program.ProgramError` for a filter that the kernel would refuse."""
    return strict_answer if context.strict else Emulator(context.filters).values


def strict_answer(calls: NDArray[np.void]) -> NDArray[np.uint32]:
    """Seccomp mode 1."""
    allowed = np.zeros(len(calls), np.bool_)
    for architecture, names in STRICT_CALLS.items():
        numbers = [nr for name in names if (nr := number(architecture, name)) is not None]
        allowed |= (calls["arch"] == ARCHES[architecture]) & np.isin(calls["nr"], numbers)
    return np.where(allowed, np.uint32(ALLOW), np.uint32(_KILL))


def passes(values: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """For each answer whether the call runs on (ALLOW, LOG)."""
    actions = values & np.uint32(ACTION_MASK)
    return np.asarray((actions == ALLOW) | (actions == LOG))


def stricter(values: NDArray[np.uint32], others: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """For each answer whether it takes precedence over an equally old or newer filter's (`core.bpf.emulate.strictest`)."""
    return np.asarray((values & np.uint32(ACTION_MASK)).view(np.int32) < (others & np.uint32(ACTION_MASK)).view(np.int32))
