"""How often each rule of a run's policy decided: counted as the rows come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.judge.verdict import Gate
from core.recording.rows import CALL_ROW

if TYPE_CHECKING:
    from core.recording.recording import Recording


class RuleHits:
    """Counts of one recording; numpy does the counting, so that a million rows take some milliseconds."""

    def __init__(self) -> None:
        self._counts: NDArray[np.int64] = np.zeros(1, np.int64)
        self._taken = 0
        self.stopped = 0
        """Calls that seccomp stopped and no rule: the default or the bad-architecture action, or a filter of the target's own."""

    def catch_up(self, recording: Recording) -> bool:
        """Counts what came since; whether anything did."""
        length = len(recording)
        grown = length > self._taken
        if grown:
            self.take(recording, self._taken, length)
        return grown

    def take(self, recording: Recording, start: int, stop: int) -> None:
        """Counts the rows of [start, stop), which follow those of the call before."""
        for _, rows in recording.rows.slices(start, stop):
            calls = rows["kind"] == CALL_ROW
            counts = np.bincount(np.maximum(rows["rule"][calls], 0))
            self._counts = np.pad(self._counts, (0, max(0, len(counts) - len(self._counts))))
            self._counts[: len(counts)] += counts
            self.stopped += int(np.count_nonzero(calls & (rows["rule"] == 0) & (rows["gate"] == Gate.SECCOMP)))
        self._taken = stop

    @property
    def by_rule(self) -> Mapping[int, int]:
        """Rule number, from 1, to the calls that it decided, those that it let pass too; only rules that decided some."""
        return {number: count for number, count in enumerate(self._counts.tolist()) if number and count}

    @property
    def unruled(self) -> int:
        """Calls that no rule decided: those that `stopped` counts, those that passed, and those made before the filter began to judge."""
        return int(self._counts[0])
