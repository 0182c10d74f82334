"""Lint beside the rules: findings with their reasons, the way to the rule, and fixes that undo takes back."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from core.policy.model import Policy, Rule, Seccomp
from gui.lint_report import LintReport, lint_report
from gui.models.finding_model import FindingModel, Role
from gui.models.rule_model import Role as RuleRole
from gui.panels.seccomp import SeccompPanel
from gui.policy_document import PolicyDocument
from gui.theme import Theme
from tests.gui.panels.policy_support import document_of, shown

_POLICY = Policy(
    seccomp=Seccomp(
        mode="filter",
        rules=(Rule(syscalls=("getpid",), action="errno:EPERM"), Rule(syscalls=("truncate",), action="errno:EROFS")),
    )
)


@pytest.fixture
def document() -> PolicyDocument:
    return document_of(_POLICY)


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme, document: PolicyDocument) -> SeccompPanel:
    panel = SeccompPanel(theme, document)
    qtbot.addWidget(panel)
    panel.resize(288, 760)
    with qtbot.waitSignal(panel.linted):
        shown(qtbot, panel)
    return panel


def codes(panel: SeccompPanel) -> list[str]:
    model = panel.pages.findings.model
    return [model.index(row, 0).data(Role.FINDING).code for row in range(model.rowCount())]


def choose(panel: SeccompPanel, code: str) -> None:
    view = panel.pages.findings
    view.list.setFocus()
    view.list.setCurrentIndex(view.model.index(codes(panel).index(code), 0))


def test_findings_are_listed_with_their_reasons(panel: SeccompPanel) -> None:
    choose(panel, "sibling-open")
    finding = panel.pages.findings.current()
    assert finding is not None
    assert finding.rule == 2
    assert panel.pages.findings.message.text() == finding.message
    assert f"Findings {len(codes(panel))}" in panel.pages.header.tabs.tabText(0)
    assert panel.rules.model.index(1, 0).data(RuleRole.SEVERITY) == "warning"
    assert panel.rules.model.index(0, 0).data(RuleRole.SEVERITY) is None


def test_a_fix_is_one_step(panel: SeccompPanel, document: PolicyDocument, qtbot: QtBot) -> None:
    choose(panel, "sibling-open")
    with qtbot.waitSignal(panel.linted):
        panel.pages.findings.fix.click()
    assert document.policy.seccomp.rules[1].syscalls == ("truncate", "ftruncate")
    assert "sibling-open" not in codes(panel)
    assert "ftruncate" in document.undo_stack.undoText()
    document.undo_stack.undo()
    assert document.policy == _POLICY


def test_by_key_too(panel: SeccompPanel, document: PolicyDocument) -> None:
    choose(panel, "sibling-open")
    QTest.keyClick(panel.pages.findings.list, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert document.policy.seccomp.rules[1].syscalls == ("truncate", "ftruncate")


def test_return_leads_to_the_rule(panel: SeccompPanel) -> None:
    choose(panel, "sibling-open")
    QTest.keyClick(panel.pages.findings.list, Qt.Key.Key_Return)
    assert panel.rules.table.currentIndex().row() == 1
    assert panel.rules.table.hasFocus()


def test_a_stale_fix_never_takes_back_what_was_done_since(panel: SeccompPanel, document: PolicyDocument, qtbot: QtBot) -> None:
    choose(panel, "sibling-open")
    rules = (*_POLICY.seccomp.rules, Rule(syscalls=("mount",), action="trap"))
    edited = msgspec.structs.replace(_POLICY, seccomp=msgspec.structs.replace(_POLICY.seccomp, rules=rules))
    with qtbot.waitSignal(panel.linted):
        document.edit("another rule", edited)
        assert not panel.pages.findings.fix.isEnabled()
        panel.pages.findings.fix_action.trigger()
        panel.pages.findings._on_fix()
        assert document.policy == edited
        assert panel.rules.model.index(1, 0).data(RuleRole.SEVERITY) is None, "what was said is of other rules"
    assert panel.pages.findings.fix.isEnabled()
    choose(panel, "sibling-open")
    panel.pages.findings.fix.click()
    assert document.policy.seccomp.rules[2] == rules[2]


def test_the_chosen_finding_stays_chosen(panel: SeccompPanel) -> None:
    choose(panel, "sibling-open")
    row = panel.pages.findings.list.currentIndex().row()
    panel.pages.findings.show_report(lint_report(_POLICY))
    assert panel.pages.findings.list.currentIndex().row() == row


def test_without_findings_it_says_so(panel: SeccompPanel) -> None:
    panel.pages.show_findings(LintReport(panel._document.policy))
    assert panel.pages.findings.note.isVisible()
    assert not panel.pages.findings.list.isVisible()
    assert panel.pages.header.tabs.tabText(0) == "Findings"


def test_model(qtmodeltester: ModelTester) -> None:
    model = FindingModel()
    model.set_findings(lint_report(_POLICY).findings)
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # pytest-qt has no types here
    first = model.index(0, 0)
    assert first.data(Role.FINDING).severity in first.data(Qt.ItemDataRole.AccessibleTextRole)
