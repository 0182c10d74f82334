"""When a session is fed, and that it takes its time."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import pytest

from core.session import Progress, Session

FEEDING = 0.01
"""Seconds that each feeding of a running session takes at least."""
FOR_A_WHILE = ("sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 0.04; done")
"""A target that makes calls for a second, and not so many that anybody falls behind."""


class SlowFeeds:
    """Makes feeding slow, as if others wanted the processors, and keeps the times of those between the target's start and its end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._times: list[tuple[float, float]] = []
        self._feed = Session.feed
        monkeypatch.setattr("core.rest._SCHEDSTAT", Path("/nonexistent"))
        monkeypatch.setattr(Session, "feed", lambda session, data: self._slowly(session, data))  # noqa: PLW0108  else without the session

    def _slowly(self, session: Session, data: bytes) -> Progress:
        began, before = time.monotonic(), session.state
        if before == "running":
            time.sleep(FEEDING)
        progress = self._feed(session, data)
        if before == session.state == "running":
            self._times.append((began, time.monotonic()))
        return progress

    def rests(self) -> list[float]:
        """Seconds from each feeding's end to the next, without the last: the target's end may have cut it short."""
        return [began - ended for (_, ended), (began, _) in itertools.pairwise(self._times)][:-1]
