"""The filter bar: its queries, its complaints, its buttons."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from core.judge.verdict import Gate
from gui.panels.filter_bar import FilterBar
from gui.theme import Theme


@pytest.fixture
def bar(theme: Theme, qtbot: QtBot) -> FilterBar:
    bar = FilterBar(theme)
    qtbot.addWidget(bar)
    bar.show()
    return bar


def facet(bar: FilterBar, gate: Gate) -> QPushButton:
    return next(button for button in bar.findChildren(QPushButton) if f"gate {gate.word} " in button.accessibleName())


def test_typing_and_enter(bar: FilterBar, qtbot: QtBot) -> None:
    with qtbot.waitSignal(bar.query_changed) as changed:
        QTest.keyClicks(bar.edit, "syscall:socket")
        QTest.keyClick(bar.edit, Qt.Key.Key_Return)
    assert str(changed.args[0]) == "syscall:socket"
    with qtbot.waitSignal(bar.query_changed) as changed:
        bar.clear()
    assert changed.args == [None]


def test_typing_that_pauses_applies_by_itself(bar: FilterBar, qtbot: QtBot) -> None:
    with qtbot.waitSignal(bar.query_changed) as changed:
        QTest.keyClicks(bar.edit, "pid:812")
    assert str(changed.args[0]) == "pid:812"


def test_a_complaint_leaves_the_type_as_it_is(theme: Theme, qtbot: QtBot) -> None:
    theme.set_large(True)
    bar = FilterBar(theme)
    qtbot.addWidget(bar)
    bar.show()
    theme.set_large(False)
    bar.set_text("sycall:socket")
    assert bar.edit.property("problem")
    assert bar.edit.font().pointSizeF() == theme.mono_font.pointSizeF()


def test_a_bad_filter_says_so_and_keeps_the_last(bar: FilterBar, qtbot: QtBot) -> None:
    bar.set_text("syscall:socket")
    with qtbot.assertNotEmitted(bar.query_changed):
        bar.set_text("sycall:socket")
    assert "syscall" in bar.problem
    assert str(bar.query) == "syscall:socket"
    bar.set_text("syscall:connect")
    assert bar.problem == ""


def test_terms_are_added_and_turned_around(bar: FilterBar) -> None:
    bar.set_text("process:ping")
    bar.add_term("syscall", "mmap")
    bar.add_term("syscall", "mmap", exclude=True)
    assert str(bar.query) == "process:ping -syscall:mmap"
    bar.add_term("reason", "not held")
    assert bar.edit.text().endswith('reason:"not held"')


def test_gate_buttons_count_and_filter(bar: FilterBar) -> None:
    bar.set_counts({"seccomp": 9, "capability": 1234, "other": 4})
    assert [facet(bar, gate).text() for gate in (Gate.SECCOMP, Gate.CAPABILITY, Gate.OTHER)] == ["9", "1,234", "4"]
    bar.set_text("process:ping")
    QTest.mouseClick(facet(bar, Gate.SECCOMP), Qt.MouseButton.LeftButton)
    assert str(bar.query) == "process:ping gate:seccomp"
    QTest.mouseClick(facet(bar, Gate.CAPABILITY), Qt.MouseButton.LeftButton)
    assert str(bar.query) == "process:ping gate:capability,seccomp"
    QTest.mouseClick(facet(bar, Gate.SECCOMP), Qt.MouseButton.LeftButton)
    QTest.mouseClick(facet(bar, Gate.CAPABILITY), Qt.MouseButton.LeftButton)
    assert str(bar.query) == "process:ping"


def test_typed_gate_presses_its_button(bar: FilterBar) -> None:
    bar.set_text("gate:seccomp")
    assert facet(bar, Gate.SECCOMP).isChecked()
    bar.set_text("-gate:seccomp")
    assert not facet(bar, Gate.SECCOMP).isChecked()
