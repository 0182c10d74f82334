"""The rules as a table that asks for changes, and what is done to them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from core.lint.finding import Finding
from core.policy.model import ArgumentTest, Policy, Rule, Seccomp
from gui.lint_report import Guard, LintReport
from gui.models import rule_edits
from gui.models.rule_model import Column, Role, RuleModel

_RULES = (
    Rule(syscalls=("socket",), action="errno:EPERM", args=(ArgumentTest(index=0, op="==", value="AF_INET"),), note="why"),
    Rule(syscalls=("kill", 41), action="kill-process", enabled=False),
    Rule(syscalls=("@network-io",), action="log"),
)


_POLICY = Policy(seccomp=Seccomp(mode="filter", rules=_RULES))


def _report(*findings: Finding) -> LintReport:
    return LintReport(_POLICY, findings)


@pytest.fixture
def model(qtbot: QtBot) -> RuleModel:  # noqa: ARG001  qtbot fails the test on exceptions in slots
    model = RuleModel()
    model.set_rules(_RULES, {1: "is wrong"})
    return model


def test_model_keeps_the_rules(model: RuleModel, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # pytest-qt has no types here
    model.set_rules(_RULES[:1], {})
    model.set_rules(_RULES * 2, {})
    model.set_rules((), {})
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # pytest-qt has no types here


def test_cells(model: RuleModel) -> None:
    assert [model.index(0, column).data() for column in Column] == ["1", "socket", "arg 0 == AF_INET", "errno:EPERM", "", "why"]
    assert [model.index(1, column).data() for column in Column] == ["2", "kill, 41", "", "kill-process", "", ""]


def test_problems_and_checkboxes(model: RuleModel) -> None:
    number = model.index(1, Column.NUMBER)
    assert Qt.CheckState(number.data(Qt.ItemDataRole.CheckStateRole)) is Qt.CheckState.Unchecked
    assert number.data(Role.PROBLEM) == "is wrong"
    assert "is wrong" in number.data(Qt.ItemDataRole.ToolTipRole)
    assert model.index(0, 0).data(Role.PROBLEM) == ""


def test_idle_rules_say_so(model: RuleModel) -> None:
    number = model.index(2, 0)
    assert not number.data(Role.REMARK)
    model.set_report(_report(Finding("equals-default", "info", 3, "The default action is log already.")))
    assert number.data(Role.REMARK) == "same as the default"
    assert number.data(Role.IDLE)
    assert "The default action is log already." in number.data(Qt.ItemDataRole.ToolTipRole)
    assert "same as the default" in model.index(2, Column.CALLS).data(Qt.ItemDataRole.AccessibleTextRole)
    model.forget_report()
    assert not number.data(Role.REMARK)


def test_the_gravest_warning_marks_the_rule(model: RuleModel) -> None:
    model.set_report(_report(Finding("a", "info", 1, "x."), Finding("b", "warning", 1, "y."), Finding("c", "info", 2, "z.")))
    assert [model.index(row, 0).data(Role.SEVERITY) for row in range(3)] == ["warning", None, None]
    assert "warning" in model.index(0, Column.CALLS).data(Qt.ItemDataRole.AccessibleTextRole)


def test_the_capability_beside_a_rule_is_named(model: RuleModel) -> None:
    model.set_report(LintReport(_POLICY, guards=(Guard(1, "NET_RAW", ("socket",)),)))
    assert model.index(0, 0).data(Role.REMARK) == "NET_RAW also guards socket"
    assert not model.index(0, 0).data(Role.IDLE)
    assert "NET_RAW also guards socket." in model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)


def test_hits(model: RuleModel, qtbot: QtBot) -> None:
    assert not model.has_hits
    model.set_hits([12_345, 0, None])
    assert [model.index(row, Column.HITS).data() for row in range(3)] == ["12.3k", "0", "–"]
    assert "12,345 calls" in model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "no such rule" in model.index(2, Column.HITS).data(Qt.ItemDataRole.AccessibleTextRole)
    with qtbot.waitSignal(model.dataChanged) as changed:
        model.set_hits([12_346, 0, None])
    assert changed.args is not None
    assert [index.column() for index in changed.args[:2]] == [Column.HITS, Column.HITS]
    model.set_hits(None)
    assert model.index(0, Column.HITS).data() == ""


def test_numbers_count_on_from_the_filters_before(model: RuleModel) -> None:
    model.set_rules(_RULES, {}, first=5)
    model.set_report(_report(Finding("a", "warning", 6, "y.")))
    assert [model.index(row, Column.NUMBER).data() for row in range(3)] == ["5", "6", "7"]
    assert [model.index(row, 0).data(Role.SEVERITY) for row in range(3)] == [None, "warning", None]


def test_ticking_asks(model: RuleModel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(model.enable_wanted) as wanted:
        model.setData(model.index(1, Column.NUMBER), Qt.CheckState.Checked.value, Qt.ItemDataRole.CheckStateRole)
    assert wanted.args == [1, True]


@pytest.mark.parametrize(("source", "drop_row", "target"), [(0, 2, 1), (0, 3, 2), (2, 0, 0), (1, -1, 2)])
def test_dropping_asks_for_a_move(model: RuleModel, qtbot: QtBot, source: int, drop_row: int, target: int) -> None:
    data = model.mimeData([model.index(source, 0)])
    with qtbot.waitSignal(model.move_wanted) as wanted:
        assert not model.dropMimeData(data, Qt.DropAction.MoveAction, drop_row, 0, QModelIndex())
    assert wanted.args == [source, target]


_NUMBERED = st.integers(1, 6).map(
    lambda count: Seccomp(mode="filter", rules=tuple(Rule(syscalls=(number,), action="allow") for number in range(count)))
)


@given(_NUMBERED, st.integers(0, 5), st.integers(-2, 8))
def test_moving_loses_no_rule(seccomp: Seccomp, source: int, target: int) -> None:
    source %= len(seccomp.rules)
    rules = rule_edits.moved(seccomp, source, target).rules
    assert sorted(rules, key=lambda rule: str(rule.syscalls)) == sorted(seccomp.rules, key=lambda rule: str(rule.syscalls))
    assert rules[max(0, min(target, len(rules) - 1))] == seccomp.rules[source]
    rest = [rule for rule in rules if rule != seccomp.rules[source]]
    assert rest == [rule for rule in seccomp.rules if rule != seccomp.rules[source]]


def test_removing_and_enabling() -> None:
    seccomp = Seccomp(mode="filter", rules=_RULES)
    assert rule_edits.removed(seccomp, {0, 2}).rules == _RULES[1:2]
    assert rule_edits.enabled(seccomp, {1}, True).rules[1].enabled
    assert [rule.enabled for rule in rule_edits.enabled(seccomp, {0, 2}, False).rules] == [False, False, False]
