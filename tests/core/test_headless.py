"""A run without a window leaves the processors to its target: judging rests in between."""

from __future__ import annotations

import os
import threading

import pytest

from core.headless import HeadlessRun
from core.observer_command import observer_command
from core.plan import make_plan
from core.policy.model import Policy
from core.session import Session
from tests.support.feeds import FEEDING, FOR_A_WHILE, SlowFeeds
from tests.support.processes import children
from tests.support.run import PIPES, recording_of


def test_judging_rests_while_the_target_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    feeds = SlowFeeds(monkeypatch)
    session = Session(make_plan(Policy(), FOR_A_WHILE, terminal=PIPES))
    HeadlessRun(session, observer_command(), lambda _progress: None).run()
    assert session.failure is None
    assert recording_of(session).summary().calls > 100
    assert len(feeds.rests()) > 2
    assert min(feeds.rests()) >= 2 * FEEDING


def test_memory_that_runs_out_for_what_the_observer_says_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    read = os.read

    def read_or_fail(fd: int, size: int) -> bytes:
        if threading.current_thread().name == "observer-pipe":
            raise MemoryError
        return read(fd, size)

    monkeypatch.setattr(os, "read", read_or_fail)
    session = Session(make_plan(Policy(), ["true"], terminal=PIPES))
    with pytest.raises(MemoryError):  # and does not wait for ever for more
        HeadlessRun(session, observer_command(), lambda _progress: None).run()


def test_without_a_thread_to_be_had_no_observer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_more(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_more)
    session = Session(make_plan(Policy(), ["true"], terminal=PIPES))
    before = {child.pid for child in children()}
    with pytest.raises(RuntimeError):
        HeadlessRun(session, observer_command(), lambda _progress: None).run()
    assert {child.pid for child in children()} <= before
