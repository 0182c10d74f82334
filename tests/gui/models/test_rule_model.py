"""The rules as a table that asks for changes, and what is done to them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from core.policy.model import ArgumentTest, Rule, Seccomp
from gui.models import rule_edits
from gui.models.rule_model import Column, Role, RuleModel

_RULES = (
    Rule(syscalls=("socket",), action="errno:EPERM", args=(ArgumentTest(index=0, op="==", value="AF_INET"),), note="why"),
    Rule(syscalls=("kill", 41), action="kill-process", enabled=False),
    Rule(syscalls=("@network-io",), action="log"),
)


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
    assert [model.index(0, column).data() for column in Column] == ["1", "socket", "arg 0 == AF_INET", "errno:EPERM", "why"]
    assert [model.index(1, column).data() for column in Column] == ["2", "kill, 41", "", "kill-process", ""]


def test_problems_and_checkboxes(model: RuleModel) -> None:
    number = model.index(1, Column.NUMBER)
    assert Qt.CheckState(number.data(Qt.ItemDataRole.CheckStateRole)) is Qt.CheckState.Unchecked
    assert number.data(Role.PROBLEM) == "is wrong"
    assert "is wrong" in number.data(Qt.ItemDataRole.ToolTipRole)
    assert model.index(0, 0).data(Role.PROBLEM) == ""


def test_idle_rules_say_so(model: RuleModel) -> None:
    assert "anyway" not in model.index(2, 0).data(Qt.ItemDataRole.ToolTipRole)
    model.set_idle((3,))
    assert "anyway" in model.index(2, 0).data(Qt.ItemDataRole.ToolTipRole)


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


def test_a_first_rule_turns_the_filter_on() -> None:
    assert rule_edits.inserted(Seccomp(), 0, _RULES[0]) == Seccomp(mode="filter", rules=_RULES[:1])
    off = Seccomp(mode="off", rules=_RULES[:1])
    assert rule_edits.inserted(off, 1, _RULES[1]).mode == "off"


def test_removing_and_enabling() -> None:
    seccomp = Seccomp(mode="filter", rules=_RULES)
    assert rule_edits.removed(seccomp, {0, 2}).rules == _RULES[1:2]
    assert rule_edits.enabled(seccomp, {1}, True).rules[1].enabled
    assert [rule.enabled for rule in rule_edits.enabled(seccomp, {0, 2}, False).rules] == [False, False, False]
