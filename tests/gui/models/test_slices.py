"""Slices shrink where they are dear and grow where they are cheap."""

from __future__ import annotations

import pytest

from gui.models.slices import Slices


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("gui.models.slices.time.monotonic", lambda: now[0])
    return now


def test_dear_slices_shrink_and_end_the_turn(clock: list[float]) -> None:
    work = Slices(0.008)
    work.begin_turn()
    size = work.begin()
    clock[0] += 0.02
    assert not work.end()
    assert work.size == size // 2


def test_cheap_slices_grow_while_there_is_time(clock: list[float]) -> None:
    work = Slices(0.008)
    work.begin_turn()
    size = work.begin()
    clock[0] += 0.0005
    assert work.end()
    assert work.size == size * 2
