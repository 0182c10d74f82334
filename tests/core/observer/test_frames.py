"""A reader that is slow, or stuck."""

import os
import select
import time
from collections.abc import Callable

import pytest

from core.observer.abilities import engine_abilities
from core.observer.observer import Observer as ObserverProcess
from core.observer.wire import CALL, FrameKind
from tests.core.observer.driver import Observer, exit_code, wait_gone
from tests.support.privilege import require

Observe = Callable[..., Observer]


def test_nothing_is_lost_to_a_slow_reader(observe: Observe) -> None:
    observer = observe()
    observer.launch("/usr/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=1", "count=8000")
    time.sleep(1)  # long enough for the pipe (1 MiB) to be full
    observer.read_all()
    assert exit_code(observer.status) == 0
    assert sum(call["nr"] == 0 and call["ret"] == 1 for call in observer.calls) == 8000
    assert sum(len(frame.payload) // CALL.size for frame in observer.frames if frame.kind == FrameKind.CALLS) > 16000


def test_the_tree_ends_although_the_reader_is_stuck(observe: Observe, engine: str) -> None:
    observer = observe()
    observer.launch("/bin/sh", "-c", "yes & yes", engine=engine)
    observer.read_output_until(b"y\ny\n")
    pid = observer.json(FrameKind.STARTED)["pid"]
    time.sleep(0.5)
    observer.close_stdin()
    assert wait_gone([pid]) == []
    observer.read_all()
    assert exit_code(observer.status) == -9


def test_a_target_has_started_before_its_first_output(observe: Observe, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = engine_abilities()["ebpf"]
    require(reason is None, f"only under eBPF does a target run on while its observer waits: {reason}")
    once = ObserverProcess._once

    def late(self: ObserverProcess) -> None:
        # An observer on a busy machine: by the time it looks, the target has written.
        if self._run is not None and self._run.launching:
            select.select(self._run.stdio.readable, (), ())
        once(self)

    monkeypatch.setattr(ObserverProcess, "_once", late)
    observer = observe(os.getuid())
    observer.launch("/bin/echo", "early", engine="ebpf")
    observer.read_all()
    kinds = [frame.kind for frame in observer.frames]
    assert kinds.index(FrameKind.STARTED) < kinds.index(FrameKind.OUTPUT)
    assert observer.output() == b"early\n"
