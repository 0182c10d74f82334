"""How long judging leaves the processors to the target."""

from __future__ import annotations

import os
import time

import pytest

from core.rest import Rest, waited_ns


class Clock:
    """Seconds that pass when told, and how many of them were waited for a processor."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waited: int | None = 7

    def rest(self) -> Rest:
        return Rest(3, 0.05, lambda: self.now, lambda: self.waited)


def test_rest_is_longer_than_the_work_but_has_an_end() -> None:
    clock = Clock()
    rest = clock.rest()
    assert rest.left() == 0
    rest.worked(0.01)
    assert rest.left() == pytest.approx(0.03)
    clock.now += 0.02
    assert rest.left() == pytest.approx(0.01)
    clock.now += 0.02
    assert rest.left() == 0
    rest.worked(10)
    assert rest.left() == pytest.approx(0.05)


def test_whoever_is_behind_does_not_rest() -> None:
    rest = Clock().rest()
    rest.worked(1)
    assert rest.left(waiting=2 << 20) > 0
    assert rest.left(waiting=(2 << 20) + 1) == 0


@pytest.mark.parametrize(
    ("waited_ms", "rests"), [(0.0, False), (0.4, False), (0.6, True), (None, True)], ids=["idle", "hardly", "wanted", "not counted"]
)
def test_one_rests_where_others_want_the_processors(waited_ms: float | None, rests: bool) -> None:
    clock = Clock()
    rest = clock.rest()
    with rest.work():
        clock.now += 0.01
        clock.waited = None if waited_ms is None else 7 + int(waited_ms * 1e6)
    assert (rest.left() > 0) is rests


def test_the_kernel_counts_what_a_thread_waits() -> None:
    before = waited_ns()
    if before is None:
        pytest.skip("this kernel has no schedstat")
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(mine)})
    try:
        other = os.fork()
        if other == 0:
            deadline = time.monotonic() + 0.2
            while time.monotonic() < deadline:
                pass
            os._exit(0)
        deadline = time.monotonic() + 0.1
        while time.monotonic() < deadline:
            pass
        os.waitpid(other, 0)
    finally:
        os.sched_setaffinity(0, mine)
    after = waited_ns()
    assert after is not None
    assert after - before > 10_000_000
