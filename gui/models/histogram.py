"""How many calls there were when, and where gates said no: the counts behind the timeline."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.judge.verdict import Gate, Outcome

BUCKETS: Final = 512
"""Intervals of time that are kept; a widget shows them in groups."""

_STOPPED: Final = (Outcome.DENIED, Outcome.KILLED, Outcome.TRAPPED)
_FIRST_SPAN: Final = 1_000_000


class Histogram:
    """Counts by interval and gate, over a span that doubles whenever the run outgrows it."""

    def __init__(self) -> None:
        self.span_ns = _FIRST_SPAN
        """The time that the buckets cover, in nanoseconds."""
        self.last_ns = 0
        """The time of the latest event so far."""
        self.counts: NDArray[np.int64] = np.zeros((BUCKETS, len(Gate)), np.int64)
        """One row an interval, one column a gate; `Gate.NONE` counts the calls that no gate stopped."""

    def add(self, rows: NDArray[np.void]) -> None:
        """Counts more events: arrays with `time_ns`, `gate` and `outcome`."""
        if not len(rows):
            return
        times = np.maximum(rows["time_ns"], 0)
        self.last_ns = max(self.last_ns, int(times.max()))
        while self.last_ns >= self.span_ns:
            self._double()
        gates = np.where(np.isin(rows["outcome"], _STOPPED), rows["gate"], Gate.NONE).astype(np.int64)
        places = times * BUCKETS // self.span_ns * len(Gate) + gates
        self.counts += np.bincount(places, minlength=self.counts.size).reshape(self.counts.shape)

    def bars(self, count: int) -> NDArray[np.int64]:
        """The counts up to the latest event in at most `count` bars, one row a bar, one column a gate."""
        used = max(1, int(self.last_ns * BUCKETS // self.span_ns) + 1)
        edges = np.unique(np.linspace(0, used, min(count, used) + 1).astype(np.int64))
        bars: NDArray[np.int64] = np.add.reduceat(self.counts[:used], edges[:-1], axis=0)
        return bars

    def _double(self) -> None:
        self.span_ns *= 2
        merged = self.counts.reshape(BUCKETS // 2, 2, len(Gate)).sum(axis=1)
        self.counts = np.concatenate([merged, np.zeros_like(merged)])
