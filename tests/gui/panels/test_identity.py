"""The identity panel: fields, what they mean, and what is wrong."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from core.policy.model import Identity, Policy, Seccomp
from gui.panels.identity import IdentityPanel
from gui.panels.identity_words import group_sentence, no_new_privs_sentence, user_sentence
from gui.policy_document import PolicyDocument
from gui.theme import Theme
from tests.gui.panels.policy_support import shown, unnamed_controls


@pytest.fixture
def document() -> PolicyDocument:
    return PolicyDocument()


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme, document: PolicyDocument) -> IdentityPanel:  # noqa: ARG001  the panel looks as the theme says
    panel = IdentityPanel(document)
    qtbot.addWidget(panel)
    panel.resize(288, 760)
    shown(qtbot, panel)
    return panel


def retype(edit: QLineEdit | None, text: str) -> None:
    assert edit is not None
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, text)
    QTest.keyClick(edit, Qt.Key.Key_Return)


def test_every_control_has_a_name(panel: IdentityPanel) -> None:
    assert unnamed_controls(panel) == []


def test_nothing_is_wider_than_the_panel(panel: IdentityPanel) -> None:
    assert panel.horizontalScrollBar().maximum() == 0


@pytest.mark.parametrize(("text", "user"), [("root", "root"), ("1000", 1000), ("nobody", "nobody")])
def test_user(panel: IdentityPanel, document: PolicyDocument, text: str, user: str | int) -> None:
    retype(panel.fields.user.lineEdit(), text)
    assert document.policy.identity.user == user
    document.undo_stack.undo()
    assert panel.fields.user.currentText() == "me"


def test_group_and_groups(panel: IdentityPanel, document: PolicyDocument) -> None:
    retype(panel.fields.group.lineEdit(), "daemon")
    retype(panel.fields.groups, "audio, 44")
    assert document.policy.identity.group == "daemon"
    assert list(document.policy.identity.groups or ()) == ["audio", 44]
    panel.fields.no_groups.click()
    assert document.policy.identity.groups == ()
    assert not panel.fields.groups.isEnabled()
    panel.fields.no_groups.click()
    assert document.policy.identity.groups is None


def test_switches(panel: IdentityPanel, document: PolicyDocument) -> None:
    panel.user_namespace.click()
    panel.no_new_privs.click()
    assert document.policy.identity == Identity(user_namespace=True, no_new_privs=False)
    document.undo_stack.setIndex(0)
    assert not panel.user_namespace.isChecked()
    assert panel.no_new_privs.isChecked()


def test_typing_the_name_is_one_step(panel: IdentityPanel, document: PolicyDocument) -> None:
    QTest.keyClicks(panel.name, "My policy")
    assert document.policy.name == "My policy"
    assert document.undo_stack.count() == 1
    panel.name.setCursorPosition(2)
    QTest.keyClicks(panel.name, "!")
    assert document.policy.name == "My! policy"
    assert panel.name.cursorPosition() == 3


def test_a_problem_is_told_at_its_field(panel: IdentityPanel, document: PolicyDocument) -> None:
    document.edit("a wrong uid", Policy(identity=Identity(user=-5)))
    assert "-5" in panel.fields.problems["user"].text()
    assert not panel.fields.problems["group"].isVisible()


def test_sentences_say_what_follows() -> None:
    assert "root" in user_sentence(Identity(user="root"))
    assert "yours" in user_sentence(Identity(user="root", user_namespace=True))
    assert group_sentence(Identity(groups=())) != group_sentence(Identity())
    without = Identity(no_new_privs=False)
    assert "SYS_ADMIN" in no_new_privs_sentence(Policy(identity=without, seccomp=Seccomp(mode="filter")))
    assert "SYS_ADMIN" not in no_new_privs_sentence(Policy(identity=without))
