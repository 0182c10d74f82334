"""Work goes on beside the window, and only the last request is answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from gui.background import Background


class Work:
    """Doubles a number, and for 1 waits until it may."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.threads: set[int] = set()

    def __call__(self, number: int) -> int:
        self.threads.add(threading.get_ident())
        if number == 1:
            self.may_end.wait(10)
        return 2 * number


@pytest.fixture
def work() -> Iterator[Work]:
    work = Work()
    yield work
    work.may_end.set()


@pytest.fixture
def background(work: Work, qtbot: QtBot) -> Background:  # noqa: ARG001  qtbot fails the test on exceptions in slots
    return Background(work)


def test_only_the_last_request_is_answered(background: Background, work: Work, qtbot: QtBot) -> None:
    results: list[int] = []
    background.done.connect(results.append)
    with qtbot.waitSignal(background.done):
        background.request(2)
        background.request(3)
    assert results == [6]
    assert threading.get_ident() not in work.threads
    assert not background.busy


def test_a_stale_result_is_dropped(background: Background, work: Work, qtbot: QtBot) -> None:
    results: list[int] = []
    background.done.connect(results.append)
    background.request(1)
    background.submit()  # under way now
    background.request(5)
    assert background.busy
    work.may_end.set()
    with qtbot.waitSignal(background.done):
        pass
    assert results == [10]


def test_what_is_cancelled_is_never_told(background: Background, work: Work, qtbot: QtBot) -> None:
    results: list[int] = []
    background.done.connect(results.append)
    background.request(1)
    background.submit()
    background.cancel()
    work.may_end.set()
    with qtbot.waitSignal(background.done):
        background.request(7)
    assert results == [14]
