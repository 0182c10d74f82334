"""The seccomp filters that the target installed itself, found among a run's events."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Final

from core.judge.own_filters import INSTALLERS, Installed, installed
from core.judge.verdict import Gate
from core.judge.watched import Watched
from core.knowledge.syscalls import name
from core.recording.rows import CALL_ROW, Details, Rows


@dataclasses.dataclass(frozen=True, slots=True)
class OwnFilter:
    """One of them."""

    number: int
    """From 1, in the order of their coming: `Verdict.own_filter`."""
    seq: int
    """The number of the event that installed it: the call of seccomp(2) or prctl(2)."""
    time_ns: int
    """When that call was entered, since the start of the run."""
    pid: int
    tid: int
    installed: Installed
    """The program and how it was put on."""


_INSTALLERS: Final = Watched(*INSTALLERS)


def own_filters(rows: Rows, details: Details, start: int, count: int) -> Iterator[OwnFilter]:
    """Those among some events, of which the first is number `start` of the run, from 0; `count` were found before. `details` count from 0."""
    for index in _INSTALLERS.succeeded(rows).tolist():
        row = rows[index]
        if row["kind"] != CALL_ROW or row["gate"] == Gate.SECCOMP:
            continue
        called = name(int(row["arch"]), int(row["nr"]))
        one = installed(called, row["args"].tolist(), int(row["ret"]), details.captures.get(index, ())) if called in INSTALLERS else None
        if one is not None:
            count += 1
            yield OwnFilter(count, start + index + 1, int(row["time_ns"]), int(row["pid"]), int(row["tid"]), one)
