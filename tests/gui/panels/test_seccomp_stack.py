"""Stacked filters in the panel: which is shown, and what is done to the stack."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.policy.model import Filter, Policy, Rule, Seccomp
from gui.models.rule_model import Column
from gui.panels.seccomp import SeccompPanel
from gui.policy_document import PolicyDocument
from gui.theme import Theme
from tests.gui.panels.policy_support import document_of, shown_seccomp_panel

_ON_TOP = Filter(default="log", rules=(Rule(syscalls=("socket",), action="errno:EPERM"),), note="on top")
_POLICY = Policy(seccomp=Seccomp(mode="filter", rules=(Rule(syscalls=("kill",), action="errno:EPERM"),), stacked=(_ON_TOP,)))
_CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def document() -> PolicyDocument:
    return document_of(_POLICY)


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme, document: PolicyDocument) -> SeccompPanel:
    return shown_seccomp_panel(qtbot, theme, document, height=900)


def shown_calls(panel: SeccompPanel) -> list[str]:
    model = panel.rules.model
    return [f"{model.index(row, Column.NUMBER).data()} {model.index(row, Column.CALLS).data()}" for row in range(model.rowCount())]


def choose(panel: SeccompPanel, place: int) -> None:
    panel.head.stack.combo.setFocus()
    QTest.keyClick(panel.head.stack.combo, Qt.Key.Key_Down if place else Qt.Key.Key_Up)
    assert panel.head.stack.place == place


def test_the_chosen_filter_is_shown(panel: SeccompPanel) -> None:
    assert [panel.head.stack.combo.itemText(place) for place in range(2)] == ["1 of 2", "2 of 2: on top"]
    assert shown_calls(panel) == ["1 kill"]
    choose(panel, 1)
    assert shown_calls(panel) == ["2 socket"]
    assert panel.head.default.word() == "log"
    assert panel.head.scope.note.text() == "on top"
    choose(panel, 0)
    assert panel.head.default.word() == "allow"


def test_edits_go_to_the_chosen_filter(panel: SeccompPanel, document: PolicyDocument) -> None:
    choose(panel, 1)
    panel.head.scope.flags["log"].click()
    panel.rules.table.selectRow(0)
    panel.rules.duplicate_action.trigger()
    on_top = document.policy.seccomp.stacked[0]
    assert (on_top.flags, len(on_top.rules), document.policy.seccomp.rules) == (("log",), 2, _POLICY.seccomp.rules)
    assert shown_calls(panel) == ["2 socket", "3 socket"]
    panel.head.scope.note.setFocus()
    QTest.keyClicks(panel.head.scope.note, "!")
    assert document.policy.seccomp.stacked[0].note == "on top!"
    assert panel.head.stack.combo.currentText() == "2 of 2: on top!"


def test_adding_removing_and_reordering_by_key(panel: SeccompPanel, document: PolicyDocument) -> None:
    panel.head.stack.combo.setFocus()
    QTest.keyClick(panel.head.stack.combo, Qt.Key.Key_A, _CONTROL_SHIFT)
    assert len(document.policy.seccomp.stacked) == 2
    assert panel.head.stack.place == 2
    QTest.keyClick(panel.head.stack.combo, Qt.Key.Key_Delete, _CONTROL_SHIFT)
    assert document.policy == _POLICY
    assert panel.head.stack.place == 1
    QTest.keyClick(panel.head.stack.combo, Qt.Key.Key_Up, _CONTROL_SHIFT)
    assert [one.rules for one in (document.policy.seccomp, *document.policy.seccomp.stacked)] == [_ON_TOP.rules, _POLICY.seccomp.rules]
    assert panel.head.stack.place == 0
    assert shown_calls(panel) == ["1 socket"]
    assert not panel.head.stack.earlier_action.isEnabled()


def test_a_filter_that_undo_takes_away_is_not_shown_any_more(panel: SeccompPanel, document: PolicyDocument) -> None:
    panel.head.stack.add_action.trigger()
    assert panel.head.stack.place == 2
    document.undo_stack.undo()
    assert panel.head.stack.place == 1
    assert shown_calls(panel) == ["2 socket"]


def test_a_single_filter_cannot_be_removed(panel: SeccompPanel, document: PolicyDocument) -> None:
    document.set_policy(Policy(seccomp=Seccomp(mode="filter", rules=_POLICY.seccomp.rules)))
    assert not panel.head.stack.remove_action.isEnabled()
    assert not panel.head.stack.combo.isEnabled()


def test_each_filter_has_its_program_and_its_path(panel: SeccompPanel, qtbot: QtBot) -> None:
    view = panel.pages.filter
    panel.pages.header.show_tab("Filter")
    qtbot.waitUntil(lambda: "kill" in view.text())
    panel.pages.try_call("socket(AF_INET)")
    answer = view.trial.answer
    assert answer is not None
    assert (answer.rule, len(answer.emulations)) == (2, 2)
    assert "filter 1: allow" in view.trial.each.text()
    assert "filter 2: errno:EPERM" in view.trial.each.text()
    lit = view.text().count("▸")
    assert lit == len(answer.emulations[0].path)
    panel.choose_filter(1)
    assert "socket" in view.text()
    assert view.text().count("▸") == len(answer.emulations[1].path)


def test_a_rule_is_found_in_its_filter(panel: SeccompPanel) -> None:
    panel.select_rule(2)
    assert panel.head.stack.place == 1
    assert panel.rules.table.currentIndex().row() == 0
    panel.select_rule(1)
    assert panel.head.stack.place == 0
