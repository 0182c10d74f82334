"""Frames into batches: each holds all that belongs to the calls which came to their end up to a moment."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.judge.audit import AuditRecord, parse_audit
from core.judge.match import among, first_rows
from core.judge.records import CALL_DTYPE, CHECK_DTYPE, PROCESS_DTYPE, Capture, Records, parse_captures, parse_records
from core.observer import wire
from core.observer.wire import CallFlag, Frame, FrameKind, ProcessKind

MOST_HELD: Final = 1 << 17
"""Checks, and calls' captures, kept for calls that have not come; beyond, the oldest are orphans: their calls were lost."""

SETTLING_NS: Final = 50_000_000
"""How long a thread's last call, if seccomp may have stopped it without an errno, is held back for the signal that says how; in the records' time."""

AUDIT_DELAY_NS: Final = 2_000_000
"""How long the kernel may take to deliver an audit record, in the records' time."""

_FOREVER: Final = 2**64 - 1
_RESTARTS: Final = (-512, -513, -514, -516)
_DEATHS: Final = (ProcessKind.KILLED_BY_SECCOMP, ProcessKind.EXIT)


@dataclasses.dataclass(slots=True)
class Gap:
    """A stretch of time in which records were lost, as narrow as it can be told; CLOCK_MONOTONIC, in ns."""

    start_ns: int
    end_ns: int
    counts: Mapping[str, int]
    """By kind; only kinds of which there were any."""


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """Records that are complete up to `watermark`."""

    calls: Records
    """In the order in which they came to their end (`ends`)."""
    checks: Records
    """Those inside these calls, in time order."""
    processes: Records
    """In time order."""
    captures: dict[int, tuple[Capture, ...]]
    """By call id: those of these calls, and of the execs among `processes`."""
    gaps: tuple[Gap, ...]
    """Where records were lost, in or near the time of these calls."""
    lost: Mapping[str, int]
    """Records lost so far, by kind; only kinds of which there were any."""
    watermark: int
    """CLOCK_MONOTONIC, in ns."""
    audit: tuple[AuditRecord, ...] = ()
    """What has come of the kernel's audit log since the batch before, about calls of this batch or of others."""


def ends(calls: Records) -> NDArray[np.uint64]:
    """When each call came to its end; for one without an end, the last that is known of it."""
    last: NDArray[np.uint64] = np.maximum(calls["exited_ns"], calls["entered_ns"])
    return last


def restarts(calls: Records) -> NDArray[np.bool_]:
    """For each call whether it returned one of the kernel's own marks (include/linux/errno.h): a signal interrupted it, and it is to be started again."""
    found: NDArray[np.bool_] = ((calls["flags"] & CallFlag.EXITED) != 0) & among(calls["ret"], _RESTARTS)
    return found


def deaths(processes: Records) -> Records:
    """The records after which a thread makes no call any more; a leader's place and number are taken by a thread that calls execve."""
    replaced = (processes["kind"] == ProcessKind.EXEC) & (processes["other"] != processes["tid"])
    found: Records = processes[among(processes["kind"], _DEATHS) | replaced]
    return found


class Collector:
    """Holds records back until all that belongs to them has come; whatever order they come in, it never raises for it."""

    def __init__(self) -> None:
        self.orphans = 0
        """Checks and captures so far that belong to no call: it was lost, or made before watching began."""
        self._calls = np.empty(0, CALL_DTYPE)
        self._checks = np.empty(0, CHECK_DTYPE)
        self._processes = np.empty(0, PROCESS_DTYPE)
        self._arrived: dict[FrameKind, list[Records]] = {}
        self._captures: dict[int, list[Capture]] = {}
        self._lost: dict[str, int] = {}
        self._gaps: list[Gap] = []
        self._watermark = 0
        self._audit: list[AuditRecord] | None = None

    def feed(self, frame: Frame) -> Batch | None:
        """Takes a frame; a FLUSH gives the batch that it completes. Frames without records are passed over. Raises `WireError` for cut records."""
        match frame.kind:
            case FrameKind.CALLS:
                self._arrived.setdefault(frame.kind, []).append(parse_records(frame.payload, CALL_DTYPE, "call"))
            case FrameKind.CHECKS:
                self._arrived.setdefault(frame.kind, []).append(parse_records(frame.payload, CHECK_DTYPE, "check"))
            case FrameKind.PROCESSES:
                self._arrived.setdefault(frame.kind, []).append(parse_records(frame.payload, PROCESS_DTYPE, "process"))
            case FrameKind.CAPTURES:
                for capture in parse_captures(frame.payload):
                    self._captures.setdefault(capture.call, []).append(capture)
            case FrameKind.LOST:
                self._note_lost(frame)
            case FrameKind.AUDIT:
                self._audit = [*(self._audit or ()), *parse_audit(frame.payload)]
            case FrameKind.FLUSH:
                return self._flush(_watermark(frame))
            case _:
                pass
        return None

    def pass_over(self, flush: Frame) -> None:
        """A flush of which no batch is wanted, since another one has come already. Raises `WireError` as `feed` does."""
        self._watermark = max(self._watermark, _watermark(flush))

    def finish(self) -> Batch:
        """All that is left, at the end of the run."""
        self._gather()
        latest = max((int(times.max()) for times in (ends(self._calls), self._processes["time_ns"]) if len(times)), default=0)
        batch = self._take(_FOREVER, max(self._watermark, latest))
        self.orphans += len(self._checks) + sum(map(len, self._captures.values()))
        self._checks = self._checks[:0]
        self._captures.clear()
        return batch

    def _note_lost(self, frame: Frame) -> None:
        counts = frame.json()
        for kind, count in counts.items():
            if not isinstance(count, int) or isinstance(count, bool) or count < 0:
                raise wire.WireError(f"the observer sent a LOST frame in which {kind} is not a count")
        new = {kind: count - self._lost.get(kind, 0) for kind, count in counts.items() if count > self._lost.get(kind, 0)}
        if new:
            self._gaps.append(Gap(self._watermark, _FOREVER, new))
            self._lost = {**self._lost, **{kind: counts[kind] for kind in new}}

    def _gather(self) -> None:
        self._calls = _joined(self._calls, self._arrived.pop(FrameKind.CALLS, []))
        self._checks = _joined(self._checks, self._arrived.pop(FrameKind.CHECKS, []))
        self._processes = _joined(self._processes, self._arrived.pop(FrameKind.PROCESSES, []))

    def _flush(self, watermark: int) -> Batch:
        self._gather()
        before, self._watermark = self._watermark, max(self._watermark, watermark)
        for gap in self._gaps:
            # Losses are counted when the rings have been read, which is somewhat later than the watermark.
            if gap.end_ns == _FOREVER and gap.start_ns < before:
                gap.end_ns = watermark
        # The observer reads the audit log when it has taken the watermark: of calls so long before that, all that it says has come.
        bound = watermark if self._audit is None else max(watermark - AUDIT_DELAY_NS, 0)
        return self._take(_settled(self._calls, self._processes, bound), watermark)

    def _take(self, horizon: int, watermark: int) -> Batch:
        calls, self._calls = _due(self._calls, ends(self._calls), horizon)
        processes, self._processes = _due(self._processes, self._processes["time_ns"], horizon)
        gaps, self._gaps = tuple(self._gaps), [gap for gap in self._gaps if gap.end_ns > horizon]
        audit: tuple[AuditRecord, ...] = ()
        if self._audit:
            audit, self._audit = tuple(self._audit), []
        return Batch(calls, self._checks_of(calls), processes, self._captures_of(calls, processes), gaps, self._lost, watermark, audit)

    def _checks_of(self, calls: Records) -> Records:
        held = self._checks
        if not len(held):
            return held
        outside = held["call"] == 0
        theirs = (first_rows(held["call"], calls["id"]) >= 0) & ~outside
        self.orphans += int(np.count_nonzero(outside))
        left = held[~theirs & ~outside]
        self.orphans += max(len(left) - MOST_HELD, 0)
        self._checks = left[-MOST_HELD:]
        inside, _ = _due(held[theirs], held["time_ns"][theirs], _FOREVER)
        return inside

    def _captures_of(self, calls: Records, processes: Records) -> dict[int, tuple[Capture, ...]]:
        held = self._captures
        if not held:
            return {}
        # An exec's captures are read again when its call returns, so they stay.
        execs = processes["id"][processes["kind"] == ProcessKind.EXEC].tolist()
        found = {call: tuple(held[call]) for call in execs if call in held}
        found.update({call: tuple(held.pop(call)) for call in calls["id"].tolist() if call in held})
        for call in list(held)[: max(len(held) - MOST_HELD, 0)]:
            self.orphans += len(held.pop(call))
        return found


def _watermark(frame: Frame) -> int:
    if len(frame.payload) != wire.FLUSH.size:
        raise wire.WireError(f"the observer sent a FLUSH frame of {len(frame.payload)} bytes; it has {wire.FLUSH.size}")
    (watermark,) = wire.FLUSH.unpack(frame.payload)
    return int(watermark)


def _joined(held: Records, arrived: list[Records]) -> Records:
    pieces = [held, *arrived] if len(held) else arrived
    if len(pieces) == 1:
        return pieces[0]
    if not pieces:
        return held
    joined: Records = np.concatenate(pieces)
    return joined


def _due(records: Records, times: NDArray[np.uint64], horizon: int) -> tuple[Records, Records]:
    # (those up to the horizon, in time order; the later ones), without a copy where they came so.
    late = times > np.uint64(horizon)
    if late.any():
        due, held = records[~late], records[late]
        times = times[~late]
    else:
        due, held = records, records[:0]
    if (times[1:] < times[:-1]).any():
        due = due[np.argsort(times, kind="stable")]
    return due, held


def _settled(calls: Records, processes: Records, watermark: int) -> int:
    # The moment up to which it has been seen what became of calls that seccomp stopped without an errno (`ret` is the call's own number), or
    # that a signal interrupted: the thread's death, or its next call in a handler, follow within microseconds, and must be judged together
    # with the call.
    times = ends(calls)
    stopped = (calls["flags"] & (CallFlag.PASSED | CallFlag.EXITED)) == CallFlag.EXITED
    fresh = (times <= np.uint64(watermark)) & (times > np.uint64(max(watermark - SETTLING_NS, 0)))
    unsure = np.flatnonzero(fresh & ((stopped & (calls["ret"] == calls["nr"].astype(np.int64))) | restarts(calls)))
    if len(unsure):
        # A later call that is held back itself tells nothing: the signal between the two would be held back with it.
        due = np.flatnonzero(times <= np.uint64(watermark))
        unsure = np.intersect1d(unsure, due[_last_of_threads(calls["tid"][due], times[due])])
    if not len(unsure):
        return watermark
    dead = deaths(processes)
    horizon = watermark
    for index in unsure[np.argsort(times[unsure], kind="stable")][::-1]:
        end = int(times[index])
        after = dead["time_ns"][(dead["tid"] == calls["tid"][index]) & (dead["time_ns"] >= np.uint64(end))]
        if not len(after) or int(after.min()) > horizon:
            horizon = min(horizon, end - 1)
    return horizon


def _last_of_threads(tids: NDArray[np.uint32], times: NDArray[np.uint64]) -> NDArray[np.intp]:
    # The row of each thread's last call: whoever has made another one since was not killed, and a trap's signal came before that.
    order = np.lexsort((times, tids))
    return order[np.flatnonzero(np.diff(tids[order].astype(np.int64), append=-1))]
