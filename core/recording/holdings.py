"""Which exec tells what a process held at a moment of the run: its own last one, or the one that its maker's credentials come from."""

from __future__ import annotations

from bisect import bisect_left
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.judge.watched import Watched
from core.knowledge.syscalls import name
from core.recording.rows import CALL_ROW, PROCESS_ROW

if TYPE_CHECKING:
    from core.recording.recording import Recording

_CHANGING: Final = ("capset", "setresuid", "setresuid32", "setreuid", "setreuid32", "setuid", "setuid32", "setns", "unshare")
"""Calls after which a process may hold other capabilities than at its exec."""
_ROW: Final = itemgetter(0)


class Holdings:
    """The processes of a recording, up to the row that was taken in last: nothing is looked at twice."""

    def __init__(self) -> None:
        self._taken = 0
        self._watched = Watched(*_CHANGING)
        self._execs: dict[int, list[tuple[int, int | None]]] = {}
        # By process: (row, the row of the exec that tells what it held from there on; None: it changed its credentials).

    def exec_of(self, recording: Recording, index: int, pid: int) -> int | None:
        """The row of the exec that tells what the process held at event number `index`, from 0; None where none does."""
        self._take(recording, index)
        history = self._execs.get(pid, [])
        place = bisect_left(history, index, key=_ROW)
        return history[place - 1][1] if place else None

    def _take(self, recording: Recording, stop: int) -> None:
        for first, rows in recording.rows.slices(self._taken, stop):
            events = rows["kind"] == PROCESS_ROW
            changing = np.zeros(len(rows), np.bool_)
            changing[self._watched.succeeded(rows)] = True
            for offset in np.flatnonzero(events | changing).tolist():
                row, pid = rows[offset], int(rows["pid"][offset])
                if row["kind"] != CALL_ROW:
                    self._event(first + offset, pid, *recording.details.process[first + offset])
                elif pid in self._execs and name(int(row["arch"]), int(row["nr"])) in _CHANGING:
                    self._execs[pid].append((first + offset, None))
        self._taken = max(self._taken, stop)

    def _event(self, row: int, pid: int, event: str, data: dict[str, Any]) -> None:
        if event == "exec":
            self._execs.setdefault(pid, []).append((row, row))
        elif event == "fork" and not data["thread"]:
            # A child holds what its maker holds, until it runs a program itself.
            self._execs[int(data["child"])] = [(row, self._execs[pid][-1][1] if pid in self._execs else None)]
