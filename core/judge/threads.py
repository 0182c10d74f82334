"""What the judge remembers of the target's threads: whom the policy's filter judges, who has filters of its own, who holds what."""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.judge.collect import Batch, ends
from core.judge.context import JudgeContext
from core.judge.lineage import Lineage
from core.judge.match import distinct
from core.knowledge.syscalls import ARCHES, name, number
from core.observer.wire import X32_SYSCALL_BIT, CallFlag, ProcessKind

FILTER_FLAG_TSYNC: Final = 1

_PR_SET_SECCOMP: Final = 22
_SECCOMP_SET_MODES: Final = (0, 1)  # strict, filter
_CREDENTIAL_CALLS: Final = ("capset", "setresuid", "setresuid32", "setreuid", "setreuid32", "setuid", "setuid32", "setns", "unshare")


@dataclasses.dataclass(frozen=True, slots=True)
class Held:
    """The capabilities of a process, as far as they are known."""

    effective: int | None = None
    """Mask; None: not known, since no exec was seen or since it changed its credentials."""
    user_namespace: int = 0
    """Inode number; 0: not known."""


UNKNOWN_SETS: Final = Held()

_TABLE_SIZE: Final = 1024  # more than any architecture has

_Event = tuple[int, int, Any]  # (time, rank among those of one time, a process record or a call's index)


class Threads:
    """Follows forks, execs and the calls that change who is judged; ask only after `update` with the batch."""

    def __init__(self, context: JudgeContext) -> None:
        self._everyone = context.judge_from == "execve"
        self._by_process = bool(context.flags & FILTER_FLAG_TSYNC)
        self._judged = Lineage()
        self._own_filters = Lineage()
        self._held: dict[int, list[tuple[int, Held]]] = {}
        self._gone: set[int] = set()
        self._watched = ("prctl", "seccomp", *_CREDENTIAL_CALLS) if context.engine == "ptrace" else ("prctl", "seccomp")
        self._tables: dict[int, NDArray[np.bool_]] = {}

    def update(self, batch: Batch) -> None:
        """Takes in what the batch says happened, in the order of time."""
        self._held = {pid: history[-1:] for pid, history in self._held.items() if pid not in self._gone}
        self._gone.clear()
        for time_ns, _, event in sorted(self._events(batch), key=lambda event: event[:2]):
            if isinstance(event, int):
                self._call(batch.calls[event], time_ns)
            else:
                self._process(event, time_ns)

    def judged(self, calls: NDArray[np.void], moments: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """For each call whether the policy's filter judged it."""
        if self._everyone:
            return np.ones(len(calls), np.bool_)
        return self._judged.has(calls["pid" if self._by_process else "tid"], moments)

    def has_own_filters(self, calls: NDArray[np.void], moments: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """For each call whether the target may have been under a filter that it installed itself."""
        return self._own_filters.has(calls["pid"], moments)

    def held(self, pid: int, time_ns: int) -> Held:
        """What the process held at this moment."""
        history = self._held.get(pid, [])
        place = bisect.bisect_right(history, time_ns, key=lambda entry: entry[0])
        return history[place - 1][1] if place else UNKNOWN_SETS

    def _events(self, batch: Batch) -> Iterator[_Event]:
        for record in batch.processes:
            yield int(record["time_ns"]), 0, record
        times = ends(batch.calls)
        for index in np.flatnonzero(self._may_change(batch.calls)).tolist():
            yield int(times[index]), 1, index

    def _may_change(self, calls: NDArray[np.void]) -> NDArray[np.bool_]:
        arches, nrs = calls["arch"], calls["nr"]
        found: NDArray[np.bool_] = (calls["ret"] >= 0) & ((calls["flags"] & CallFlag.EXITED) != 0)
        known = np.zeros(len(calls), np.bool_)
        for arch in distinct(arches).tolist():
            table = self._tables.get(arch)
            if table is None:
                table = self._tables[arch] = _table(arch, self._watched)
            known |= table[np.minimum(nrs & ~np.uint32(X32_SYSCALL_BIT), _TABLE_SIZE - 1)] & (arches == arch)
        return found & known

    def _call(self, call: np.void, time_ns: int) -> None:
        pid, called = int(call["pid"]), name(int(call["arch"]), int(call["nr"]))
        if called == "seccomp":
            if int(call["args"][0]) in _SECCOMP_SET_MODES:
                self._own_filters.mark(pid, time_ns)
        elif called == "prctl":
            if int(call["args"][0]) == _PR_SET_SECCOMP:
                self._own_filters.mark(pid, time_ns)
        elif pid in self._held:
            self._held[pid].append((time_ns, dataclasses.replace(self._held[pid][-1][1], effective=None)))

    def _process(self, record: np.void, time_ns: int) -> None:
        pid, tid, other = int(record["pid"]), int(record["tid"]), int(record["other"])
        match int(record["kind"]):
            case ProcessKind.JUDGING:
                self._judged.mark(pid if self._by_process else tid, time_ns)
            case ProcessKind.FORK:
                child = int(record["pid_of_other"])
                self._judged.inherit(*((child, pid) if self._by_process else (other, tid)), time_ns)
                self._own_filters.inherit(child, pid, time_ns)
                if child != pid:
                    self._gone.discard(child)
                    self._held[child] = [(time_ns, self.held(pid, time_ns))]
            case ProcessKind.EXEC:
                if not self._by_process and other:
                    self._judged.inherit(pid, other, time_ns)
                held = Held(int(record["effective"]), int(record["user_namespace"]))
                self._held.setdefault(pid, []).append((time_ns, held))
            case ProcessKind.EXIT if tid == pid:
                self._gone.add(pid)
            case _:
                pass


def _table(arch: int, watched: tuple[str, ...]) -> NDArray[np.bool_]:
    # By number, x32's without its bit: whether a call of this architecture may be one of these.
    table = np.zeros(_TABLE_SIZE, np.bool_)
    for architecture in (key for key, value in ARCHES.items() if value == arch):
        numbers = [number(architecture, called) for called in watched]
        table[[nr & ~X32_SYSCALL_BIT for nr in numbers if nr is not None]] = True
    return table
