"""A follower hands every event over once, in order, and says when all are there."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from core.recording.recording import Recording
from core.recording.rows import Details
from gui.models.follower import Follower
from tests.core.recording.test_recording import HEADER, call_rows


class Spans:
    def __init__(self) -> None:
        self.spans: list[tuple[int, int]] = []

    def take(self, _recording: Recording, start: int, stop: int) -> None:
        self.spans.append((start, stop))

    @property
    def joined(self) -> tuple[int, int]:
        assert all(first[1] == second[0] for first, second in zip(self.spans, self.spans[1:], strict=False))
        return self.spans[0][0], self.spans[-1][1]


def test_follows_to_the_end_and_on(qtbot: QtBot) -> None:
    recording = Recording.create(None, HEADER)
    recording.append(call_rows(recording, "getpid", 300_000), Details())
    follower, spans = Follower(), Spans()
    follower.follow(recording, spans)
    with qtbot.waitSignal(follower.advanced):
        follower.catch_up()
    qtbot.waitUntil(lambda: spans.joined == (0, 300_000))
    assert len(spans.spans) > 2  # in slices
    recording.append(call_rows(recording, "getpid", 5), Details())
    with qtbot.waitSignal(follower.advanced):
        follower.catch_up()
    assert spans.joined == (0, 300_005)


def test_another_recording_starts_over(qtbot: QtBot) -> None:
    recording = Recording.create(None, HEADER)
    recording.append(call_rows(recording, "getpid", 10), Details())
    follower, first, second = Follower(), Spans(), Spans()
    follower.follow(recording, first)
    follower.catch_up()  # a little is taken in at once
    follower.follow(recording, second)
    with qtbot.waitSignal(follower.advanced):
        follower.catch_up()
    assert first.joined == second.joined == (0, 10)
    follower.follow(None, Spans())
    with qtbot.assertNotEmitted(follower.advanced, wait=20):
        follower.catch_up()
