"""A run without a window leaves the processors to its target: judging rests in between."""

from __future__ import annotations

import pytest

from core.headless import HeadlessRun
from core.observer_command import observer_command
from core.plan import make_plan
from core.policy.model import Policy
from core.session import Session
from tests.support.feeds import FEEDING, FOR_A_WHILE, SlowFeeds
from tests.support.run import PIPES, recording_of


def test_judging_rests_while_the_target_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    feeds = SlowFeeds(monkeypatch)
    session = Session(make_plan(Policy(), FOR_A_WHILE, terminal=PIPES))
    HeadlessRun(session, observer_command(), lambda _progress: None).run()
    assert session.failure is None
    assert recording_of(session).summary().calls > 100
    assert len(feeds.rests()) > 4
    assert min(feeds.rests()) >= 2 * FEEDING
