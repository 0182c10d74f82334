"""Which seccomp filters stand over each thread, and since when."""

from __future__ import annotations

import bisect
from typing import Final

import numpy as np
from numpy.typing import NDArray

POLICY: Final = 0
"""The layer of the policy's filters; those that the target installed itself are numbered from 1."""

Stack = tuple[int, ...]
"""Layers, oldest first."""

_KEPT: Final = 4
# Changes of a thread that are remembered when a batch is done: a call that began before them may still be on its way.

_History = list[tuple[int, Stack]]  # (since, stack), ascending


class Stacks:
    """The stack of every thread at every moment, by tid; a thread whose making was not seen has that of its process's first thread."""

    def __init__(self, everyone: Stack) -> None:
        """`everyone`: what stands over threads of which nothing else was said."""
        self._everyone = everyone
        self._histories: dict[int, _History] = {}

    def at(self, tid: int, time_ns: int) -> Stack:
        """The thread's stack at this moment."""
        history = self._histories.get(tid, ())
        place = bisect.bisect_right(history, time_ns, key=_since)
        return history[place - 1][1] if place else self._everyone

    def push(self, tid: int, layer: int, time_ns: int) -> Stack:
        """A layer comes on top of the thread's stack at this moment; the new stack."""
        stack = self.at(tid, time_ns)
        if layer not in stack:
            stack = (*stack, layer)
        self.put(tid, stack, time_ns)
        return stack

    def put(self, tid: int, stack: Stack, time_ns: int) -> None:
        """The thread's stack from this moment on."""
        bisect.insort_right(self._histories.setdefault(tid, []), (time_ns, stack), key=_since)

    def inherit(self, child: int, parent: int, time_ns: int) -> None:
        """`parent` made `child` at this moment, or became it. A number that was used before now means the new one."""
        if child != parent:
            self._histories[child] = [(0, self.at(parent, time_ns))]

    def forget(self, tids: set[int]) -> None:
        """These are gone, and of the others only the latest changes are still asked for."""
        self._histories = {tid: history[-_KEPT:] for tid, history in self._histories.items() if tid not in tids}

    def of(self, calls: NDArray[np.void], moments: NDArray[np.uint64]) -> tuple[NDArray[np.intp], list[Stack]]:
        """For each call, judged at its moment, the place of its stack; and the stacks, the first of which is `everyone`'s."""
        places: dict[Stack, int] = {self._everyone: 0}
        if not self._histories or not len(calls):
            return np.zeros(len(calls), np.intp), list(places)
        distinct, first, threads = np.unique(calls["tid"], return_index=True, return_inverse=True)
        owners = [self._known(tid, pid) for tid, pid in zip(distinct.tolist(), calls["pid"][first].tolist(), strict=True)]
        latest = [self._histories[owner][-1] if owner is not None else (0, self._everyone) for owner in owners]
        codes = np.array([places.setdefault(stack, len(places)) for _, stack in latest], np.intp)[threads]
        since = np.array([time for time, _ in latest], np.uint64)[threads]
        for row in np.flatnonzero(moments < since).tolist():
            owner = owners[threads[row]]
            stack = self._everyone if owner is None else self.at(owner, int(moments[row]))
            codes[row] = places.setdefault(stack, len(places))
        return codes, list(places)

    def _known(self, tid: int, pid: int) -> int | None:
        return next((number for number in (tid, pid) if number in self._histories), None)


def _since(entry: tuple[int, Stack]) -> int:
    return entry[0]
