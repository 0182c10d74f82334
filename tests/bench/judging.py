"""How many calls a second are judged in bulk on one processor."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table

from core.judge.collect import Batch, Collector
from core.judge.judge import Judge
from core.judge.records import CALL_DTYPE, CHECK_DTYPE, Records
from core.knowledge.syscalls import number
from core.observer import wire
from core.observer.wire import AUDIT_ARCH_X86_64, Frame, FrameKind
from core.policy.model import ArgumentTest, Seccomp
from tests.core.judge import transcript

CALLS = 200_000
BATCH = 20_000
ROUNDS = 5
LIMIT = 500_000
"""The least that is claimed."""


def _records(names: tuple[str, ...], failing: float) -> Records:
    """`CALLS` calls that take turns, of one thread, some of which fail with ENOENT."""
    chance = np.random.default_rng(1)
    calls = np.zeros(CALLS, CALL_DTYPE)
    calls["id"] = np.arange(1, CALLS + 1)
    calls["entered_ns"] = 1000 * calls["id"]
    calls["exited_ns"] = calls["entered_ns"] + 300
    calls["nr"] = [number(AUDIT_ARCH_X86_64, name) for name in names] * (CALLS // len(names))
    calls["arch"], calls["pid"], calls["tid"], calls["flags"] = AUDIT_ARCH_X86_64, 100, 100, transcript.PASSED
    calls["ret"] = np.where(chance.random(CALLS) < failing, -2, 1)
    calls["args"] = chance.integers(0, 64, (CALLS, 6))
    return calls


def _checks(calls: Records, often: float) -> Records:
    """Checks in some of the calls: one in four refused, none of them noise."""
    chosen = calls[np.random.default_rng(2).random(len(calls)) < often]
    if not len(chosen):
        return np.empty(0, CHECK_DTYPE)
    one = transcript.check(
        chosen[:1], "DAC_READ_SEARCH", "capable_wrt_inode_uidgid", "generic_permission", "inode_permission", granted=True
    )
    checks = np.repeat(one, len(chosen))
    checks["call"], checks["time_ns"] = chosen["id"], chosen["entered_ns"] + 100
    checks["granted"][::4] = 0
    return checks


def _frames(calls: Records, checks: Records) -> list[Frame]:
    frames = [Frame(FrameKind.PROCESSES, transcript.judging().tobytes())]
    for start in range(0, CALLS, BATCH):
        part = calls[start : start + BATCH]
        inside = checks[(checks["call"] >= part["id"][0]) & (checks["call"] <= part["id"][-1])]
        frames += [Frame(FrameKind.CALLS, part.tobytes()), Frame(FrameKind.CHECKS, inside.tobytes())]
        frames.append(Frame(FrameKind.FLUSH, wire.FLUSH.pack(int(part["exited_ns"][-1]))))
    return frames


def _best(run: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()  # of one processor, whatever else the machine does
        run()
        times.append(time.process_time() - start)
    return min(times)


def _collect(frames: list[Frame]) -> list[Batch]:
    collector = Collector()
    return [batch for frame in frames if (batch := collector.feed(frame)) is not None]


def _judge(batches: list[Batch], seccomp: Seccomp, engine: wire.Engine) -> None:
    judge, symbols = Judge(transcript.context(seccomp, engine)), transcript.symbols()
    for batch in batches:
        judge.judge(batch, symbols)


MIXES = {
    "dd bs=1": (("read", "write"), 0.0, 0.0),
    "find": (("openat", "newfstatat", "getdents64", "close"), 0.01, 0.1),
    "make": (("openat", "newfstatat", "read", "mmap", "access"), 0.3, 0.05),
    "every call checked": (("openat", "newfstatat"), 0.1, 1.0),
}


def main() -> None:
    """Prints calls a second, beside what is claimed: collecting, and judging by the engine's kind of record, without and with filters of the target's own."""
    seccomp = transcript.policy(
        transcript.rule("ptrace mount", "errno:EPERM"),
        transcript.rule("socket", "errno:EACCES", ArgumentTest(index=0, op="==", value=2)),
    )
    table = Table(title=f"judged, calls a second on one processor (limit: {LIMIT:,})", title_justify="left")
    for column in ("", "collect", "ebpf", "ptrace", "ebpf, own filters", "ptrace, own filters"):
        table.add_column(column, justify="left" if not column else "right")
    for name, (calls, failing, often) in MIXES.items():
        records = _records(calls, failing)
        frames = _frames(records, _checks(records, often))
        batches = _collect(frames)
        rates = [CALLS / _best(functools.partial(_collect, frames))]
        for own in (False, True):
            begun = [*(_own_filters() if own else ()), *batches]
            rates.append(CALLS / _best(functools.partial(_judge, begun, seccomp, "ebpf")))
            rates.append(CALLS / _best(functools.partial(_judge, _entry_only(begun), seccomp, "ptrace")))
        table.add_row(name, *(f"{rate:,.0f}{'' if rate >= LIMIT else ' [red]< limit'}" for rate in rates))
    Console().print(table)


def _own_filters() -> list[Batch]:
    """A thread that has put three filters on itself before it makes its calls: two that know the answer by the number, one that looks at arguments."""
    looking = transcript.context(
        transcript.policy(transcript.rule("read openat", "errno:EPERM", ArgumentTest(index=2, op=">", value=1 << 40)))
    )
    programs = (transcript.filter_of("getppid", "kill-process"), transcript.filter_of("mount", "errno:EPERM"), *looking.filters)
    return [transcript.batch(*transcript.install(program, at=100 + number)) for number, program in enumerate(programs)]


def _entry_only(batches: list[Batch]) -> list[Batch]:
    """As the ptrace engine would have it: entries seen before seccomp, and no checks."""
    found = []
    for batch in batches:
        calls = batch.calls.copy()
        calls["flags"] = transcript.STOPPED_ENTRY
        found.append(dataclasses.replace(batch, calls=calls, checks=batch.checks[:0]))
    return found


if __name__ == "__main__":
    main()
