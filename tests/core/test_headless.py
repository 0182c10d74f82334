"""A run without a window leaves the processors to its target: judging rests in between."""

from __future__ import annotations

import itertools
import os
import threading
import time

import pytest

from core.headless import HeadlessRun
from core.observer_command import observer_command
from core.plan import make_plan
from core.policy.model import Policy
from core.session import Progress, Session
from tests.support.processes import children
from tests.support.run import PIPES, recording_of

_JUDGING = 0.01
_FOR_A_WHILE = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 0.02; done"


def test_judging_rests_while_the_target_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    fed: list[tuple[float, float]] = []
    feed = Session.feed

    def slow_feed(session: Session, data: bytes) -> Progress:
        began, before = time.monotonic(), session.state
        if before == "running":
            time.sleep(_JUDGING)
        progress = feed(session, data)
        if before == session.state == "running":
            fed.append((began, time.monotonic()))
        return progress

    monkeypatch.setattr(Session, "feed", slow_feed)
    session = Session(make_plan(Policy(), ["sh", "-c", _FOR_A_WHILE], terminal=PIPES))
    HeadlessRun(session, observer_command(), lambda _progress: None).run()
    assert session.failure is None
    assert recording_of(session).summary().calls > 100
    rests = [next_began - ended for (_, ended), (next_began, _) in itertools.pairwise(fed)]
    assert len(rests) > 4
    assert min(rests[:-1]) >= 2 * _JUDGING  # the last may be cut short by the target's end


def test_memory_that_runs_out_for_what_the_observer_says_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    read = os.read

    def read_or_fail(fd: int, size: int) -> bytes:
        if threading.current_thread().name == "observer-pipe":
            raise MemoryError
        return read(fd, size)

    monkeypatch.setattr(os, "read", read_or_fail)
    session = Session(make_plan(Policy(), ["true"], terminal=PIPES))
    run = HeadlessRun(session, observer_command(), lambda _progress: None)
    with pytest.raises(MemoryError):  # and does not wait for ever for more
        run.run()
    with run._observer:
        assert run._observer.returncode is not None


def test_without_a_thread_to_be_had_no_observer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_more(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_more)
    session = Session(make_plan(Policy(), ["true"], terminal=PIPES))
    before = {child.pid for child in children()}
    with pytest.raises(RuntimeError):
        HeadlessRun(session, observer_command(), lambda _progress: None).run()
    assert {child.pid for child in children()} <= before
