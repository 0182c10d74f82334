"""The inspector shows the chosen event: gates, verdict, all fields."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex
from PySide6.QtWidgets import QLabel
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from core.recording.recording import Recording
from gui.inspector.fields import FieldsModel
from gui.inspector.gate_diagram import GateDiagram
from gui.inspector.inspector import Inspector
from gui.theme import Choice, Theme


@pytest.fixture
def inspector(theme: Theme, qtbot: QtBot) -> Inspector:
    inspector = Inspector(theme)
    qtbot.addWidget(inspector)
    inspector.resize(320, 700)
    with qtbot.waitExposed(inspector):
        inspector.show()
    return inspector


def texts(inspector: Inspector) -> str:
    return " ".join(label.text() for label in inspector.findChildren(QLabel) if label.isVisible())


def lines(model: QAbstractItemModel, parent: QModelIndex = QModelIndex()) -> list[tuple[str, str]]:  # noqa: B008  an invalid index is immutable
    found = []
    for row in range(model.rowCount(parent)):
        index = model.index(row, 0, parent)
        found.append((index.data(), index.siblingAtColumn(1).data()))
        found += lines(model, index)
    return found


def test_a_call_has_gates_and_a_verdict(inspector: Inspector, recording: Recording) -> None:
    inspector.show_event(recording.event(0))
    assert "does not hold it" in texts(inspector)
    diagram = inspector.findChildren(GateDiagram)[0]
    assert "capability: refused" in diagram.accessibleDescription()
    assert diagram.heightForWidth(160) > diagram.heightForWidth(400)


def test_a_fork_is_no_call(inspector: Inspector, recording: Recording) -> None:
    inspector.show_event(recording.event(2))
    assert "fork is no system call" in texts(inspector)
    inspector.show_event(None)
    assert "Choose a call" in texts(inspector)


def test_the_diagram_is_painted_in_both_themes(inspector: Inspector, recording: Recording, theme: Theme) -> None:
    inspector.show_event(recording.event(0))
    light = inspector.grab().toImage()
    theme.choose(Choice.DARK)
    dark = inspector.grab().toImage()
    assert light != dark


def test_all_fields(qtmodeltester: ModelTester, recording: Recording) -> None:
    model = FieldsModel()
    model.show_event(recording.event(0))
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # pytest-qt has no types here
    found = dict(lines(model))
    assert found["syscall"] == "socket"
    assert found["duration_ns"] == "1,500 ns (1.5 µs)"
    assert found["NET_RAW"] == "refused, decisive"
    assert found["stack[1]"] == "inet_create"
    assert found["args[1]"] == "0x3 (3)"
    model.show_event(recording.event(2))
    assert dict(lines(model))["child"] == "9"
