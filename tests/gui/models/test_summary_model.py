"""The summary's model and its order."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester

from core.recording.call_counts import CallCount
from gui.delegates.cells import TONE_ROLE, Tone
from gui.models.summary_model import Column, SummaryModel, SummarySort

READ = CallCount("read", "x86_64", calls=3, errors=1, denied=0, timed=2, total_ns=6000)
BRK = CallCount("brk", "x86_64", calls=10, errors=0, denied=0, timed=10, total_ns=1000)
SOCKET = CallCount("socket", "x86_64", calls=1, errors=1, denied=1, timed=0, total_ns=0)


@pytest.fixture
def model() -> SummaryModel:
    return SummaryModel()


def names(model: SummaryModel | SummarySort) -> list[str]:
    return [model.index(row, Column.SYSCALL).data() for row in range(model.rowCount())]


def test_is_a_model(model: SummaryModel, qtmodeltester: ModelTester) -> None:
    ordered = SummarySort(model)
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # pytest-qt has no types here
    model.show([READ])
    model.show([READ, BRK])
    model.show([SOCKET, BRK, READ])
    assert names(model) == ["total", "read", "brk", "socket"]
    qtmodeltester.check(ordered)  # type: ignore[no-untyped-call]  # as above
    model.clear()
    assert names(ordered) == []


def test_words(model: SummaryModel) -> None:
    model.show([READ, BRK, SOCKET])
    assert [model.index(1, column).data() for column in Column] == ["85.71", "0.006", "3.0", "3", "1", "", "read"]
    assert [model.index(0, column).data() for column in Column] == ["100.00", "0.007", "0.6", "14", "2", "1", "total"]
    assert model.index(3, Column.DENIED).data(TONE_ROLE) is Tone.BAD
    assert model.index(3, Column.MEAN).data() == ""
    assert model.headerData(Column.MEAN, Qt.Orientation.Horizontal) == "µs/call"


@pytest.mark.parametrize(
    ("column", "ascending"),
    [
        (Column.TOTAL, ["socket", "brk", "read"]),
        (Column.SHARE, ["socket", "brk", "read"]),
        (Column.MEAN, ["socket", "brk", "read"]),
        (Column.CALLS, ["socket", "read", "brk"]),
        (Column.DENIED, ["brk", "read", "socket"]),
        (Column.ERRORS, ["brk", "read", "socket"]),
        (Column.SYSCALL, ["brk", "read", "socket"]),
    ],
)
def test_sorts_by_every_column_with_the_totals_below(model: SummaryModel, column: Column, ascending: list[str]) -> None:
    model.show([SOCKET, READ, BRK])
    ordered = SummarySort(model)
    ordered.sort(column, Qt.SortOrder.AscendingOrder)
    assert names(ordered) == [*ascending, "total"]
    ordered.sort(column, Qt.SortOrder.DescendingOrder)
    assert names(ordered)[-1] == "total"
    if column not in (Column.DENIED, Column.ERRORS):
        assert names(ordered)[:-1] == ascending[::-1]


def test_stays_sorted_while_it_grows(model: SummaryModel) -> None:
    ordered = SummarySort(model)
    model.show([READ, BRK])
    assert names(ordered) == ["read", "brk", "total"]
    model.show([READ, CallCount("brk", "x86_64", calls=99, errors=0, denied=0, timed=99, total_ns=9000)])
    assert names(ordered) == ["brk", "read", "total"]
