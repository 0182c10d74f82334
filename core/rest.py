"""How whoever judges a run, and shows it, leaves the processors to its target.

Being nice is not enough: where sessions are scheduled as groups (sched(7), "The autogroup feature"), the target, which has a session of its own,
shares the processors half and half with all that judges it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

_TIMES: Final = 3
"""How many times as long as it worked it rests ..."""
_LONGEST: Final = 0.05
"""... but no longer than these seconds, for somebody watches ..."""
_BEHIND: Final = 1 << 20
"""... and not while more bytes than these wait to be judged."""


class Rest:
    """Told how long each piece of work took, says how long the next one is to wait."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = 0.0

    def worked(self, seconds: float) -> None:
        """Just now, for so long."""
        self._until = self._clock() + min(_TIMES * seconds, _LONGEST)

    def left(self, waiting: int = 0) -> float:
        """Seconds until the next piece of work is due, with so many bytes waiting for it; 0 where it is."""
        return 0.0 if waiting > _BEHIND else max(self._until - self._clock(), 0.0)
