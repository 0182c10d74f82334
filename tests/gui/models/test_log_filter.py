"""Filtering in slices comes to the same as filtering at once, also while the recording grows."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from core.recording.filter import parse_query
from core.recording.recording import Recording
from core.recording.rows import Details
from gui.models.log_filter import LogFilter
from gui.models.log_finder import LogFinder
from gui.models.log_model import LogModel
from tests.core.recording.test_recording import HEADER, call_rows


@pytest.fixture
def long_recording() -> Recording:
    """30,000 events: getpid, and every thousandth a socket."""
    recording = Recording.create(None, HEADER)
    for _ in range(30):
        recording.append(call_rows(recording, "getpid", 999), Details())
        recording.append(call_rows(recording, "socket"), Details())
    return recording


@pytest.fixture
def model() -> LogModel:
    return LogModel()


def test_query_fills_the_model(model: LogModel, long_recording: Recording, qtbot: QtBot) -> None:
    shown = LogFilter(model)
    shown.set_source(long_recording)
    with qtbot.waitSignal(shown.finished):
        shown.set_query(parse_query("syscall:socket"))
    assert [model.event_index(row) for row in range(model.rowCount())] == list(range(999, 30_000, 1000))
    shown.set_query(None)
    assert model.rowCount() == 30_000


def test_catches_up_with_what_was_appended(model: LogModel, long_recording: Recording, qtbot: QtBot) -> None:
    shown = LogFilter(model)
    shown.set_source(long_recording)
    with qtbot.waitSignal(shown.finished):
        shown.set_query(parse_query("syscall:socket"))
    long_recording.append(call_rows(long_recording, "socket", 2), Details())
    with qtbot.waitSignal(shown.finished):
        shown.catch_up()
    assert model.rowCount() == 32
    shown.set_query(None)
    long_recording.append(call_rows(long_recording, "brk"), Details())
    shown.catch_up()
    assert model.rowCount() == 30_003


def test_finder_goes_around_the_end(model: LogModel, long_recording: Recording, qtbot: QtBot) -> None:
    model.show(long_recording, len(long_recording))
    finder = LogFinder(model)
    for after, expected in ((-1, 999), (999, 1999), (29_999, 999)):
        with qtbot.waitSignal(finder.found) as found:
            finder.find(long_recording, parse_query("socket"), after)
        assert found.args == [expected]
    with qtbot.waitSignal(finder.found) as found:
        finder.find(long_recording, parse_query("syscall:connect"), 5)
    assert found.args == [-1]
