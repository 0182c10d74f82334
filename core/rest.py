"""How whoever judges a run, and shows it, leaves the processors to its target.

Being nice is not enough: where sessions are scheduled as groups (sched(7), "The autogroup feature"), the target, which has a session of its own,
shares the processors half and half with all that judges it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

_BEHIND: Final = 2 << 20
"""Whoever has more bytes than these before him does not rest."""
_WAITED: Final = 0.05
"""The part of some work's time spent on waiting for a processor from which on these are wanted by others."""
_SCHEDSTAT: Final = Path("/proc/thread-self/schedstat")


def waited_ns() -> int | None:
    """How long this thread has waited for a processor so far, while it could have run; None where the kernel does not count that."""
    try:
        return int(_SCHEDSTAT.read_bytes().split()[1])
    except (OSError, IndexError):
        return None


class Rest:
    """Told of each piece of work, says how long the next one is to wait."""

    def __init__(
        self,
        times: float,
        longest: float,
        clock: Callable[[], float] = time.monotonic,
        waited: Callable[[], int | None] = waited_ns,
    ) -> None:
        """A rest is `times` as long as the work was, but no longer than `longest` seconds, for somebody watches."""
        self._times = times
        self._longest = longest
        self._clock = clock
        self._waited = waited
        self._until = 0.0

    @contextlib.contextmanager
    def work(self) -> Iterator[None]:
        """Some work, from which one rests if others wanted the processors meanwhile: on an idle one nobody is served by a rest."""
        began, before = self._clock(), self._waited()
        yield
        took, after = self._clock() - began, self._waited()
        if before is None or after is None or after - before > _WAITED * took * 1e9:
            self.worked(took)

    def worked(self, seconds: float) -> None:
        """Just now, for so long, on what has to leave time to something else in any case."""
        self._until = self._clock() + min(self._times * seconds, self._longest)

    def left(self, waiting: int = 0) -> float:
        """Seconds until the next piece of work is due, with so many bytes waiting for it; 0 where it is."""
        return 0.0 if waiting > _BEHIND else max(self._until - self._clock(), 0.0)


def judging_rest() -> Rest:
    """For judging: of records that come every 30 ms, a rest makes larger batches, each of which costs less."""
    return Rest(times=6, longest=0.1)
