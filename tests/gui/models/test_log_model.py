"""The log's model: what Qt expects of a model, and the rows that the filter lets through."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester

from core.recording.recording import Recording
from gui.models.log_columns import Column
from gui.models.log_model import LogModel


@pytest.fixture
def model() -> LogModel:
    return LogModel()


def indexes(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, np.int64)


def numbers(model: LogModel) -> list[str]:
    return [model.index(row, Column.NUMBER).data() for row in range(model.rowCount())]


def test_is_a_model(model: LogModel, recording: Recording, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # pytest-qt has no types here
    model.show(recording, 1)
    model.append(2)
    assert numbers(model) == ["1", "2", "3"]
    model.show_only(indexes(0, 2), 2)
    assert numbers(model) == ["1", "3"]
    model.show(None)
    assert numbers(model) == []


def test_words(model: LogModel, recording: Recording) -> None:
    model.show(recording, 3)
    cells = [
        model.index(0, column).data()
        for column in (Column.PID, Column.PROCESS, Column.SYSCALL, Column.RESULT, Column.GATE, Column.DURATION)
    ]
    assert cells == ["7", "prog", "socket", "EPERM", "capability", "1.5 µs"]
    assert "NET_RAW" in model.index(0, Column.REASON).data()
    assert model.index(2, Column.SYSCALL).data() == "fork"
    assert model.headerData(Column.ARGUMENTS, Qt.Orientation.Horizontal) == "Arguments"


def test_appended_indexes_follow_the_filtered(model: LogModel, recording: Recording) -> None:
    model.show(recording, 0)
    model.show_only(indexes(), 0)
    for value in range(3):
        model.append_indexes(indexes(value))
    assert numbers(model) == ["1", "2", "3"]
    assert [model.event_index(row) for row in range(3)] == [0, 1, 2]


def test_row_of_event(model: LogModel, recording: Recording) -> None:
    model.show(recording, 3)
    assert [model.row_of_event(index) for index in (0, 2, 3)] == [0, 2, -1]
    model.show_only(indexes(0, 2), 2)
    assert [model.row_of_event(index) for index in (0, 1, 2, 3)] == [0, 1, 1, -1]


def test_marks_survive_a_filter(model: LogModel, recording: Recording) -> None:
    model.show(recording, 3)
    model.toggle_mark(0)
    model.toggle_mark(2)
    model.show_only(indexes(1, 2), 2)
    assert [model.is_marked(row) for row in range(2)] == [False, True]
    assert model.next_mark(0) == 1
    assert model.next_mark(1) == 1
    model.toggle_mark(1)
    assert model.next_mark(-1) == -1
