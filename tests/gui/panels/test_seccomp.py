"""The seccomp panel: its head, the table of rules, and the filter below it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.policy.model import ArgumentTest, Identity, Policy, Rule, Seccomp
from gui.models.rule_model import Column
from gui.panels.seccomp import SeccompPanel
from gui.policy_document import PolicyDocument
from gui.theme import MARGIN, Theme
from tests.gui.models.test_rule_of_call import call
from tests.gui.panels.policy_support import shown, unnamed_controls

_RULES = tuple(Rule(syscalls=(name,), action="errno:EPERM") for name in ("socket", "kill", "mount"))
_POLICY = Policy(seccomp=Seccomp(mode="filter", rules=_RULES))


@pytest.fixture
def document() -> PolicyDocument:
    document = PolicyDocument()
    document.set_policy(_POLICY)
    return document


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme, document: PolicyDocument) -> SeccompPanel:
    panel = SeccompPanel(theme, document)
    qtbot.addWidget(panel)
    panel.resize(288, 760)
    shown(qtbot, panel)
    return panel


def calls(document: PolicyDocument) -> list[str | int]:
    return [rule.syscalls[0] for rule in document.policy.seccomp.rules]


def select(panel: SeccompPanel, row: int) -> None:
    panel.rules.table.setFocus()
    panel.rules.table.selectRow(row)


def test_every_control_has_a_name(panel: SeccompPanel) -> None:
    assert unnamed_controls(panel) == []


def test_the_head_shows_and_edits(panel: SeccompPanel, document: PolicyDocument) -> None:
    assert panel.mode.currentText() == "filter"
    panel.mode.setFocus()
    QTest.keyClick(panel.mode, Qt.Key.Key_Up)
    assert document.policy.seccomp.mode == "strict"
    assert not panel.default.isEnabled()
    document.undo_stack.undo()
    assert panel.mode.currentText() == "filter"
    panel.moment.setFocus()
    QTest.keyClick(panel.moment, Qt.Key.Key_Down)
    assert document.policy.seccomp.judge_from == "execve"


def test_default_action(panel: SeccompPanel, document: PolicyDocument) -> None:
    QTest.keyClicks(panel.default.kind, "errno")
    assert document.policy.seccomp.default == "errno:EPERM"
    edit = panel.default.errno.lineEdit()
    assert edit is not None
    edit.selectAll()
    QTest.keyClicks(edit, "enosys")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert document.policy.seccomp.default == "errno:ENOSYS"


def test_a_wrong_default_is_told_at_the_head(panel: SeccompPanel, document: PolicyDocument) -> None:
    document.edit("a wrong errno", Policy(seccomp=Seccomp(mode="filter", default="errno:EPREM")))
    assert panel.problem.isVisible()
    assert "EPERM" in panel.problem.text()
    assert panel.default.word() == "errno:EPREM"
    assert "mended" in panel.filter.note.text()


def test_the_filter_follows_the_rules(panel: SeccompPanel, document: PolicyDocument, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: "mount" in panel.filter.text())
    size = panel.filter.size_label.text()
    assert "instructions" in size
    with qtbot.waitSignal(panel.filter_built):
        document.edit("fewer", Policy(seccomp=Seccomp(mode="filter", rules=_RULES[:1])))
    assert "socket" in panel.filter.text()
    assert "mount" not in panel.filter.text()
    assert panel.filter.size_label.text() != size
    with qtbot.waitSignal(panel.filter_built) as built:
        document.edit("off", Policy(seccomp=Seccomp(mode="off", rules=_RULES)))
    assert built.args == [None]
    assert panel.filter.text() == ""
    assert "off" in panel.filter.note.text()


def test_no_new_privs_hint(panel: SeccompPanel, document: PolicyDocument) -> None:
    assert not panel.hint.isVisible()
    document.edit("without", Policy(identity=Identity(no_new_privs=False), seccomp=_POLICY.seccomp))
    assert panel.hint.isVisible()
    panel.set_no_new_privs.click()
    assert document.policy.identity.no_new_privs
    assert not panel.hint.isVisible()


def test_move_by_keys(panel: SeccompPanel, document: PolicyDocument) -> None:
    select(panel, 0)
    QTest.keyClick(panel.rules.table, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert calls(document) == ["kill", "socket", "mount"]
    assert panel.rules.table.currentIndex().row() == 1
    QTest.keyClick(panel.rules.table, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert calls(document) == ["socket", "kill", "mount"]
    QTest.keyClick(panel.rules.table, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert calls(document) == ["socket", "kill", "mount"]


def test_remove_and_undo(panel: SeccompPanel, document: PolicyDocument) -> None:
    select(panel, 1)
    QTest.keyClick(panel.rules.table, Qt.Key.Key_Delete)
    assert calls(document) == ["socket", "mount"]
    document.undo_stack.undo()
    assert calls(document) == ["socket", "kill", "mount"]
    panel.rules.table.selectAll()
    QTest.keyClick(panel.rules.table, Qt.Key.Key_Delete)
    assert calls(document) == []


def test_duplicate(panel: SeccompPanel, document: PolicyDocument) -> None:
    select(panel, 0)
    QTest.keyClick(panel.rules.table, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert calls(document) == ["socket", "socket", "kill", "mount"]
    assert panel.rules.table.currentIndex().row() == 1


def test_a_click_on_the_box_sets_the_rule_aside(panel: SeccompPanel, document: PolicyDocument) -> None:
    cell = panel.rules.table.visualRect(panel.rules.model.index(1, Column.NUMBER))
    QTest.mouseClick(panel.rules.table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(MARGIN + 7, cell.center().y()))
    assert [rule.enabled for rule in document.policy.seccomp.rules] == [True, False, True]


def test_several_are_set_aside_in_one_step(panel: SeccompPanel, document: PolicyDocument) -> None:
    panel.rules.table.setFocus()
    panel.rules.table.selectAll()
    steps = document.undo_stack.count()
    QTest.keyClick(panel.rules.table, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    assert [rule.enabled for rule in document.policy.seccomp.rules] == [False, False, False]
    assert document.undo_stack.count() == steps + 1


def test_adding_a_rule(panel: SeccompPanel, document: PolicyDocument) -> None:
    panel.rules.add.click()
    dialog = panel.rules.dialog
    assert dialog is not None
    assert not dialog.accept_button.isEnabled()
    QTest.keyClicks(dialog.calls, "chmod, fchmod")
    assert dialog.accept_button.isEnabled()
    dialog.accept()
    assert document.policy.seccomp.rules[3] == Rule(syscalls=("chmod", "fchmod"), action="errno:EPERM")
    assert panel.rules.table.currentIndex().row() == 3


def test_editing_a_rule(panel: SeccompPanel, document: PolicyDocument) -> None:
    select(panel, 1)
    QTest.keyClick(panel.rules.table, Qt.Key.Key_F2)
    dialog = panel.rules.dialog
    assert dialog is not None
    dialog.note.setText("why")
    dialog.accept()
    assert document.policy.seccomp.rules[1] == Rule(syscalls=("kill",), action="errno:EPERM", note="why")


def test_cancelling_changes_nothing(panel: SeccompPanel, document: PolicyDocument) -> None:
    panel.rules.add.click()
    dialog = panel.rules.dialog
    assert dialog is not None
    dialog.calls.setText("chmod")
    dialog.reject()
    assert document.policy == _POLICY
    assert panel.rules.dialog is None


def test_a_rule_of_a_call(panel: SeccompPanel, document: PolicyDocument) -> None:
    panel.add_rule_for(call("socket", 2, 3, 1))
    dialog = panel.rules.dialog
    assert dialog is not None
    dialog.accept()
    rule = document.policy.seccomp.rules[3]
    assert rule.syscalls == ("socket",)
    assert rule.args[0] == ArgumentTest(index=0, op="==", value="AF_INET")


def test_a_wrong_rule_is_told_below_the_table(panel: SeccompPanel, document: PolicyDocument) -> None:
    wrong = Rule(syscalls=("sokcet",), action="allow")
    document.edit("a wrong rule", Policy(seccomp=Seccomp(mode="filter", rules=(_RULES[0], wrong))))
    assert panel.rules.problem.text().startswith("Rule 2: ")
    assert "socket" in panel.rules.problem.text()


def test_wide_tables_have_columns_for_arguments_and_notes(panel: SeccompPanel) -> None:
    hidden = [panel.rules.table.isColumnHidden(column) for column in Column]
    assert hidden == [False, False, True, False, True]
    panel.resize(700, 760)
    assert not any(panel.rules.table.isColumnHidden(column) for column in Column)
