"""Which calls a seccomp filter answered with a signal, by the process records."""

from __future__ import annotations

import enum

import numpy as np
from numpy.typing import NDArray

from core.judge.collect import Batch, ends
from core.judge.match import first_rows
from core.observer.wire import CallFlag, ProcessKind

_SIGSYS = 31
_SYS_SECCOMP = 1


class Signalled(enum.IntEnum):
    """What followed on a call."""

    NO = 0
    TRAPPED = 1
    """SIGSYS with si_code SYS_SECCOMP."""
    KILLED = 2
    """The thread died of seccomp."""
    HANDLED = 3
    """SIGSYS, and the thread went on: it has a handler for it."""
    DIED = 4
    """SIGSYS, and the thread died of it: it has none."""


def signalled(batch: Batch) -> NDArray[np.uint8]:
    """For each call of the batch `Signalled`; a record that does not name its call belongs to its thread's last one that seccomp may have stopped."""
    found = np.zeros(len(batch.calls), np.uint8)
    processes = batch.processes
    traps = (processes["kind"] == ProcessKind.SIGNAL) & (processes["status"] == _SIGSYS) & (processes["other"] == _SYS_SECCOMP)
    kills = processes["kind"] == ProcessKind.KILLED_BY_SECCOMP
    for chosen, meaning in ((traps, Signalled.TRAPPED), (kills, Signalled.KILLED)):  # a kill is a SIGSYS too: the last one written holds
        records = processes[chosen]
        if len(records) and len(found):
            rows = _rows(records, batch)
            rows = rows[rows >= 0]
            found[rows] = np.where((found[rows] == Signalled.TRAPPED) & (meaning == Signalled.KILLED), Signalled.DIED, meaning)
    trapped = np.flatnonzero(found == Signalled.TRAPPED)
    if len(trapped):
        _follow(trapped, batch, found)
    return found


def _follow(trapped: NDArray[np.intp], batch: Batch, found: NDArray[np.uint8]) -> None:
    # What became of the threads: another call, or their death.
    tids, times = batch.calls["tid"], ends(batch.calls)
    order = np.lexsort((times, tids))
    later = np.zeros(len(tids), np.bool_)
    later[order[:-1]] = tids[order][1:] == tids[order][:-1]
    found[trapped[later[trapped]]] = Signalled.HANDLED
    deaths = batch.processes[(batch.processes["kind"] == ProcessKind.EXIT) & (batch.processes["status"] & 0x7F == _SIGSYS)]
    last = trapped[~later[trapped]]
    found[last[np.isin(tids[last], deaths["tid"])]] = Signalled.DIED


def _rows(records: NDArray[np.void], batch: Batch) -> NDArray[np.intp]:
    rows = first_rows(records["id"], batch.calls["id"])
    rows[records["id"] == 0] = -1
    nameless = np.flatnonzero(rows < 0)
    if len(nameless):
        rows[nameless] = _last_before(records[nameless], batch)
    return rows


def _last_before(records: NDArray[np.void], batch: Batch) -> NDArray[np.intp]:
    candidates = np.flatnonzero((batch.calls["flags"] & CallFlag.PASSED) == 0)
    tids, times = batch.calls["tid"][candidates], ends(batch.calls)[candidates]
    order = np.lexsort((times, tids))
    tids, times = tids[order], times[order]
    found = np.full(len(records), -1, np.intp)
    for place, record in enumerate(records):
        start, stop = np.searchsorted(tids, record["tid"], side="left"), np.searchsorted(tids, record["tid"], side="right")
        nearest = int(start + np.searchsorted(times[start:stop], record["time_ns"], side="right")) - 1
        if nearest >= start:
            found[place] = candidates[order[nearest]]
    return found
