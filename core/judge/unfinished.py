"""Calls that a signal interrupted for good: the kernel meant to start them again, but their thread was no more."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.judge.collect import Batch, deaths, ends, restarts


def cut_off(batch: Batch) -> NDArray[np.bool_]:
    """For each call whether it is one."""
    found = restarts(batch.calls)
    rows = np.flatnonzero(found)
    if len(rows):
        times, dead = ends(batch.calls), deaths(batch.processes)
        for row in rows.tolist():
            theirs = times[batch.calls["tid"] == batch.calls["tid"][row]]
            end = _first_after(dead["time_ns"][dead["tid"] == batch.calls["tid"][row]], times[row])
            found[row] = end is not None and end < (_first_after(theirs, times[row] + np.uint64(1)) or end + 1)
    return found


def _first_after(times: NDArray[np.uint64], moment: np.uint64) -> int | None:
    later = times[times >= moment]
    return int(later.min()) if len(later) else None
