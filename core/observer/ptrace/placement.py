"""One processor for tracer and target: a stop then costs two switches on the spot instead of two wake-ups of another processor.

It pays while a single process of the target is busy. As soon as two are, they get their processors back.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection
from pathlib import Path
from typing import Final

from core.observer import native

_INTERVAL_NS: Final = 50_000_000
_BUSY_SHARE: Final = 0.6
"""A thread that ran, or could have, for this share of the interval is busy."""


class Placement:
    """Where tracer and target may run."""

    def __init__(self) -> None:
        self._before: set[int] | None = None
        self._cpu = -1
        self._looked_ns = 0
        self._runnable: dict[int, int] = {}

    @property
    def pinned(self) -> bool:
        return self._before is not None

    def pin(self, pid: int) -> None:
        """Put us and the (first) process on the processor that we run on; nothing where there is but one, or it is not allowed."""
        before = os.sched_getaffinity(0)
        if len(before) == 1:
            return
        cpu = native.current_cpu()
        with contextlib.suppress(OSError):
            os.sched_setaffinity(pid, {cpu})
            os.sched_setaffinity(0, {cpu})
            self._before, self._cpu = before, cpu

    def look(self, threads: Collection[int]) -> bool:
        """Called now and then: release where two threads were busy since the last look. True where that happened."""
        now = time.monotonic_ns()
        elapsed = now - self._looked_ns
        if self._before is None or elapsed < _INTERVAL_NS:
            return False
        self._looked_ns = now
        if len(threads) < 2:
            self._runnable.clear()
            return False
        runnable = {tid: _runnable_time(tid) for tid in threads}
        busy = sum(
            time_ns - self._runnable.get(tid, 0 if self._runnable else time_ns) > elapsed * _BUSY_SHARE for tid, time_ns in runnable.items()
        )
        self._runnable = runnable
        if busy >= 2:
            self.release(threads)
        return busy >= 2

    def release(self, threads: Collection[int]) -> None:
        """Give everybody their processors back, except those who have chosen for themselves since."""
        if self._before is None:
            return
        for tid in (0, *threads):
            with contextlib.suppress(OSError):
                if os.sched_getaffinity(tid) == {self._cpu}:
                    os.sched_setaffinity(tid, self._before)
        self._before = None


def _runnable_time(tid: int) -> int:
    # The time on a processor and the time of waiting for one, in ns (Documentation/scheduler/sched-stats).
    try:
        return sum(int(word) for word in Path(f"/proc/{tid}/schedstat").read_bytes().split()[:2])
    except OSError:
        return 0
