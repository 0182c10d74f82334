"""Judged batches into rows: who was called what, in which order things came to their end."""

from __future__ import annotations

import errno
import itertools
import os
import signal
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.judge.collect import Batch
from core.judge.judge import Judged
from core.judge.match import among, distinct
from core.judge.records import Capture
from core.judge.verdict import Evidence, Gate, Outcome
from core.judge.watched import Watched
from core.knowledge.capabilities import capability_names
from core.observer.wire import CallFlag, ProcessKind
from core.recording.execs import Execs
from core.recording.rows import CALL_ROW, PROCESS_ROW, ROW_DTYPE, UNJUDGED, Details, Interner, Rows

_SHOWN: Final = (ProcessKind.FORK, ProcessKind.EXEC, ProcessKind.EXIT)
_PR_SET_NAME: Final = 15

LAST_CALLS: Final = 5
"""How many of a thread's last calls its death by a signal tells."""


class Assembler:
    """Keeps the names of the threads, and makes the rows of one run, batch by batch."""

    def __init__(self, names: Interner, started_ns: int, execs: Execs) -> None:
        """`started_ns`: CLOCK_MONOTONIC at the start of the run."""
        self._names = names
        self._execs = execs
        self._started_ns = started_ns
        self._comms: dict[int, int] = {}
        self._killed: set[int] = set()
        self._latest: dict[int, tuple[int, ...]] = {}  # the numbers of each thread's last calls
        self._naming = Watched("prctl")
        self._executing = Watched("execve", "execveat")
        self._count = 0

    def rows(self, batch: Batch, judged: Judged) -> tuple[Rows, Details]:
        """The rows of a batch, ordered by when each event came to its end; details count from the first of them."""
        processes = batch.processes[among(batch.processes["kind"], _SHOWN)]
        self._note_killed(batch.processes)
        self._execs.begun(batch.processes)
        calls = self._call_rows(batch, judged)
        rows: Rows = np.concatenate([calls, self._process_rows(processes)])
        ends = np.concatenate([np.maximum.accumulate(_ends(batch.calls)), _after_their_calls(processes, batch.calls)])
        order = np.argsort(ends, kind="stable")
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        self._note_latest(batch.calls["tid"], self._count + 1 + place[: len(batch.calls)])
        details = self._details(batch, judged, processes, place)
        self._execs.settled(batch.processes)
        self._name_threads(rows, batch, processes)
        self._count += len(rows)
        return rows[order], details

    def _call_rows(self, batch: Batch, judged: Judged) -> Rows:
        calls = batch.calls
        rows: Rows = np.zeros(len(calls), ROW_DTYPE)
        rows["kind"] = CALL_ROW
        for field in ("pid", "tid", "nr", "arch", "ret", "args", "instruction_pointer", "flags"):
            rows[field] = calls[field]
        for field in ("gate", "outcome", "evidence", "rule", "own_filter", "capability", "alternatives", "conflict"):
            rows[field] = getattr(judged, field)
        rows["flags"] |= np.where(judged.judged, np.uint8(0), np.uint8(UNJUDGED))
        reasons = np.array([self._names.number(text) for text in judged.reasons], np.uint32)
        rows["reason"] = reasons[judged.reason]
        self._explain_refused_execs(rows, batch)
        entered, exited = calls["entered_ns"].astype(np.int64), calls["exited_ns"].astype(np.int64)
        rows["time_ns"] = np.where(entered > 0, entered, exited) - self._started_ns
        timed = (entered > 0) & ((calls["flags"] & CallFlag.EXITED) != 0)
        rows["duration_ns"] = np.where(timed, exited - entered, -1)
        return rows

    def _explain_refused_execs(self, rows: Rows, batch: Batch) -> None:
        """No check tells of the file's capabilities that the bounding set lacks: the kernel compares the sets without asking for one."""
        for index in self._executing.failed(batch.calls, errno.EPERM).tolist():
            call = int(batch.calls["id"][index])
            found = self._execs.refusal(call, batch.captures.get(call, ())) if rows["gate"][index] == Gate.OTHER else None
            if found is not None:
                lacking, reason = found
                rows["gate"][index], rows["outcome"][index], rows["evidence"][index] = Gate.CAPABILITY, Outcome.DENIED, Evidence.INFERRED
                rows["capability"][index], rows["reason"][index] = lacking.bit_length() - 1, self._names.number(reason)

    def _process_rows(self, processes: NDArray[np.void]) -> Rows:
        rows: Rows = np.zeros(len(processes), ROW_DTYPE)
        rows["kind"] = PROCESS_ROW
        rows["pid"], rows["tid"] = processes["pid"], processes["tid"]
        rows["time_ns"] = processes["time_ns"].astype(np.int64) - self._started_ns
        return rows

    def _details(self, batch: Batch, judged: Judged, processes: NDArray[np.void], place: NDArray[np.int64]) -> Details:
        details = Details()
        if batch.captures:
            found = map(batch.captures.get, batch.calls["id"].tolist())
            details.captures = {row: captures for row, captures in zip(place[: len(batch.calls)].tolist(), found, strict=True) if captures}
        for index, checks in judged.checks.items():
            details.checks[int(place[index])] = checks
        for index, record in enumerate(processes):
            event = ProcessKind(int(record["kind"])).name.lower()
            details.process[int(place[len(batch.calls) + index])] = (event, self._process_data(record, batch))
        return details

    def _note_latest(self, tids: NDArray[np.uint32], seqs: NDArray[np.int64]) -> None:
        # Calls come in the order of their ends, and so do each thread's.
        order = np.argsort(tids, kind="stable")
        bounds = [*np.flatnonzero(np.diff(tids[order].astype(np.int64), prepend=-1)).tolist(), len(order)]
        for start, stop in itertools.pairwise(bounds):
            tid = int(tids[order[start]])
            latest = seqs[order[max(start, stop - LAST_CALLS) : stop]].tolist()
            self._latest[tid] = (*self._latest.get(tid, ()), *latest)[-LAST_CALLS:]

    def _note_killed(self, processes: NDArray[np.void]) -> None:
        self._killed.update(int(tid) for tid in processes["tid"][processes["kind"] == ProcessKind.KILLED_BY_SECCOMP])

    def _process_data(self, record: np.void, batch: Batch) -> dict[str, Any]:
        match int(record["kind"]):
            case ProcessKind.FORK:
                return {
                    "child": int(record["pid_of_other"]),
                    "child_tid": int(record["other"]),
                    "thread": bool(record["pid_of_other"] == record["pid"]),
                }
            case ProcessKind.EXEC:
                captures = batch.captures.get(int(record["id"]), ())
                return {**_exec_data(record, captures), **self._execs.data(record, captures)}
            case _:
                return self._exit_data(record)

    def _exit_data(self, record: np.void) -> dict[str, Any]:
        status = int(record["status"])
        data: dict[str, Any] = {"thread": bool(record["tid"] != record["pid"])}
        if os.WIFSIGNALED(status):
            data["signal"] = signal_name(os.WTERMSIG(status))
        else:
            data["status"] = os.WEXITSTATUS(status)
        data["seccomp"] = int(record["tid"]) in self._killed
        latest = self._latest.pop(int(record["tid"]), ())
        if "signal" in data:
            data["last_calls"] = list(latest)
        return data

    def _name_threads(self, rows: Rows, batch: Batch, processes: NDArray[np.void]) -> None:
        """Fills in `comm`: a thread has its maker's name until it execs or names itself."""
        changes = self._changes(batch, processes)
        for _, tid, comm in changes:  # what a thread did before its name is known goes under the first one
            self._comms.setdefault(tid, comm)
        tids = np.concatenate([batch.calls["tid"], processes["tid"]])
        everyone = distinct(tids)
        codes = np.searchsorted(everyone, tids)
        comms = np.array([self._comms.get(tid, 0) for tid in everyone.tolist()], np.uint32)[codes]
        if changes:
            times = np.concatenate([_ends(batch.calls), processes["time_ns"]])
            order = np.lexsort((times, codes))
            times, in_order = times[order], comms[order]
            bounds = np.searchsorted(codes[order], np.arange(len(everyone) + 1))
            place = {tid: number for number, tid in enumerate(everyone.tolist())}
            for time, tid, comm in changes:
                self._comms[tid] = comm
                if tid in place:
                    start, stop = bounds[place[tid] : place[tid] + 2].tolist()
                    in_order[start + int(np.searchsorted(times[start:stop], np.uint64(time))) : stop] = comm
            comms[order] = in_order
        rows["comm"] = comms

    def _changes(self, batch: Batch, processes: NDArray[np.void]) -> list[tuple[int, int, int]]:
        """(time, tid, name from then on), in time order; a fork's child takes its maker's name of that moment."""
        changes: list[tuple[int, int, int]] = []
        current = dict(self._comms)
        renames = [(int(time), int(tid), comm) for time, tid, comm in self._renames(batch)]
        steps: list[tuple[int, int, int, int | None]] = [(time, tid, 0, comm) for time, tid, comm in renames]
        for record in processes:
            time, tid = int(record["time_ns"]), int(record["tid"])
            if record["kind"] == ProcessKind.FORK:
                steps.append((time, int(record["other"]), tid, None))
            elif record["kind"] == ProcessKind.EXEC:
                steps.append((time, tid, 0, self._names.number(record["comm"].decode(errors="replace"))))
        for time, tid, maker, comm in sorted(steps, key=lambda step: step[0]):
            current[tid] = current.get(maker, 0) if comm is None else comm
            changes.append((time, tid, current[tid]))
        return changes

    def _renames(self, batch: Batch) -> list[tuple[int, int, int]]:
        """prctl(PR_SET_NAME, …) that succeeded, where the name was captured."""
        found = []
        for index in self._naming.succeeded(batch.calls).tolist():
            call = batch.calls[index]
            captures = batch.captures.get(int(call["id"]), ())
            if call["args"][0] == _PR_SET_NAME and captures and not captures[0].failed:
                found.append((int(call["exited_ns"]), int(call["tid"]), self._names.number(captures[0].data[:15].decode(errors="replace"))))
        return found


def signal_name(number: int) -> str:
    """ "SIGKILL"; "signal 35" for one without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _ends(calls: NDArray[np.void]) -> NDArray[np.uint64]:
    """When each call came to its end, as far as is known."""
    ends: NDArray[np.uint64] = np.maximum(calls["exited_ns"], calls["entered_ns"])
    return ends


def _after_their_calls(processes: NDArray[np.void], calls: NDArray[np.void]) -> NDArray[np.uint64]:
    """When each event is to be shown: an exec follows the execve in which it happened."""
    times: NDArray[np.uint64] = processes["time_ns"].copy()
    if len(times) and len(calls):
        order = np.argsort(calls["id"], kind="stable")
        found = order[np.minimum(np.searchsorted(calls["id"][order], processes["id"]), len(calls) - 1)]
        known = (calls["id"][found] == processes["id"]) & (processes["kind"] == ProcessKind.EXEC)
        times[known] = np.maximum(times[known], _ends(calls)[found[known]])
    return times


def _exec_data(record: np.void, captures: Sequence[Capture]) -> dict[str, Any]:
    argv = [part.decode(errors="replace") for capture in captures if capture.kind == 3 for part in capture.data.split(b"\0")[:-1]]
    sets = {name: sorted(capability_names(int(record[name]))) for name in ("bounding", "permitted", "effective", "inheritable", "ambient")}
    return {
        "argv": argv,
        "uids": [int(uid) for uid in record["uids"]],
        "gids": [int(gid) for gid in record["gids"]],
        "capabilities": sets,
        "securebits": int(record["securebits"]),
        "no_new_privs": bool(record["no_new_privs"]),
        "seccomp": int(record["seccomp"]),
    }
