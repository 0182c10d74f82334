"""The tree of a run's processes: who made whom, what each ran and held, and how it ended."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from core.event import ending
from core.predict.credentials import Sets
from core.recording.rows import PROCESS_ROW

if TYPE_CHECKING:
    from core.recording.recording import Recording


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Exec:
    """A program that a process became."""

    parent: Process
    """The process that became it."""
    time_ns: int
    comm: str
    data: Mapping[str, Any]
    """As `core.event.ProcessEvent.data` has it for an exec."""

    @property
    def command(self) -> str:
        """The command line, quoted as in a shell; the program's name where it was not captured."""
        return shlex.join(self.data["argv"]) or self.comm

    @property
    def sets(self) -> Sets:
        """The capability sets after the exec."""
        return Sets.of_names(self.data["capabilities"])

    @property
    def user(self) -> str:
        """ "uid 1000"; with the effective one where it is another."""
        return _ids("uid", self.data["uids"])

    @property
    def group(self) -> str:
        return _ids("gid", self.data["gids"])

    @property
    def disagrees(self) -> bool:
        """Whether the kernel did something else than was predicted."""
        return self.data.get("agrees") is False


@dataclasses.dataclass(slots=True, eq=False)
class Process:
    """One process of the run, from its fork to its end."""

    pid: int
    parent: Process | None
    comm: str
    """Its name at its start: the parent's, until it runs a program."""
    started_ns: int
    place: int = 0
    """Its index among the children of its parent, or among the roots."""
    children: list[Process | Exec] = dataclasses.field(default_factory=list)
    """What it made and what it became, in the order of time."""
    threads: int = 1
    """How many it had in all."""
    ended_ns: int | None = None
    ending: str = ""
    """ "status 0", "killed by SIGSYS (seccomp)"; empty while it runs."""
    killed: bool = False
    """Whether a signal ended it."""

    @property
    def name(self) -> str:
        """The name of the program that it ran last; until then, of whoever made it."""
        return next((child.comm for child in reversed(self.children) if isinstance(child, Exec)), self.comm)


class ProcessTree:
    """Grows with a recording."""

    def __init__(self) -> None:
        self.roots: list[Process] = []
        """The target's first process; others only where the record of their fork was lost."""
        self.count = 0
        self.running = 0
        self._latest: dict[int, Process] = {}
        self._touched: dict[Process | None, None] = {}

    def take(self, recording: Recording, start: int, stop: int) -> None:
        """Takes in the process events of [start, stop)."""
        for first, rows in recording.rows.slices(start, stop):
            for place in np.flatnonzero(rows["kind"] == PROCESS_ROW).tolist():
                row = rows[place]
                comm = recording.names.texts[int(row["comm"])]
                self._event(int(row["pid"]), int(row["time_ns"]), comm, *recording.details.process[first + place])

    def touched(self) -> list[Process | None]:
        """Whose children are more, or others, than at the last time of asking; None stands for the roots. A parent comes before its child."""
        touched, self._touched = list(self._touched), {}
        return touched

    def _event(self, pid: int, time_ns: int, comm: str, event: str, data: Mapping[str, Any]) -> None:
        process = self._process(pid, time_ns, comm)
        match event:
            case "fork" if data["thread"]:
                process.threads += 1
            case "fork":
                self._make(int(data["child"]), process, comm, time_ns)
            case "exec":
                process.children.append(Exec(process, time_ns, comm, data))
                self._touched[process] = None
            case "exit" if not data["thread"]:
                process.ended_ns, process.ending, process.killed = time_ns, ending(data), "signal" in data
                self.running -= 1
                self._touched[process.parent] = None
            case _:
                pass

    def _process(self, pid: int, time_ns: int, comm: str) -> Process:
        return self._latest.get(pid) or self._make(pid, None, comm, time_ns)

    def _make(self, pid: int, parent: Process | None, comm: str, time_ns: int) -> Process:
        siblings: list[Any] = self.roots if parent is None else parent.children
        process = self._latest[pid] = Process(pid, parent, comm, time_ns, len(siblings))
        siblings.append(process)
        self.count += 1
        self.running += 1
        self._touched[parent] = None
        return process


def _ids(word: str, ids: list[int]) -> str:
    real, effective, *_ = ids
    return f"{word} {real}" if real == effective else f"{word} {real}, effective {effective}"
