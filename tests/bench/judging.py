"""How many calls a second are judged in bulk on one processor."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

import numpy as np

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
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
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
    """Prints calls a second: collecting, and judging by the engine's kind of record."""
    seccomp = transcript.policy(
        transcript.rule("ptrace mount", "errno:EPERM"),
        transcript.rule("socket", "errno:EACCES", ArgumentTest(index=0, op="==", value=2)),
    )
    print(f"{'judged, calls a second':28} {'collect':>12} {'ebpf':>12} {'ptrace':>12}")
    for name, (calls, failing, often) in MIXES.items():
        records = _records(calls, failing)
        frames = _frames(records, _checks(records, often))
        batches = _collect(frames)
        rates = (
            CALLS / _best(functools.partial(_collect, frames)),
            CALLS / _best(functools.partial(_judge, batches, seccomp, "ebpf")),
            CALLS / _best(functools.partial(_judge, _entry_only(batches), seccomp, "ptrace")),
        )
        print(f"{name:28}" + "".join(f" {rate:12,.0f}" for rate in rates))


def _entry_only(batches: list[Batch]) -> list[Batch]:
    """As the ptrace engine would have it: entries seen before seccomp, and no checks."""
    found = []
    for batch in batches:
        calls = batch.calls.copy()
        calls["flags"] = transcript.STOPPED_ENTRY
        found.append(Batch(calls, batch.checks[:0], batch.processes, {}, (), {}, batch.watermark))
    return found


if __name__ == "__main__":
    main()
