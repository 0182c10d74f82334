"""The seccomp panel: its head, the table of rules, and the filter below it."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from core.policy.model import ArgumentTest, Identity, Policy, Rule, Seccomp
from gui.lint_report import lint_report
from gui.models.rule_model import Column
from gui.panels.seccomp import SeccompPanel
from gui.policy_document import PolicyDocument
from gui.theme import MARGIN, Theme
from tests.gui.models.test_rule_of_call import call
from tests.gui.panels.policy_support import document_of, shown_seccomp_panel, unnamed_controls

_RULES = tuple(Rule(syscalls=(name,), action="errno:EPERM") for name in ("socket", "kill", "mount"))
_POLICY = Policy(seccomp=Seccomp(mode="filter", rules=_RULES))


@pytest.fixture
def document() -> PolicyDocument:
    return document_of(_POLICY)


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme, document: PolicyDocument) -> SeccompPanel:
    return shown_seccomp_panel(qtbot, theme, document)


def calls(document: PolicyDocument) -> list[str | int]:
    return [rule.syscalls[0] for rule in document.policy.seccomp.rules]


def select(panel: SeccompPanel, row: int) -> None:
    panel.rules.table.setFocus()
    panel.rules.table.selectRow(row)


def test_every_control_has_a_name(panel: SeccompPanel) -> None:
    assert unnamed_controls(panel) == []


def test_the_head_shows_and_edits(panel: SeccompPanel, document: PolicyDocument) -> None:
    assert panel.head.mode.currentText() == "filter"
    panel.head.mode.setFocus()
    QTest.keyClick(panel.head.mode, Qt.Key.Key_Up)
    assert document.policy.seccomp.mode == "strict"
    assert not panel.head.default.isEnabled()
    document.undo_stack.undo()
    assert panel.head.mode.currentText() == "filter"
    panel.head.moment.setFocus()
    QTest.keyClick(panel.head.moment, Qt.Key.Key_Down)
    assert document.policy.seccomp.judge_from == "execve"


def test_default_action(panel: SeccompPanel, document: PolicyDocument) -> None:
    QTest.keyClicks(panel.head.default.kind, "errno")
    assert document.policy.seccomp.default == "errno:EPERM"
    edit = panel.head.default.errno.lineEdit()
    assert edit is not None
    edit.selectAll()
    QTest.keyClicks(edit, "enosys")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert document.policy.seccomp.default == "errno:ENOSYS"


def test_a_wrong_default_is_told_at_the_head(panel: SeccompPanel, document: PolicyDocument) -> None:
    document.edit("a wrong errno", Policy(seccomp=Seccomp(mode="filter", default="errno:EPREM")))
    assert panel.head.problem.isVisible()
    assert "EPERM" in panel.head.problem.text()
    assert panel.head.default.word() == "errno:EPREM"
    assert "mended" in panel.pages.filter.note.text()


def test_the_filter_follows_the_rules(panel: SeccompPanel, document: PolicyDocument, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: "mount" in panel.pages.filter.text())
    size = panel.pages.filter.size_label.text()
    assert "instructions" in size
    with qtbot.waitSignal(panel.filter_built):
        document.edit("fewer", Policy(seccomp=Seccomp(mode="filter", rules=_RULES[:1])))
    assert "socket" in panel.pages.filter.text()
    assert "mount" not in panel.pages.filter.text()
    assert panel.pages.filter.size_label.text() != size
    with qtbot.waitSignal(panel.filter_built) as built:
        document.edit("off", Policy(seccomp=Seccomp(mode="off", rules=_RULES)))
    assert built.args == [None]
    assert panel.pages.filter.text() == ""
    assert "off" in panel.pages.filter.note.text()


def test_no_new_privs_hint(panel: SeccompPanel, document: PolicyDocument) -> None:
    assert not panel.head.hint.isVisible()
    document.edit("without", Policy(identity=Identity(no_new_privs=False), seccomp=_POLICY.seccomp))
    assert panel.head.hint.isVisible()
    panel.head.set_no_new_privs.click()
    assert document.policy.identity.no_new_privs
    assert not panel.head.hint.isVisible()


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
    assert panel.rules._rows() == [1]


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


@pytest.mark.parametrize(("rules", "mode"), [((), "filter"), (_RULES[:1], "off")])
def test_a_first_rule_turns_the_filter_on(panel: SeccompPanel, document: PolicyDocument, rules: tuple[Rule, ...], mode: str) -> None:
    document.edit("off", Policy(seccomp=Seccomp(rules=rules)))
    panel.rules.add_rule(_RULES[1])
    dialog = panel.rules.dialog
    assert dialog is not None
    dialog.accept()
    assert document.policy.seccomp == Seccomp(mode=mode, rules=(*rules, _RULES[1]))  # type: ignore[arg-type]  # both are modes


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
    panel.rules.model.set_hits([0, 0, 0])
    hidden = {column for column in Column if panel.rules.table.isColumnHidden(column)}
    assert hidden == {Column.TESTS, Column.NOTE}
    panel.resize(1300, 760)
    assert not any(panel.rules.table.isColumnHidden(column) for column in Column)


def test_without_a_run_there_is_no_column_of_hits(panel: SeccompPanel) -> None:
    assert panel.rules.table.isColumnHidden(Column.HITS)


def test_a_wide_panel_stands_side_by_side(panel: SeccompPanel) -> None:
    assert panel.pages.mapTo(panel, QPoint()).y() > panel.rules.mapTo(panel, QPoint()).y()
    panel.resize(1000, 500)
    assert panel.pages.mapTo(panel, QPoint()).x() > panel.rules.mapTo(panel, QPoint()).x()


@pytest.mark.parametrize("width", [284, 1000])
def test_it_fits_its_place(panel: SeccompPanel, width: int) -> None:
    panel.head.fold.button.setChecked(True)
    assert panel.minimumSizeHint().width() <= 284
    assert panel.minimumSizeHint().height() <= 640
    panel.resize(width, 640)
    for control in panel.findChildren(QComboBox):
        if control.isVisible():
            right = control.mapTo(panel, QPoint(control.width(), 0)).x()
            assert right <= width, control.accessibleName()


def test_scope_is_shown_and_edited(panel: SeccompPanel, document: PolicyDocument) -> None:
    panel.head.fold.button.click()
    scope = panel.head.scope
    assert scope.architectures["native"].isChecked()
    scope.architectures["x86"].click()
    assert document.policy.seccomp.architectures == ("native", "x86")
    scope.flags["log"].click()
    scope.flags["tsync"].click()
    assert document.policy.seccomp.flags == ("log", "tsync")
    QTest.keyClicks(scope.bad_arch.kind, "errno")
    assert document.policy.seccomp.bad_arch == "errno:EPERM"
    for _ in range(4):
        document.undo_stack.undo()
    assert document.policy == _POLICY
    assert not scope.flags["log"].isChecked()


def test_a_folded_scope_says_what_is_inside(panel: SeccompPanel, document: PolicyDocument) -> None:
    document.edit("scope", Policy(seccomp=Seccomp(mode="filter", architectures=("x86_64", "x86"), bad_arch="trap", flags=("log",))))
    assert panel.head.fold.button.accessibleDescription() == "x86_64, x86, else trap · log"


def test_what_is_not_there_yet_is_offered_and_refused_in_words(panel: SeccompPanel, document: PolicyDocument) -> None:
    panel.head.fold.button.click()
    panel.head.scope.flags["wait-killable"].click()
    problem = document.problem_at("seccomp.flags")
    assert panel.head.problem.text() == (f"flags: {problem}" if problem else "")
    document.undo_stack.undo()
    panel.head.default.kind.setCurrentText("ask")
    panel.head.default.kind.activated.emit(panel.head.default.kind.currentIndex())
    assert document.policy.seccomp.default == "ask"
    problem = document.problem_at("seccomp.default")
    assert panel.head.problem.text() == (f"default: {problem}" if problem else "")


def test_presets_replace_the_filter_and_can_be_undone(panel: SeccompPanel, document: PolicyDocument) -> None:
    panel.head.presets.fill()
    titles = [action.text() for action in panel.head.presets.actions()]
    assert "Strict mode" in titles
    next(action for action in panel.head.presets.actions() if action.text() == "Only computing").trigger()
    assert document.policy.seccomp.default == "kill-process"
    assert document.policy.identity == _POLICY.identity
    document.undo_stack.undo()
    assert document.policy == _POLICY


def test_groups_are_spelled_out_by_key(panel: SeccompPanel, document: PolicyDocument) -> None:
    document.edit("a group", Policy(seccomp=Seccomp(mode="filter", rules=(Rule(syscalls=("@swap", "kill"), action="trap"),))))
    select(panel, 0)
    QTest.keyClick(panel.rules.table, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert document.policy.seccomp.rules[0].syscalls == ("swapoff", "swapon", "kill")
    assert not panel.rules.spell_action.isEnabled()


_STEPS = st.lists(
    st.sampled_from(["up", "down", "duplicate", "remove", "toggle", "add filter", "remove filter", "earlier", "later", "preset", "fix"]),
    min_size=1,
    max_size=12,
)


@given(_STEPS, st.randoms(use_true_random=False))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_undo_loses_no_rule(panel: SeccompPanel, steps: list[str], random: Random) -> None:
    document = panel._document
    document.undo_stack.clear()
    document._become(_POLICY, None)
    panel.head.presets.fill()
    seen = [document.policy]
    for step in steps:
        if panel.rules.model.rowCount():
            panel.rules.table.selectRow(random.randrange(panel.rules.model.rowCount()))
        if step == "preset":
            random.choice(panel.head.presets.actions()).trigger()
        elif step == "fix":
            panel._on_linted(lint_report(document.policy))
            panel.pages.findings.fix_action.trigger()
        else:
            {
                "up": panel.rules.up_action,
                "down": panel.rules.down_action,
                "duplicate": panel.rules.duplicate_action,
                "remove": panel.rules.remove_action,
                "toggle": panel.rules.toggle_action,
                "add filter": panel.head.stack.add_action,
                "remove filter": panel.head.stack.remove_action,
                "earlier": panel.head.stack.earlier_action,
                "later": panel.head.stack.later_action,
            }[step].trigger()
        if document.policy != seen[-1]:
            seen.append(document.policy)
    for policy in reversed(seen[:-1]):
        document.undo_stack.undo()
        assert document.policy == policy
    for policy in seen[1:]:
        document.undo_stack.redo()
        assert document.policy == policy
