"""A cell's colours say which gate said no; ordinary calls have none."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from core.recording.recording import Recording
from gui.delegates.log import LogDelegate
from gui.models.log_columns import Column, row_of
from gui.models.log_model import LogModel
from gui.panels.log_table import LogTable
from gui.theme import DARK, LIGHT, Choice, Theme
from tests.gui.execs import exec_event


@pytest.fixture
def table(theme: Theme, recording: Recording, qtbot: QtBot) -> LogTable:
    model = LogModel()
    model.show(recording, 3)
    table = LogTable(model, theme)
    model.setParent(table)
    qtbot.addWidget(table)
    table.resize(1000, 200)
    with qtbot.waitExposed(table):
        table.show()
    return table


def colours(table: LogTable, row: int, column: Column) -> set[str]:
    index = table.model().index(row, column)
    image: QImage = table.viewport().grab(table.visualRect(index)).toImage()
    return {QColor(image.pixel(x, y)).name() for x in range(image.width()) for y in range(image.height())}


def test_a_refusal_has_its_gates_colours(table: LogTable, theme: Theme) -> None:
    assert {LIGHT.capability, LIGHT.capability_tint} <= colours(table, 0, Column.GATE)
    assert LIGHT.capability in colours(table, 0, Column.RESULT)
    theme.choose(Choice.DARK)
    assert {DARK.capability, DARK.capability_tint} <= colours(table, 0, Column.GATE)


def test_an_ordinary_call_is_quiet(table: LogTable) -> None:
    assert colours(table, 1, Column.GATE) == {LIGHT.alternate}


def test_rows_have_the_height_of_the_look(table: LogTable, theme: Theme) -> None:
    assert table.rowHeight(0) == 25
    theme.set_large(True)
    assert table.rowHeight(0) > 30


def test_an_exec_that_came_otherwise_is_red(theme: Theme) -> None:
    delegate = LogDelegate(theme, LogModel())
    alarm, quiet = (row_of(exec_event(agrees=agrees)) for agrees in (False, True))
    assert {delegate._ink(alarm, column, selected=False) for column in Column} == {LIGHT.killed}
    assert {delegate._ink(quiet, column, selected=False) for column in Column} == {LIGHT.muted}
