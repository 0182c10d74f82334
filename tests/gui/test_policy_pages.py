"""The policy's panels know of each other: a capability shows the rules beside it, and leads to them."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QStackedWidget
from pytestqt.qtbot import QtBot

from core.knowledge.capabilities import BY_NAME
from core.policy.model import ArgumentTest, Policy, Rule, Seccomp
from gui.lint_report import lint_report
from gui.policy_document import PolicyDocument
from gui.policy_pages import PolicyPages
from gui.theme import Theme
from tests.gui.panels.policy_support import shown

RAW = (ArgumentTest(index=0, op="==", value="AF_INET"), ArgumentTest(index=1, op="&==", mask=0xF, value="SOCK_RAW"))
RULES = (Rule(syscalls=("mkdir",), action="errno:EPERM"), Rule(syscalls=("socket",), action="errno:EPERM", args=RAW))


@pytest.fixture
def stack(qtbot: QtBot) -> QStackedWidget:
    stack = QStackedWidget()
    qtbot.addWidget(stack)
    return stack


@pytest.fixture
def pages(qtbot: QtBot, theme: Theme, stack: QStackedWidget) -> PolicyPages:
    document = PolicyDocument()
    pages = PolicyPages(theme, document)
    for _, page in pages.titled():
        stack.addWidget(page)
    with qtbot.waitSignal(pages.seccomp.linted):
        document.set_policy(Policy(seccomp=Seccomp(mode="filter", rules=RULES)))
    shown(qtbot, stack)
    return pages


def test_the_tabs_are_those_of_the_drawing(pages: PolicyPages) -> None:
    assert [title for title, _ in pages.titled()] == ["Capabilities", "Seccomp", "Paths", "Identity"]


def test_a_capability_names_the_rule_that_stands_before_it(pages: PolicyPages) -> None:
    details = pages.capabilities.details
    details.show_capability(BY_NAME["NET_RAW"])
    assert details.rules.isVisible()
    assert "Seccomp rule 2 also refuses socket" in details.rules.text()
    details.show_capability(BY_NAME["SYS_TIME"])
    assert not details.rules.isVisible()


def test_the_rule_is_one_click_away(pages: PolicyPages, qtbot: QtBot) -> None:
    pages.capabilities.details.show_capability(BY_NAME["NET_RAW"])
    with qtbot.waitSignal(pages.page_wanted) as wanted:
        pages.capabilities.details.rules.linkActivated.emit("2")
    assert wanted.args == ["Seccomp"]
    assert pages.seccomp.rules.table.currentIndex().row() == 1


def test_what_lint_finds_is_one_click_away(pages: PolicyPages, stack: QStackedWidget, qtbot: QtBot) -> None:
    pages.page_wanted.connect(lambda _: stack.setCurrentWidget(pages.seccomp))
    pages.seccomp.pages.header.show_tab("Filter")
    with qtbot.waitSignal(pages.page_wanted) as wanted:
        pages.capabilities.seccomp.finding.click()
    assert wanted.args == ["Seccomp"]
    assert pages.seccomp.pages.findings.list.hasFocus()


def test_both_counts_of_what_lint_finds_are_the_same(pages: PolicyPages) -> None:
    findings = pages.seccomp.pages.findings.model.rowCount()
    assert pages.seccomp.pages.header.tabs.tabText(0) == f"Findings {findings}"
    assert f" {findings} findings: " in pages.capabilities.seccomp.finding.accessibleName()
    assert "info" in {finding.severity for finding in lint_report(Policy(seccomp=Seccomp(mode="filter", rules=RULES))).findings}


def test_the_title_says_the_risk(pages: PolicyPages) -> None:
    details = pages.capabilities.details
    for name, risk in (("SYS_ADMIN", "as good as root"), ("NET_RAW", "serious"), ("KILL", "limited")):
        details.show_capability(BY_NAME[name])
        assert details.title.text() == f"{name} · {BY_NAME[name].number} · {risk}"
