"""The rule's form: completion, and problems at their fields."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.policy.model import ArgumentTest, Rule
from gui.completions import Completer
from gui.panels.seccomp_rule_dialog import RuleDialog
from gui.theme import Theme
from tests.gui.panels.policy_support import shown, unnamed_controls

_SOCKET = Rule(
    syscalls=("socket",),
    action="errno:EACCES",
    args=(ArgumentTest(index=0, op="==", value="AF_INET"), ArgumentTest(index=1, op="&==", mask=0xF, value="SOCK_RAW")),
    note="why",
    enabled=False,
)

_VALUES = st.integers(-(2**63), 2**64 - 1) | st.sampled_from(["AF_INET", "O_WRONLY|O_CREAT", "SIGKILL"])
_PLAIN_TESTS = st.builds(ArgumentTest, index=st.integers(0, 5), op=st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), value=_VALUES)
_MASKED_TESTS = st.builds(ArgumentTest, index=st.integers(0, 5), op=st.just("&=="), mask=_VALUES, value=_VALUES)
_RULES = st.builds(
    Rule,
    syscalls=st.lists(st.sampled_from(["socket", "@network-io", 41, 0x1C7]), min_size=1).map(tuple),
    action=st.sampled_from(["allow", "log", "errno:EPERM", "errno:0", "errno:4095", "trap", "kill-thread", "kill-process", "trace:65535"]),
    args=st.lists(_PLAIN_TESTS | _MASKED_TESTS, max_size=4).map(tuple),
    note=st.sampled_from(["", "why", "„Anführung“, 100 %"]),
    enabled=st.booleans(),
)


@pytest.fixture
def dialog(qtbot: QtBot, theme: Theme) -> RuleDialog:
    dialog = RuleDialog(theme, _SOCKET, "Rule 1")
    qtbot.addWidget(dialog)
    shown(qtbot, dialog)
    return dialog


def test_it_gives_back_what_it_was_given(dialog: RuleDialog) -> None:
    assert dialog.rule() == _SOCKET
    assert dialog.problem() == ""


def test_every_control_has_a_name(dialog: RuleDialog) -> None:
    assert unnamed_controls(dialog) == []


def test_parameters_have_the_kernels_names(dialog: RuleDialog) -> None:
    first = dialog.tests.rows[0].index
    assert [first.itemText(index) for index in range(4)] == ["0: family", "1: type", "2: protocol", "3"]
    dialog.calls.setText("openat")
    assert first.itemText(2) == "2: flags"


def test_values_are_completed_by_the_arguments_constants(dialog: RuleDialog) -> None:
    completer = dialog.tests.rows[0].value.completer()
    assert isinstance(completer, Completer)
    assert "AF_INET6" in completer.words()
    assert "O_CREAT" not in completer.words()
    assert "0x2" in dialog.tests.rows[0].value.toolTip()


def test_calls_are_completed_one_by_one(dialog: RuleDialog) -> None:
    dialog.calls.clear()
    QTest.keyClicks(dialog.calls, "socket, getsockn")
    completer = dialog.calls.completer()
    assert completer.currentCompletion() == "socket, getsockname"
    QTest.keyClicks(dialog.calls, "ame @netw")
    assert completer.currentCompletion() == "socket, getsockname @network-io"


@pytest.mark.parametrize(
    ("calls", "value", "words"),
    [
        ("sokcet", "AF_INET", "socket"),
        ("", "AF_INET", "at least one"),
        ("socket", "AF_INTE", "AF_INET"),
        ("socket", "0x1ffffffffffffffff", "64 bits"),
    ],
)
def test_a_problem_is_shown_at_its_field(dialog: RuleDialog, calls: str, value: str, words: str) -> None:
    dialog.calls.setText(calls)
    dialog.tests.rows[0].value.setText(value)
    assert words in dialog.problem()
    assert not dialog.accept_button.isEnabled()
    dialog.calls.setText("socket")
    dialog.tests.rows[0].value.setText("2")
    assert dialog.problem() == ""
    assert dialog.accept_button.isEnabled()


def test_an_empty_form_is_no_mistake(qtbot: QtBot, theme: Theme) -> None:
    dialog = RuleDialog(theme, Rule(syscalls=(), action="errno:EPERM"), "New rule")
    qtbot.addWidget(dialog)
    assert not dialog.problem()
    assert not dialog.accept_button.isEnabled()
    dialog.note.setText("why")
    dialog.calls.setText("s")
    dialog.calls.clear()
    assert "at least one" in dialog.problem()


def test_tests_are_added_and_taken_away(dialog: RuleDialog) -> None:
    dialog.tests.add.click()
    assert len(dialog.tests.rows) == 3
    assert dialog.tests.rows[2].index.currentIndex() == 2
    assert not dialog.accept_button.isEnabled()
    QTest.keyClicks(dialog.tests.rows[2].value, "1")
    assert dialog.rule().args[2] == ArgumentTest(index=2, op="==", value=1)
    dialog.tests.rows[0].remove.click()
    assert [test.index for test in dialog.rule().args] == [1, 2]


def test_a_mask_goes_with_its_operator_only(dialog: RuleDialog) -> None:
    row = dialog.tests.rows[1]
    row.operator.setFocus()
    QTest.keyClick(row.operator, Qt.Key.Key_Home)
    assert not row.mask.isEnabled()
    assert dialog.rule().args[1] == ArgumentTest(index=1, op="==", value="SOCK_RAW")
    QTest.keyClick(row.operator, Qt.Key.Key_End)
    assert dialog.rule().args[1].mask == 0xF


def test_tab_goes_through_the_tests_before_the_note(dialog: RuleDialog, qtbot: QtBot) -> None:
    dialog.tests.add.click()
    qtbot.waitUntil(dialog.tests.rows[-1].index.isVisible)
    dialog.tests.rows[-1].value.setText("1")
    dialog.tests.rows[-1].index.setFocus()
    seen = []
    for _ in range(5):
        focused = dialog.focusWidget()
        assert focused is not None
        seen.append(focused.accessibleName())
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert seen[:2] == ["Test 3: argument", "Test 3: operator"]
    assert seen[2] == "Test 3: value"
    assert dialog.note.hasFocus()


@given(_RULES)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])  # a form each; the theme is only read
def test_any_rule_comes_back_as_it_was(qtbot: QtBot, theme: Theme, rule: Rule) -> None:
    dialog = RuleDialog(theme, rule, "Rule 1")
    qtbot.addWidget(dialog)
    assert dialog.rule() == rule


def test_groups_expand_visibly_and_are_spelled_out(qtbot: QtBot, theme: Theme) -> None:
    dialog = RuleDialog(theme, Rule(syscalls=("@swap", 41), action="errno:EPERM"), "Rule 1")
    qtbot.addWidget(dialog)
    shown(qtbot, dialog)
    assert "@swap, 2 calls: swapoff, swapon" in dialog.expansion.text()
    assert "41 is socket" in dialog.expansion.text()
    dialog.spell_out.click()
    assert dialog.rule().syscalls == ("swapoff", "swapon", 41)
    assert not dialog.spell_out.isVisible()


def test_the_capability_that_guards_the_same_is_named(qtbot: QtBot, theme: Theme) -> None:
    dialog = RuleDialog(theme, _SOCKET, "Rule 1")
    qtbot.addWidget(dialog)
    shown(qtbot, dialog)
    assert "NET_RAW also guards socket" in dialog.guards.text()
    dialog.action.kind.setCurrentText("allow")
    dialog.action.kind.activated.emit(0)
    assert not dialog.guards.isVisible()


def test_it_grows_with_what_is_in_it(qtbot: QtBot, theme: Theme) -> None:
    dialog = RuleDialog(theme, Rule(syscalls=("@system-service",), action="errno:EPERM", args=_SOCKET.args * 2), "Rule 1")
    qtbot.addWidget(dialog)
    shown(qtbot, dialog)
    bottoms = [row.value.geometry().bottom() for row in dialog.tests.rows]
    tops = [row.value.geometry().top() for row in dialog.tests.rows]
    assert all(bottom < top for bottom, top in zip(bottoms, tops[1:], strict=False))
    assert dialog.tests.add.geometry().top() > bottoms[-1]


def test_it_shrinks_again_unless_its_height_was_chosen(qtbot: QtBot, theme: Theme) -> None:
    dialog = RuleDialog(theme, Rule(syscalls=("socket",), action="errno:EPERM"), "Rule 1")
    qtbot.addWidget(dialog)
    shown(qtbot, dialog)
    small = dialog.height()
    dialog.calls.set_calls(("@system-service", "@file-system", "@process", "@default"))
    assert dialog.height() > small
    dialog.calls.set_calls(("socket",))
    assert dialog.height() == small
    dialog.resize(dialog.width(), small + 200)
    dialog.calls.set_calls(("socket", "socketpair"))
    assert dialog.height() == small + 200
