"""The filter's page: a call is tried, its path is lit, and what it costs stands beside."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from core.bpf.answer import answer_call
from core.bpf.call import parse_call
from core.knowledge.strict import STRICT_CALLS
from core.policy.model import ArgumentTest, Policy, Rule, Seccomp
from gui.filter_report import build_report
from gui.models.cost_model import SORT_ROLE, Column, CostModel
from gui.panels.seccomp import SeccompPanel
from gui.panels.seccomp_call_edit import signature, words_for
from gui.panels.seccomp_filter import FilterView
from gui.policy_document import PolicyDocument
from gui.theme import Theme
from tests.gui.models.test_rule_of_call import call
from tests.gui.panels.policy_support import shown

_RAW = (ArgumentTest(index=0, op="==", value="AF_INET"), ArgumentTest(index=1, op="==", value="SOCK_RAW"))
_SECCOMP = Seccomp(
    mode="filter", rules=(Rule(syscalls=("kill",), action="kill-process"), Rule(syscalls=("socket",), action="errno:EPERM", args=_RAW))
)
_CALL = "socket(AF_INET, SOCK_RAW, 1)"


@pytest.fixture
def document() -> PolicyDocument:
    document = PolicyDocument()
    document.set_policy(Policy(seccomp=_SECCOMP))
    return document


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme, document: PolicyDocument) -> SeccompPanel:
    panel = SeccompPanel(theme, document)
    qtbot.addWidget(panel)
    panel.resize(288, 760)
    with qtbot.waitSignal(panel.filter_built):
        shown(qtbot, panel)
    panel.pages.header.show_tab("Filter")
    return panel


@pytest.fixture
def view(panel: SeccompPanel) -> FilterView:
    return panel.pages.filter


def lit(view: FilterView) -> list[int]:
    return [place for place, line in enumerate(view.text().splitlines()) if line.startswith("▸")]


def test_a_call_is_answered_as_the_command_line_answers_it(view: FilterView) -> None:
    view.trial.edit.setFocus()
    QTest.keyClicks(view.trial.edit, _CALL)
    expected = answer_call(_SECCOMP, build_report(_SECCOMP).programs, parse_call(_CALL))
    assert view.trial.answer == expected
    assert view.trial.action.text() == "errno:EPERM (operation not permitted)"
    assert "rule 2" in view.trial.reason.text()
    assert lit(view) == list(expected.emulations[0].path)
    view.trial.edit.clear()
    assert lit(view) == []
    assert not view.trial.action.isVisible()


def test_a_call_is_answered_while_it_is_written(view: FilterView) -> None:
    view.trial.edit.setFocus()
    QTest.keyClicks(view.trial.edit, "socket(AF_INET, SOCK_RAW")
    assert view.trial.action.text().startswith("errno:EPERM")
    QTest.keyClicks(view.trial.edit, "|SOCK_CLOEXEC")
    assert view.trial.action.text() == "allow"


def test_only_the_path(view: FilterView) -> None:
    view.trial.set_call(_CALL)
    whole = len(view.text().splitlines())
    view.path_only.setChecked(True)
    assert len(view.text().splitlines()) == len(lit(view)) < whole
    view.trial.set_call("")
    assert len(view.text().splitlines()) == whole
    assert not view.path_only.isVisible()


def test_the_rule_is_a_link(panel: SeccompPanel, view: FilterView) -> None:
    view.trial.set_call(_CALL)
    view.trial.reason.linkActivated.emit("2")
    assert panel.rules.table.currentIndex().row() == 1


def test_what_cannot_be_read_is_told_beside_the_line(view: FilterView, qtbot: QtBot) -> None:
    view.trial.edit.setFocus()
    QTest.keyClicks(view.trial.edit, "sokcet(1)")
    assert not view.trial.problem.isVisible(), "not while it is typed"
    qtbot.waitUntil(view.trial.problem.isVisible)
    assert "did you mean" in view.trial.problem.text()
    assert "“" not in view.trial.action.text()
    QTest.keyClick(view.trial.edit, Qt.Key.Key_Backspace)
    assert not view.trial.problem.isVisible()
    QTest.keyClick(view.trial.edit, Qt.Key.Key_Return)
    assert view.trial.problem.isVisible()


def test_the_answer_follows_the_rules(panel: SeccompPanel, document: PolicyDocument, view: FilterView, qtbot: QtBot) -> None:
    view.trial.set_call(_CALL)
    with qtbot.waitSignal(panel.filter_built):
        document.edit("trap", Policy(seccomp=Seccomp(mode="filter", rules=(Rule(syscalls=("socket",), action="trap"),))))
        assert view.trial.answer is None, "no answer by a filter that is not there any more"
    assert view.trial.action.text() == "trap"


@pytest.mark.parametrize(("mode", "action"), [("strict", "kill-thread"), ("off", "allow")])
def test_the_other_modes_answer_too(document: PolicyDocument, view: FilterView, mode: str, action: str) -> None:
    view.trial.set_call(_CALL)
    document.edit(mode, Policy(seccomp=Seccomp(mode=mode)))  # type: ignore[arg-type]  # both are modes
    assert view.trial.action.text() == action
    assert view.note.isVisible()
    if mode == "strict":
        assert all(call in view.note.text() for call in STRICT_CALLS["x86_64"])


def test_a_call_of_the_log_is_tried(panel: SeccompPanel, view: FilterView) -> None:
    panel.pages.header.show_tab("Findings")
    panel.try_call_of(call("socket", 2, 3, 1))
    assert view.trial.edit.text() == "socket(AF_INET, SOCK_RAW, 1)"
    assert view.trial.answer is not None
    assert view.trial.answer.rule == 2
    assert view.trial.edit.hasFocus()


@pytest.mark.parametrize(
    ("text", "word", "absent"),
    [
        ("soc", "socket", "AF_INET"),
        ("x86:", "sigreturn", "arch_prctl_nonsense"),
        ("socket(", "AF_INET", "socket"),
        ("socket(AF_INET, ", "SOCK_RAW", "AF_INET"),
        ("openat(3, 0, O_WRONLY|", "O_CREAT", "openat"),
    ],
)
def test_completion_by_the_place(text: str, word: str, absent: str) -> None:
    assert word in words_for(text)
    assert absent not in words_for(text)


def test_completion_keeps_what_stands_before(view: FilterView) -> None:
    edit = view.trial.edit
    edit.setFocus()
    QTest.keyClicks(edit, "socket(AF_INET, SOCK_R")
    popup = edit.words.popup()
    assert popup is not None
    assert popup.isVisible()
    assert edit.words.currentCompletion() == "socket(AF_INET, SOCK_RAW"


def test_the_signature_helps() -> None:
    assert signature("socket(AF_") == "socket(family, type, protocol)"
    assert signature("nonsense(") == ""


def test_costs_lead_to_the_call(panel: SeccompPanel, view: FilterView) -> None:
    panel.pages.header.show_tab("Cost")
    table = panel.pages.cost.table
    table.setFocus()
    assert table.model().index(0, Column.CALL).data() == "socket", "the dearest stands first"
    assert "cost nothing" in panel.pages.cost.note.text()
    table.setCurrentIndex(table.model().index(0, 0))
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert view.isVisible()
    assert view.trial.edit.text() == "socket()"


def test_cost_model(qtmodeltester: ModelTester) -> None:
    model = CostModel()
    costs = build_report(_SECCOMP).costs
    model.set_costs(costs)
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # pytest-qt has no types here
    rows = {cost.call: row for row, cost in enumerate(costs)}
    free, dear = (model.index(rows[name], Column.INSTRUCTIONS) for name in ("read", "socket"))
    assert (free.data(), free.data(SORT_ROLE)) == ("none", 0)
    assert dear.data(SORT_ROLE) > 0
    assert "5.11" in free.data(Qt.ItemDataRole.ToolTipRole)
    assert "by its arguments" in dear.data(Qt.ItemDataRole.ToolTipRole)
