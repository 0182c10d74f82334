"""What the descriptors of a run were open on, told from the recorded calls themselves.

Only the calls that change a table are looked at one by one; who asks for a name gets the one of that moment.
"""

from __future__ import annotations

import functools
from bisect import bisect_left
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from core.judge.verdict import Outcome
from core.knowledge.constants import constant
from core.knowledge.syscalls import by_name, name
from core.observer.wire import AUDIT_ARCH_I386, X32_SYSCALL_BIT, CallFlag
from core.recording.descriptor_calls import CHANGES, Call
from core.recording.descriptor_tables import CURRENT_FOLDER, OpenFile, Table
from core.recording.rows import CALL_ROW, PROCESS_ROW, Rows

if TYPE_CHECKING:
    from core.recording.recording import Recording

_UNDER_WAY: Final = -115  # EINPROGRESS: the socket will be connected
_SHARES_FILES: Final = constant("CLONE_FILES")
_CLONES: Final = ("clone", "clone3")
_MOST_CALLS: Final = 1024
_ROW = itemgetter(0)


class Descriptors:
    """The tables of all processes of a recording, up to the row that was taken in last."""

    def __init__(self) -> None:
        self.taken = 0
        """How many rows were taken in."""
        self._tables: dict[int, list[tuple[int, Table]]] = {}

    def take(self, recording: Recording, start: int, stop: int) -> None:
        """Takes in the rows of [start, stop), as far as that was not done."""
        for first, rows in recording.rows.slices(max(start, self.taken), stop):
            places = np.flatnonzero(_interesting(rows))
            chosen = rows[places]
            columns = (chosen[field].tolist() for field in ("kind", "tid", "arch", "nr", "ret", "args"))
            for row, kind, tid, arch, nr, ret, args in zip((places + first).tolist(), *columns, strict=True):
                if kind == PROCESS_ROW:
                    self._process_event(recording, row, tid)
                else:
                    self._call(recording, arch, nr, tid, Call(row, args, ret, recording.details.captures.get(row, ())))
        self.taken = max(self.taken, stop)

    def name(self, row: int, tid: int, descriptor: int) -> str | None:
        """What a thread's descriptor was open on when the call of this row was made; None where that is not known."""
        history = self._tables.get(tid, [])
        place = bisect_left(history, row, key=_ROW)
        file = history[place - 1][1].at(row, descriptor) if place else None
        return file.name_at(row) if file is not None else None

    def _table(self, recording: Recording, tid: int) -> Table:
        history = self._tables.get(tid)
        if history is None:
            # The first thread has what the launch gave it; of one whose maker was not seen nothing is known.
            history = self._tables[tid] = [(-1, _first_table(recording) if not self._tables else Table())]
        return history[-1][1]

    def _process_event(self, recording: Recording, row: int, tid: int) -> None:
        event, data = recording.details.process[row]
        table = self._table(recording, tid)
        if event == "exec":
            self._tables[tid].append((row, table.copy(row, for_exec=True)))
        elif event == "fork":
            self._tables[int(data["child_tid"])] = [(row, table if data["thread"] else table.copy(row))]

    def _call(self, recording: Recording, arch: int, nr: int, tid: int, call: Call) -> None:
        called, table = name(arch, nr), self._table(recording, tid)
        if called not in _CLONES:
            CHANGES[called](table, call)
        elif call.ret in self._tables and _clone_flags(called, call) & _SHARES_FILES:
            self._tables[call.ret].append((call.row, table))


def _first_table(recording: Recording) -> Table:
    table, header = Table(), recording.header
    for descriptor, kind in enumerate(header.stdio):
        table.open(-1, descriptor, OpenFile("terminal" if kind == "pty" else f"pipe:{('stdin', 'stdout', 'stderr')[descriptor]}"))
    if header.directory:
        table.open(-1, CURRENT_FOLDER, OpenFile(header.directory))
    return table


def _clone_flags(called: str, call: Call) -> int:
    return call.args[0] if called == "clone" else int.from_bytes((call.data(0) or b"")[:8], "little")


def _interesting(rows: Rows) -> NDArray[np.bool_]:
    calls = (rows["kind"] == CALL_ROW) & ((rows["flags"] & CallFlag.EXITED) != 0)
    worked = (rows["outcome"] == Outcome.OK) & (rows["ret"] >= 0) | (rows["ret"] == _UNDER_WAY)
    number = np.minimum(rows["nr"] & ~np.uint32(X32_SYSCALL_BIT), _MOST_CALLS - 1)
    changing = _changing()[(rows["arch"] == AUDIT_ARCH_I386).astype(np.intp), number]
    known: NDArray[np.bool_] = (rows["kind"] == PROCESS_ROW) | (calls & worked & changing)
    return known


@functools.cache
def _changing() -> NDArray[np.bool_]:
    # By architecture and number: whether the call may change a table.
    wanted = np.zeros((2, _MOST_CALLS), np.bool_)
    for place, arch in ((0, "x86_64"), (0, "x32"), (1, "x86")):
        numbers = [call.nr & ~X32_SYSCALL_BIT for called, call in by_name(arch).items() if called in CHANGES or called in _CLONES]
        wanted[place, numbers] = True
    return wanted
