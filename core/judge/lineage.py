"""A property that a thread or process has from some moment on, and hands down to what it creates."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_NEVER: Final = 2**64 - 1


class Lineage:
    """Who has the property since when, by tid or pid; whoever has it never loses it."""

    def __init__(self) -> None:
        self._since: dict[int, int] = {}

    def mark(self, who: int, time_ns: int) -> None:
        """`who` has it from this moment on, if not before."""
        self._since[who] = min(time_ns, self._since.get(who, _NEVER))

    def inherit(self, child: int, parent: int, time_ns: int) -> None:
        """`parent` made `child` at this moment, or became it. A number that was used before now means the new one."""
        if child == parent:
            return
        since = self._since.get(parent, _NEVER)
        if since <= time_ns:
            self._since[child] = since
        else:
            self._since.pop(child, None)

    def has(self, who: NDArray[np.uint32], moments: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """For each of `who` whether it has the property at its moment."""
        if not self._since or not len(who):
            return np.zeros(len(who), np.bool_)
        if (who == who[0]).all():
            since: Any = np.uint64(self._since.get(int(who[0]), _NEVER))
        else:
            distinct, places = np.unique(who, return_inverse=True)
            since = np.array([self._since.get(number, _NEVER) for number in distinct.tolist()], np.uint64)[places]
        return np.asarray((since <= moments) & (since != np.uint64(_NEVER)))
