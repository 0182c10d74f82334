"""What the policy's seccomp mode answers to each call, computed: its filters emulated, or strict mode's four calls."""

from __future__ import annotations

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


class Computed:
    """One run's seccomp mode."""

    def __init__(self, context: JudgeContext) -> None:
        """Raises `core.bpf.program.ProgramError` for a filter that the kernel would refuse."""
        self._strict = context.strict
        self._emulator = Emulator(context.filters)
        self._idle = not context.filters and not context.strict

    def values(self, calls: NDArray[np.void], judged: NDArray[np.bool_]) -> NDArray[np.uint32]:
        """For each call SECCOMP_RET_* with its data; ALLOW where `judged` says that it was not judged."""
        if self._idle or not judged.any():
            return np.full(len(calls), ALLOW, np.uint32)
        if judged.all():
            return self._answer(calls)
        values = np.full(len(calls), ALLOW, np.uint32)
        values[judged] = self._answer(calls[judged])
        return values

    def _answer(self, calls: NDArray[np.void]) -> NDArray[np.uint32]:
        if not self._strict:
            return self._emulator.values(calls)
        allowed = np.zeros(len(calls), np.bool_)
        for architecture, names in STRICT_CALLS.items():
            numbers = [nr for name in names if (nr := number(architecture, name)) is not None]
            allowed |= (calls["arch"] == ARCHES[architecture]) & np.isin(calls["nr"], numbers)
        return np.where(allowed, np.uint32(ALLOW), np.uint32(_KILL))


def passes(values: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """For each answer whether the call runs on (ALLOW, LOG)."""
    actions = values & np.uint32(ACTION_MASK)
    return np.asarray((actions == ALLOW) | (actions == LOG))
