"""What the judge remembers of the target's threads: which filters stand over each, and who holds what."""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.judge.collect import Batch, ends
from core.judge.computed import Answer, passes
from core.judge.context import JudgeContext
from core.judge.landlock import RESTRICTING
from core.judge.layers import combine
from core.judge.own_filters import INSTALLERS, OwnFilters, installed
from core.judge.stacks import POLICY, Stack, Stacks
from core.judge.watched import Watched
from core.knowledge.syscalls import name
from core.observer.wire import CallFlag, ProcessKind

FILTER_FLAG_TSYNC: Final = 1

_CREDENTIAL_CALLS: Final = ("capset", "setresuid", "setresuid32", "setreuid", "setreuid32", "setuid", "setuid32", "setns", "unshare")


@dataclasses.dataclass(frozen=True, slots=True)
class Held:
    """The capabilities of a process, as far as they are known."""

    effective: int | None = None
    """Mask; None: not known, since no exec was seen or since it changed its credentials."""
    user_namespace: int = 0
    """Inode number; 0: not known."""


UNKNOWN_SETS: Final = Held()

_Event = tuple[int, int, Any]  # (time, rank among those of one time, a process record or a call's index)


class Threads:
    """Follows forks, execs and the calls that change who is judged; ask only after `update` with the batch."""

    def __init__(self, context: JudgeContext, policy: Answer) -> None:
        """`policy`: what the policy's filters answer."""
        self.own_filters = OwnFilters()
        """All that the target has installed so far."""
        self._policy = policy
        self._tsync = bool(context.flags & FILTER_FLAG_TSYNC)
        self._stacks = Stacks((POLICY,) if context.judge_from == "execve" else ())
        self._landlock = Stacks(())
        self.restricts_itself = False
        """Whether some thread has put a Landlock ruleset on itself."""
        self._groups: dict[int, set[int]] = {}  # the threads of each process beside its first
        self._held: dict[int, list[tuple[int, Held]]] = {}
        self._gone: set[int] = set()
        self._watched = Watched(RESTRICTING, *INSTALLERS, *(_CREDENTIAL_CALLS if context.engine == "ptrace" else ()))

    def update(self, batch: Batch) -> None:
        """Takes in what the batch says happened, in the order of time."""
        self._held = {pid: history[-1:] for pid, history in self._held.items() if pid not in self._gone}
        self._stacks.forget(self._gone)
        self._landlock.forget(self._gone)
        self._gone.clear()
        for time_ns, _, event in sorted(self._events(batch), key=lambda event: event[:2]):
            if isinstance(event, int):
                self._call(batch, event, time_ns)
            else:
                self._process(event, time_ns)

    def stacks(self, calls: NDArray[np.void], moments: NDArray[np.uint64]) -> tuple[NDArray[np.intp], list[Stack]]:
        """For each call the place of the stack of filters that judged it at its moment; and the stacks."""
        return self._stacks.of(calls, moments)

    def restricted(self, tid: int, time_ns: int) -> bool:
        """Whether the thread was under a Landlock ruleset of the target's own at this moment."""
        return bool(self._landlock.at(tid, time_ns))

    def held(self, pid: int, time_ns: int) -> Held:
        """What the process held at this moment."""
        history = self._held.get(pid, [])
        place = bisect.bisect_right(history, time_ns, key=lambda entry: entry[0])
        return history[place - 1][1] if place else UNKNOWN_SETS

    def _events(self, batch: Batch) -> Iterator[_Event]:
        for record in batch.processes:
            yield int(record["time_ns"]), 0, record
        times = ends(batch.calls)
        for index in self._watched.succeeded(batch.calls).tolist():
            yield int(times[index]), 1, index

    def _call(self, batch: Batch, index: int, time_ns: int) -> None:
        call = batch.calls[index]
        pid, called = int(call["pid"]), name(int(call["arch"]), int(call["nr"]))
        if called in INSTALLERS:
            one = self._ran(batch.calls[index : index + 1]) and installed(
                called, call["args"].tolist(), int(call["ret"]), batch.captures.get(int(call["id"]), ())
            )
            if one:
                self._pushed(pid, int(call["tid"]), self.own_filters.add(one), time_ns, everywhere=one.for_all_threads)
        elif called == RESTRICTING:
            self.restricts_itself = True
            self._landlock.push(int(call["tid"]), 1, time_ns)
        elif pid in self._held:
            self._held[pid].append((time_ns, dataclasses.replace(self._held[pid][-1][1], effective=None)))

    def _ran(self, call: NDArray[np.void]) -> bool:
        # A filter may have answered in the kernel's stead; where the engine sees entries before filters do, that has to be computed.
        if not call["flags"][0] & CallFlag.ENTRY_STOP:
            return bool(call["flags"][0] & CallFlag.PASSED)
        stack = self._stacks.at(int(call["tid"][0]), int(call["entered_ns"][0]))
        answers = combine(call, np.zeros(1, np.intp), [stack], self._policy, self.own_filters)
        return bool(passes(answers.values)[0])

    def _pushed(self, pid: int, tid: int, layer: int, time_ns: int, *, everywhere: bool) -> None:
        stack = self._stacks.push(tid, layer, time_ns)
        if everywhere:
            for other in {pid, *self._groups.get(pid, ())} - {tid}:
                self._stacks.put(other, stack, time_ns)

    def _process(self, record: np.void, time_ns: int) -> None:
        pid, tid, other = int(record["pid"]), int(record["tid"]), int(record["other"])
        match int(record["kind"]):
            case ProcessKind.JUDGING:
                self._pushed(pid, tid, POLICY, time_ns, everywhere=self._tsync)
            case ProcessKind.FORK:
                self._forked(pid, tid, int(record["pid_of_other"]), other, time_ns)
            case ProcessKind.EXEC:
                self._groups.pop(pid, None)
                if other:
                    self._stacks.inherit(pid, other, time_ns)
                    self._landlock.inherit(pid, other, time_ns)
                held = Held(int(record["effective"]), int(record["user_namespace"]))
                self._held.setdefault(pid, []).append((time_ns, held))
            case ProcessKind.EXIT:
                self._gone.add(tid)
                self._groups.get(pid, set()).discard(tid)
            case _:
                pass

    def _forked(self, pid: int, tid: int, child: int, child_tid: int, time_ns: int) -> None:
        self._stacks.inherit(child_tid, tid, time_ns)
        self._landlock.inherit(child_tid, tid, time_ns)
        self._gone.discard(child_tid)
        if child == pid:
            self._groups.setdefault(pid, set()).add(child_tid)
        else:
            self._groups.pop(child, None)
            self._held[child] = [(time_ns, self.held(pid, time_ns))]
