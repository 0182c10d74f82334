"""How long judging leaves the processors to the target."""

from __future__ import annotations

import pytest

from core.rest import Rest


def test_rest_is_longer_than_the_work_but_has_an_end() -> None:
    now = [100.0]
    rest = Rest(lambda: now[0])
    assert rest.left(waiting=1) == 0
    rest.worked(0.01)
    assert rest.left(waiting=1) == pytest.approx(0.03)
    now[0] += 0.02
    assert rest.left(waiting=1) == pytest.approx(0.01)
    now[0] += 0.02
    assert rest.left(waiting=1) == 0
    rest.worked(10)
    assert rest.left(waiting=1) == pytest.approx(0.05)


def test_whoever_is_behind_does_not_rest() -> None:
    rest = Rest(lambda: 100.0)
    rest.worked(1)
    assert rest.left(waiting=1 << 20) > 0
    assert rest.left(waiting=(1 << 20) + 1) == 0
