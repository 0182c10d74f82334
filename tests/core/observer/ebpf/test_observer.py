"""The engine inside the real observer process: its frames, as whoever started it gets them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.observer import wire
from core.observer.wire import CallFlag, FilterSpec, FrameKind, JudgeFrom, LaunchSpec, ProcessKind
from tests.core.observer.ebpf.recorded import Recorded
from tests.core.observer.ebpf.watching import seccomp_filter

ROOT = Path(__file__).parents[4]
GETPPID, SECCOMP, PRCTL, MMAP, EXECVE = 110, 317, 157, 9, 59
ERRNO_EPERM = 0x50001

Target = Callable[[str], str]


def _observe(spec: LaunchSpec) -> Recorded:
    recorded = Recorded()
    with subprocess.Popen([sys.executable, "-m", "core.observer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as observer:
        assert observer.stdin is not None
        assert observer.stdout is not None
        observer.stdin.write(wire.encode_command(wire.Launch(spec)))
        observer.stdin.flush()
        decoder = wire.FrameDecoder()
        while data := os.read(observer.stdout.fileno(), 1 << 20):
            for frame in decoder.feed(data):
                recorded.emit(frame.kind, frame.payload)
                if frame.kind in (FrameKind.ENDED, FrameKind.FAILED):
                    observer.stdin.close()
        assert decoder.pending == 0
    return recorded


def _spec(executable: str, judge_from: JudgeFrom) -> LaunchSpec:
    return LaunchSpec(
        executable,
        (executable,),
        (),
        "/",
        "ebpf",
        no_new_privs=True,
        filters=(FilterSpec(seccomp_filter(GETPPID, ERRNO_EPERM)),),
        judge_from=judge_from,
        stdio=("pipe", "pipe", "pipe"),
    )


@pytest.mark.parametrize("judge_from", ["execve", "first-instruction", "entry"])
def test_a_filter_loaded_by_the_observer(target: Target, judge_from: JudgeFrom) -> None:
    recorded = _observe(_spec(target("sequence"), judge_from))
    kinds = [kind for kind, _ in recorded.frames]
    assert FrameKind.FAILED not in kinds, recorded.joined(FrameKind.FAILED)
    assert kinds[0] == FrameKind.HELLO
    assert kinds[-1] == FrameKind.ENDED
    assert FrameKind.LOST not in kinds
    (call,) = recorded.calls_of(GETPPID)
    assert (call.flags, call.ret) == (CallFlag.EXITED, -1)
    # What the observer did inside the target, or the launcher before execve, is none of the target's calls.
    assert [found.nr for found in recorded.calls] == [EXECVE, 257, 1, 3, GETPPID, 257, 231]
    (judging,) = recorded.processes(ProcessKind.JUDGING)
    assert judging["time_ns"] < call.exited_ns
    assert judging["pid"] == call.pid


def test_symbols_and_watermarks_come_before_the_end(target: Target) -> None:
    recorded = _observe(_spec(target("raw_socket"), "execve"))
    assert any("inet_create" in check.callers for check in recorded.checks)
    last = next(payload for kind, payload in reversed(recorded.frames) if kind == FrameKind.FLUSH)
    assert recorded.calls[-1].exited_ns < wire.FLUSH.unpack(last)[0]
