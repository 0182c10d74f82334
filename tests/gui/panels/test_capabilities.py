"""The capabilities panel, by keyboard and by menu."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.policy.model import Capabilities, Identity, Policy, Rule, Seccomp
from gui.lint_report import headline, lint_report
from gui.models.capability_choice import KEEP_ALL, KEEP_NONE, container_default
from gui.panels.capabilities import CapabilitiesPanel
from gui.policy_document import PolicyDocument
from gui.theme import MARGIN, Theme
from tests.gui.panels.policy_support import shown, unnamed_controls

_NET_RAW = 13


@pytest.fixture
def document() -> PolicyDocument:
    return PolicyDocument()


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme, document: PolicyDocument) -> CapabilitiesPanel:
    panel = CapabilitiesPanel(theme, document)
    qtbot.addWidget(panel)
    panel.resize(288, 760)
    shown(qtbot, panel)
    return panel


def choose(panel: CapabilitiesPanel, row: int) -> None:
    panel.list.setFocus()
    panel.list.setCurrentIndex(panel.list.model().index(row, 0))


def test_every_control_has_a_name(panel: CapabilitiesPanel) -> None:
    panel.details.show()
    assert unnamed_controls(panel) == []


def test_space_toggles(panel: CapabilitiesPanel, document: PolicyDocument) -> None:
    choose(panel, _NET_RAW)
    QTest.keyClick(panel.list, Qt.Key.Key_Space)
    assert document.policy.capabilities == Capabilities(drop=("NET_RAW",))
    assert document.undo_stack.undoText() == "dropping NET_RAW"
    QTest.keyClick(panel.list, Qt.Key.Key_Space)
    assert document.policy.capabilities == KEEP_ALL
    document.undo_stack.setIndex(0)
    assert document.policy.capabilities is None


def test_a_click_on_the_box_toggles(panel: CapabilitiesPanel, document: PolicyDocument) -> None:
    row = panel.list.visualRect(panel.list.model().index(0, 0))
    QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(MARGIN + 7, row.center().y()))
    assert document.policy.capabilities == Capabilities(drop=("CHOWN",))


def test_a_click_on_the_name_only_chooses(panel: CapabilitiesPanel, document: PolicyDocument) -> None:
    row = panel.list.visualRect(panel.list.model().index(3, 0))
    QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    assert panel.list.currentIndex().row() == 3
    assert document.policy.capabilities is None


def test_typing_in_the_list_searches(panel: CapabilitiesPanel) -> None:
    choose(panel, 0)
    QTest.keyClicks(panel.list, "n")
    assert panel.search.hasFocus()
    QTest.keyClicks(panel.search, "et_raw")
    assert panel.search.text() == "net_raw"
    assert panel.list.model().rowCount() == 1
    QTest.keyClick(panel.search, Qt.Key.Key_Down)
    assert panel.list.hasFocus()
    assert panel.list.currentIndex().data() == "NET_RAW"


def test_a_search_without_an_answer_says_so(panel: CapabilitiesPanel) -> None:
    QTest.keyClicks(panel.search, "qqq")
    assert panel.nothing.isVisible()
    panel.search.clear()
    assert not panel.nothing.isVisible()


def test_switch(panel: CapabilitiesPanel, document: PolicyDocument) -> None:
    assert not panel.switch.isChecked()
    panel.switch.click()
    assert document.policy.capabilities == KEEP_ALL
    assert panel.count.text() == "41 of 41"
    panel.switch.click()
    assert document.policy.capabilities is None
    assert panel.count.text() == "as they are"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("&None", KEEP_NONE), ("&All", KEEP_ALL), ("&Leave as they are", None), ("NET_RAW", Capabilities(drop=("NET_RAW",)))],
)
def test_presets(panel: CapabilitiesPanel, document: PolicyDocument, text: str, expected: Capabilities | None) -> None:
    document.set_policy(Policy(capabilities=container_default()))
    entries = {action.text(): action for action in (*panel.presets.actions(), *panel.presets.all_but.actions())}
    entries[text].trigger()
    assert document.policy.capabilities == expected
    document.undo_stack.undo()
    assert document.policy.capabilities == container_default()


def test_a_policy_of_sets_opens_the_expert_form(panel: CapabilitiesPanel, document: PolicyDocument) -> None:
    assert not panel.expert.isVisible()
    document.set_policy(Policy(capabilities=Capabilities(ambient=("KILL",), inheritable=("KILL",))))
    assert panel.expert.isVisible()
    assert panel.expert_switch.isChecked()
    assert panel.count.text() == "by sets"


def test_the_forms_turn_into_each_other(panel: CapabilitiesPanel, document: PolicyDocument) -> None:
    document.set_policy(Policy(capabilities=Capabilities(keep=("NET_RAW",)), identity=Identity(user="root")))
    panel.expert_switch.click()
    assert document.policy.capabilities == Capabilities(
        bounding=("NET_RAW",), permitted=("NET_RAW",), effective=("NET_RAW",), inheritable=(), ambient=()
    )
    panel.expert_switch.click()
    assert document.policy.capabilities == Capabilities(keep=("NET_RAW",))
    assert panel.list.isVisible()
    document.undo_stack.undo()
    assert panel.expert.isVisible()
    document.undo_stack.undo()
    assert document.policy.capabilities == Capabilities(keep=("NET_RAW",))


def test_where_nothing_is_chosen_the_form_changes_alone(panel: CapabilitiesPanel, document: PolicyDocument) -> None:
    panel.expert_switch.click()
    assert panel.expert.isVisible()
    assert document.policy.capabilities is None
    assert document.undo_stack.count() == 0


def test_a_preset_stays_in_the_expert_form(panel: CapabilitiesPanel, document: PolicyDocument) -> None:
    document.set_policy(Policy(identity=Identity(user="root")))
    panel.expert_switch.click()
    next(action for action in panel.presets.actions() if action.text() == "&None").trigger()
    assert document.policy.capabilities == Capabilities(bounding=(), permitted=(), effective=(), inheritable=(), ambient=())
    assert panel.expert.isVisible()


def test_a_wrong_name_is_told_in_place(panel: CapabilitiesPanel, document: PolicyDocument) -> None:
    document.set_policy(Policy(capabilities=Capabilities(keep=("NET_ROW",))))
    assert panel.problem.isVisible()
    assert "NET_RAW" in panel.problem.text()
    document.set_policy(Policy())
    assert not panel.problem.isVisible()


def test_enter_shows_details_and_escape_hides_them(panel: CapabilitiesPanel) -> None:
    choose(panel, 21)
    QTest.keyClick(panel.list, Qt.Key.Key_Return)
    assert panel.details.isVisible()
    assert "SYS_ADMIN" in panel.details.title.text()
    assert "A way to full root" in panel.details.lines.text()
    QTest.keyClick(panel.list, Qt.Key.Key_Up)
    assert "SYS_PACCT" in panel.details.title.text()
    QTest.keyClick(panel.list, Qt.Key.Key_Escape)
    assert not panel.details.isVisible()


def settle(qtbot: QtBot, panel: CapabilitiesPanel) -> None:
    qtbot.waitUntil(lambda: not panel.after_exec.work.busy)


def test_cards(qtbot: QtBot, panel: CapabilitiesPanel, document: PolicyDocument) -> None:
    panel.set_command("/bin/true --help")
    assert panel.after_exec.title.text() == "After exec of true"
    rules = (Rule(syscalls=("socket",), action="errno:EPERM"),)
    document.set_policy(Policy(capabilities=KEEP_NONE, seccomp=Seccomp(mode="filter", rules=rules)))
    panel.show_instructions(9)
    settle(qtbot, panel)
    assert "permitted 0 · effective 0 · ambient 0" in panel.after_exec.lines.text()
    assert panel.seccomp.lines.text() == "default allow · 1 rule · 9 instructions"


def test_the_details_of_exec_follow_the_target(qtbot: QtBot, panel: CapabilitiesPanel, document: PolicyDocument) -> None:
    card = panel.after_exec
    QTest.mouseClick(card.more, Qt.MouseButton.LeftButton)
    assert card.details.isVisible()
    panel.set_command("/usr/bin/su -")
    document.set_policy(Policy(identity=Identity(no_new_privs=False)))
    settle(qtbot, panel)
    text = card.details.text.text()
    assert "/usr/bin/su" in text
    assert "setuid" in text
    assert "Can it be regained?" in text
    panel.set_command("/bin/true")
    settle(qtbot, panel)
    assert "/bin/true" in card.details.text.text()
    QTest.keyClick(card.details, Qt.Key.Key_Escape)
    assert not card.details.isVisible()


def test_the_card_says_what_lint_finds(panel: CapabilitiesPanel) -> None:
    rules = (Rule(syscalls=("truncate",), action="errno:EROFS"), Rule(syscalls=("socket",), action="errno:EPERM"))
    report = lint_report(Policy(seccomp=Seccomp(mode="filter", rules=rules)))
    panel.seccomp.show_findings(report.findings)
    warning = next(finding for finding in report.findings if finding.severity != "info")
    assert panel.seccomp.finding.isVisible()
    words = panel.seccomp.finding.accessibleName()
    assert words.startswith("⚠")
    assert f"findings: {headline(warning)}" in words
    panel.seccomp.show_findings(())
    assert not panel.seccomp.finding.isVisible()


def test_the_card_says_what_cannot_be_had(qtbot: QtBot, panel: CapabilitiesPanel, document: PolicyDocument) -> None:
    document.edit("someone unknown", Policy(identity=Identity(user="no-such-user")))
    settle(qtbot, panel)
    assert "no-such-user" in panel.after_exec.problem.text()
    assert not panel.after_exec.lines.isVisible()
    document.undo_stack.undo()
    settle(qtbot, panel)
    assert not panel.after_exec.problem.isVisible()
