"""What came around a call that seccomp killed or trapped: the last calls before it, and what the signal did."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import numpy as np

from core.recording.rows import CALL_ROW

if TYPE_CHECKING:
    from core.recording.recording import Recording

_NEAR: Final = 100_000
"""Events within which the thread's next sign of life is looked for."""


@dataclasses.dataclass(frozen=True, slots=True)
class Aftermath:
    """What became of the thread."""

    signal: str = ""
    """The signal that ended it; empty where none did, or where its end is not on record."""
    whole_process: bool = False
    """The whole process ended with it."""
    lived_on: int | None = None
    """The number, from 0, of the thread's next call: a handler took the signal."""

    @property
    def sentence(self) -> str:
        """For somebody who reads it under the call."""
        if self.lived_on is not None:
            return "A handler of the target's own took the SIGSYS, and the thread went on."
        if not self.signal:
            return "The end of the thread is not on record."
        return f"{self.signal} ended the {'whole process' if self.whole_process else 'thread alone; the process went on'}."


def aftermath_of(recording: Recording, index: int) -> Aftermath:
    """What followed on call number `index`, from 0."""
    row = recording.rows.row(index)
    pid, tid = int(row["pid"]), int(row["tid"])
    for first, rows in recording.rows.slices(index + 1, min(len(recording), index + 1 + _NEAR)):
        for place in np.flatnonzero(rows["tid"] == tid).tolist():
            if rows["kind"][place] == CALL_ROW:
                return Aftermath(lived_on=first + place)
            event, data = recording.details.process[first + place]
            if event == "exit":
                return Aftermath(str(data.get("signal", "")), not _lives_on(recording, first + place, pid))
    return Aftermath()


def calls_before(recording: Recording, index: int, count: int) -> list[int]:
    """The numbers, from 0, of the last calls that the same thread made before event number `index`, the earliest first."""
    tid = recording.rows.row(index)["tid"]
    found: list[int] = []
    start = index
    while start > 0 and len(found) < count:
        stop, start = start, max(0, start - _NEAR)
        for first, rows in recording.rows.slices(start, stop):
            found += (np.flatnonzero((rows["tid"] == tid) & (rows["kind"] == CALL_ROW)) + first).tolist()
        found.sort()
    return found[-count:] if count else []


def _lives_on(recording: Recording, end: int, pid: int) -> bool:
    """Whether other threads of the process still made calls after this event."""
    for _, rows in recording.rows.slices(end + 1, min(len(recording), end + 1 + _NEAR)):
        if ((rows["pid"] == pid) & (rows["kind"] == CALL_ROW)).any():
            return True
    return False
