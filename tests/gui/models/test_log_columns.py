"""What an exec says in the log: whether the kernel did what was predicted, in words and in the row's colour."""

from __future__ import annotations

from gui.models.log_columns import Column, row_of
from tests.gui.execs import exec_event


def test_an_exec_that_came_as_predicted() -> None:
    row = row_of(exec_event(agrees=True))
    assert not row.alarm
    assert row.cells[Column.REASON] == "permitted 0 → 1, effective 0 → 1: as predicted"
    assert row.cells[Column.RESULT] == ""


def test_an_exec_that_came_otherwise_is_an_alarm() -> None:
    row = row_of(exec_event(agrees=False))
    assert row.alarm
    assert row.cells[Column.RESULT] == "✕ differs"
    assert (
        row.cells[Column.REASON]
        == "not as predicted: permitted lacks NET_RAW; effective lacks NET_RAW; the effective uid is 1000, predicted 0"
    )
