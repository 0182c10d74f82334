"""Records out of order, records that are missing, and a ring that really overflowed: verdicts near a gap say so, and none is wrong."""

from __future__ import annotations

import json
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from core.judge.collect import Collector
from core.judge.context import JudgeContext
from core.judge.judge import Judge
from core.judge.records import CALL_DTYPE, CHECK_DTYPE, PROCESS_DTYPE, Records
from core.judge.symbols import Symbols
from core.judge.verdict import Evidence, Verdict
from core.knowledge.syscalls import number
from core.observer import wire
from core.observer.ebpf.loader import RingSizes
from core.observer.wire import AUDIT_ARCH_X86_64, Frame, FrameKind, ProcessKind
from tests.core.judge.transcript import STOPPED, call, check, context, judging, policy, process, rule, symbols
from tests.core.observer.ebpf.watching import Watch, require_ebpf

REFUSING = policy(rule("getppid", "errno:EPERM"), rule("socket", "trap"))
KINDS = {CALL_DTYPE: FrameKind.CALLS, CHECK_DTYPE: FrameKind.CHECKS, PROCESS_DTYPE: FrameKind.PROCESSES}


def _story() -> Iterator[Records]:
    """Three threads that do the same, one a little after the other, under a filter that judges all of them."""
    yield judging(at=5)
    yield process(ProcessKind.FORK, at=10, other=101, pid_of_other=100)
    yield process(ProcessKind.FORK, at=20, other=200, pid_of_other=200)
    threads: tuple[dict[str, Any], ...] = ({"tid": 100}, {"tid": 101}, {"tid": 200, "pid": 200})
    for later, who in enumerate(threads):
        yield call("getppid", "EPERM", STOPPED, at=1000 + later, **who)
        opened, raw = call("openat", "EACCES", at=2000 + later, **who), call("socket", 41, STOPPED, at=4000 + later, **who)
        yield from (opened, check(opened, "DAC_OVERRIDE", "generic_permission"), call("openat", "ENOENT", at=3000 + later, **who), raw)
        yield process(ProcessKind.SIGNAL, at=4500 + later, status=31, other=1, id=int(raw["id"][0]), **who)
        yield call("rt_sigreturn", 41, at=5000 + later, **who)


STORY = tuple(_story())


def told(given_records: list[Records], lost: dict[str, int], flushes: int = 0) -> dict[int, Verdict]:
    """The verdicts by call id, where the records come in this order, with flushes among them that are older than all of them."""
    frames = [Frame(KINDS[record.dtype], record.tobytes()) for record in given_records]
    if lost:
        frames.insert(0, Frame(FrameKind.LOST, json.dumps(lost).encode()))
    for place in range(flushes):
        frames.insert(len(frames) * place // flushes, Frame(FrameKind.FLUSH, wire.FLUSH.pack(1)))
    return _verdicts(frames, Judge(context(REFUSING)), symbols())


def _verdicts(frames: list[Frame], judge: Judge, known: Symbols) -> dict[int, Verdict]:
    collector = Collector()
    found: dict[int, Verdict] = {}
    for batch in [*filter(None, map(collector.feed, frames)), collector.finish()]:
        judged = judge.judge(batch, known)
        found.update({int(one): judged.verdict(index) for index, one in enumerate(batch.calls["id"])})
    return found


WHOLE = told(list(STORY), {})


@given(st.permutations(STORY), st.integers(0, 3))
def test_the_order_of_arrival_makes_no_difference(shuffled: list[Records], flushes: int) -> None:
    assert told(shuffled, {}, flushes) == WHOLE
    assert not any(verdict.conflict or verdict.evidence is Evidence.UNKNOWN for verdict in WHOLE.values())


@given(st.sets(st.integers(1, len(STORY) - 1), min_size=1), st.randoms(use_true_random=False))
def test_what_was_lost_makes_verdicts_unknown_and_none_wrong(dropped: set[int], chance: random.Random) -> None:
    """A verdict is what it is with all records on hand, or says less, or that it is not known."""
    kept = [record for place, record in enumerate(STORY) if place not in dropped]
    chance.shuffle(kept)
    names = {CALL_DTYPE: "calls", CHECK_DTYPE: "checks", PROCESS_DTYPE: "processes"}
    for one, verdict in told(kept, dict(Counter(names[STORY[place].dtype] for place in dropped))).items():
        assert not verdict.conflict
        if verdict.evidence is Evidence.UNKNOWN:
            assert verdict.reason.startswith("unknown: ")
        else:
            assert (verdict.gate, verdict.outcome) == (WHOLE[one].gate, WHOLE[one].outcome)
            assert WHOLE[one].reason.startswith(verdict.reason)


def test_a_ring_that_overflowed() -> None:
    """Nobody reads while the target asks for raw sockets: the first refusals are explained, and the others say what is missing."""
    require_ebpf()
    room = 4096 // wire.CHECK.size
    code = "import socket\nfor _ in range(100):\n  try: socket.socket(2, 3, 1)\n  except OSError: pass"
    argv = [str(Path(sys.executable).resolve()), "-I", "-S", "-c", code]
    with Watch(argv, before_exec=_become_nobody, sizes=RingSizes(1 << 20, 4096, 1 << 20, 1 << 20), environment={}) as run:
        run.go()
        recorded = run.finish(drain=False)
    assert recorded.lost["checks"] > 0
    frames = [Frame(kind, payload) for kind, payload in recorded.frames if kind != FrameKind.FLUSH]
    frames.insert(0, Frame(FrameKind.LOST, json.dumps(recorded.lost).encode()))
    verdicts = _verdicts(frames, Judge(JudgeContext("ebpf")), Symbols())
    refused = [verdicts[one.id] for one in recorded.calls_of(number(AUDIT_ARCH_X86_64, "socket") or 0)]
    assert len(refused) == 100
    explained = [verdict for verdict in refused if verdict.capability == "NET_RAW"]
    unknown = [verdict for verdict in refused if verdict.evidence is Evidence.UNKNOWN]
    assert len(explained) <= room
    assert len(explained) + len(unknown) == 100
    count = recorded.lost["checks"]
    assert {verdict.reason for verdict in unknown} == {
        f"unknown: {count} records lost here, so what refused this with EPERM cannot be told"
    }


def _become_nobody() -> None:
    os.setresuid(65534, 65534, 65534)
