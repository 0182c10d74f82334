"""The execs of a run, each predicted from what its caller held and from the file, and compared with what came of it.

The file is read here and now, a moment after the exec; where it is not certain that it is the one that ran, a difference proves nothing.
"""

from __future__ import annotations

import dataclasses
import os
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from core.judge.records import Capture, Records
from core.judge.wording import promised_in_vain
from core.observer.wire import CaptureKind, ExecFact, ProcessKind
from core.policy.model import IdMap
from core.predict.at_exec import AtExec
from core.predict.credentials import SETS, Credentials, Sets, inside
from core.predict.exec import predict
from core.predict.program import Program, read_program

_TICK_NS: Final = 10_000_000
"""By how much a file's times may lag behind the clock."""
_OVERFLOW: Final = 65534  # what the kernel shows of ids that a user namespace does not map

Facts = Mapping[int, Capture]
"""The captures of an exec by `ExecFact`."""


class _Unpredictable(Exception):
    """The sentence says why."""


class Execs:
    """Remembers who has called execve and what they held then."""

    def __init__(self, last_capability: int, *, elsewhere: bool = False) -> None:
        """`elsewhere`: the observer's files are not ours."""
        self._last_capability = last_capability
        self._elsewhere = elsewhere
        self._before: dict[int, np.void] = {}

    def begun(self, processes: Records) -> None:
        """Takes in a batch's BEFORE_EXEC records; first of all."""
        for record in processes[processes["kind"] == ProcessKind.BEFORE_EXEC]:
            self._before[int(record["id"])] = record.copy()

    def settled(self, processes: Records) -> None:
        """Forgets a batch's failed execs and ended threads; last of all."""
        latest = {int(record["tid"]): call for call, record in self._before.items()}
        for tid in processes["tid"][processes["kind"] == ProcessKind.EXIT].tolist():
            latest.pop(tid, None)
        self._before = {call: self._before[call] for call in latest.values()}

    def refusal(self, call: int, captures: Sequence[Capture]) -> tuple[int, str] | None:
        """Where the capabilities of the file explain that this execve failed with EPERM: those that were lacking, as a mask, and the sentence."""
        before, path = self._before.get(call), _called(captures)
        if before is None or self._elsewhere:
            return None
        try:
            program = _read([path], 0)
        except _Unpredictable:
            return None
        lacking = predict(_credentials(before, {}), program, self._last_capability).lacking
        return (lacking, promised_in_vain(program.path, lacking)) if lacking else None

    def data(self, record: np.void, captures: Sequence[Capture]) -> dict[str, Any]:
        """What the event of this EXEC record tells of the file and the prediction."""
        facts = {capture.argument: capture for capture in captures if capture.argument >= min(ExecFact)}
        called, ran = _called(captures), _path(facts)
        before = self._before.pop(int(record["id"]), None)
        try:
            result = self._at_exec(record, before, [called, ran], facts)
        except _Unpredictable as why:
            sets = _sets(before) if before is not None else None
            result = AtExec(sets, None, _sets(record), None, str(why))
        return {"file": ran or called, **result.to_json()}

    def _at_exec(self, record: np.void, before: np.void | None, paths: Sequence[str], facts: Facts) -> AtExec:
        if before is None:
            raise _Unpredictable("what it held before was not recorded")
        if self._elsewhere:
            raise _Unpredictable("the observer runs elsewhere, and its files cannot be read from here")
        program = _read(paths, int(record["file"]))
        if record["file"]:
            program = dataclasses.replace(program, nosuid=bool(record["nosuid"]))
        prediction = predict(
            _credentials(before, facts), program, self._last_capability, unprivileged_tracer=bool(record["unprivileged_tracer"])
        )
        result = AtExec.compared(prediction, _credentials(record, facts))
        if record["file"] not in (0, program.inode):
            return result.doubted(f"{program.path} is another file now than the one that ran")
        if program.changed_ns > int(record["time_ns"]) + time.time_ns() - time.monotonic_ns() - _TICK_NS:
            return result.doubted(f"{program.path} was changed after it ran, perhaps its owner, mode or capabilities")
        if any(facts[fact].failed for fact in (ExecFact.UID_MAP, ExecFact.GID_MAP) if fact in facts):
            return result.doubted("the id maps of its user namespace are too long to be recorded")
        return result


def _called(captures: Sequence[Capture]) -> str:
    return os.fsdecode(next((capture.data for capture in captures if capture.kind == CaptureKind.STRING and not capture.failed), b""))


def _path(facts: Facts) -> str:
    capture = facts.get(ExecFact.FILE)
    if capture is None or capture.failed:
        return ""
    return "/" + "/".join(os.fsdecode(part) for part in reversed(capture.data.split(b"\0")[:-1]))


def _read(paths: Sequence[str], inode: int) -> Program:
    # What was called is read first, since only that may be a script; but it may mean another file here than in the target's root directory.
    problem, found = "which file ran was not recorded", None
    for path in paths:
        if not path.startswith("/"):
            continue
        try:
            program = read_program(path)
        except OSError as err:
            gone = isinstance(err, FileNotFoundError | NotADirectoryError)
            problem = (
                f"{path} is no longer there, or lies in a mount namespace of the target's own"
                if gone
                else f"{path} cannot be read: {err.strerror}"
            )
            continue
        if program.inode == inode:
            return _whole(program)
        found = found or program
    if found is None:
        raise _Unpredictable(problem)
    return _whole(found)


def _whole(program: Program) -> Program:
    if program.problem:
        raise _Unpredictable(program.problem)
    return program


def _sets(record: np.void) -> Sets:
    return Sets(*(int(record[name]) for name in SETS))


def _credentials(record: np.void, facts: Facts) -> Credentials:
    uid_map, gid_map = _map(facts, ExecFact.UID_MAP), _map(facts, ExecFact.GID_MAP)
    uid, euid, suid, _ = (_named(number, uid_map) for number in record["uids"].tolist())
    gid, egid, sgid, fsgid = (_named(number, gid_map) for number in record["gids"].tolist())
    groups = {inside(group, gid_map) for (group,) in _numbers(facts, ExecFact.GROUPS, 1)}
    return Credentials(
        _sets(record),
        uid,
        euid,
        suid,
        gid,
        egid,
        sgid,
        groups=frozenset(group for group in groups if group is not None) | {fsgid},
        securebits=int(record["securebits"]),
        no_new_privs=bool(record["no_new_privs"]),
        uid_map=uid_map,
        gid_map=gid_map,
    )


def _named(number: int, id_map: IdMap | None) -> int:
    named = inside(number, id_map)
    return _OVERFLOW if named is None else named


def _map(facts: Facts, fact: ExecFact) -> IdMap | None:
    return tuple((first, outside, count) for first, outside, count in _numbers(facts, fact, 3)) if fact in facts else None


def _numbers(facts: Facts, fact: ExecFact, columns: int) -> Iterator[tuple[int, ...]]:
    data = facts[fact].data if fact in facts else b""
    layout = struct.Struct(f"<{columns}I")
    return layout.iter_unpack(data[: len(data) // layout.size * layout.size])
