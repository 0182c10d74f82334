"""How much of a long job to do at a time, so that the window stays quick whatever a piece costs."""

from __future__ import annotations

import time
from typing import Final

_FIRST: Final = 1024
_SMALLEST: Final = 64
_LARGEST: Final = 131_072


class Slices:
    """The size of the next slice, in events, learnt from how long the last one took."""

    def __init__(self, budget: float = 0.008) -> None:
        """`budget`: seconds of work before the window gets its turn."""
        self._budget = budget
        self._started = 0.0
        self._deadline = 0.0
        self.size = _FIRST

    def begin_turn(self) -> None:
        """The window had its turn; work begins again."""
        self._deadline = time.monotonic() + self._budget

    def begin(self) -> int:
        """Starts a slice; its size."""
        self._started = time.monotonic()
        return self.size

    def end(self) -> bool:
        """A slice is done. Whether there is time for another one in this turn."""
        now = time.monotonic()
        took = now - self._started
        if took > self._budget / 2:
            self.size = max(_SMALLEST, self.size // 2)
        elif took < self._budget / 8:
            self.size = min(_LARGEST, self.size * 2)
        return now < self._deadline
