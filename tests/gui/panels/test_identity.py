"""The identity panel: fields, what they mean, and what is wrong."""

from __future__ import annotations

import dataclasses
import os

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from core.policy.identity import User
from core.policy.model import Identity, Policy, Seccomp
from gui import likely_caller as likely_caller_module
from gui.panels.id_map import IdMapEdit
from gui.panels.identity import IdentityPanel
from gui.panels.identity_words import group_sentence, no_new_privs_sentence, user_sentence
from gui.policy_document import PolicyDocument
from gui.theme import Theme
from tests.core.policy.callers import ORDINARY_CALLER, ROOT_CALLER
from tests.gui.panels.policy_support import shown, unnamed_controls


@pytest.fixture
def document() -> PolicyDocument:
    return PolicyDocument()


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme, document: PolicyDocument) -> IdentityPanel:
    panel = IdentityPanel(theme, document)
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
    panel.namespace.user_namespace.click()
    panel.no_new_privs.click()
    assert document.policy.identity == Identity(user_namespace=True, no_new_privs=False)
    document.undo_stack.setIndex(0)
    assert not panel.namespace.user_namespace.isChecked()
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


# ── the user namespace ────────────────────────────────────────────────────────────────────────────────────────────


def rewrite(edit: IdMapEdit, row: int, column: int, text: str) -> None:
    item = edit.table.item(row, column)
    assert item is not None
    item.setText(text)


def test_maps_are_for_a_user_namespace(panel: IdentityPanel, document: PolicyDocument) -> None:
    assert not panel.namespace.uid_map.isVisible()
    panel.namespace.user_namespace.click()
    assert panel.namespace.uid_map.isVisible()
    panel.namespace.uid_map.chosen.click()
    assert document.policy.identity.uid_map == ((0, os.getuid(), 1),)
    panel.namespace.user_namespace.click()
    assert document.policy.identity == Identity()
    document.undo_stack.undo()
    assert document.policy.identity.uid_map == ((0, os.getuid(), 1),)


def test_a_map_line_by_line(panel: IdentityPanel, document: PolicyDocument) -> None:
    document.edit("a namespace", Policy(identity=Identity(user_namespace=True, gid_map=((0, 1000, 1),))))
    edit = panel.namespace.gid_map
    edit.add.click()
    assert document.policy.identity.gid_map == ((0, 1000, 1), (1, 1001, 1))
    rewrite(edit, 1, 2, "5")
    assert document.policy.identity.gid_map == ((0, 1000, 1), (1, 1001, 5))
    edit.table.selectRow(0)
    edit.remove.click()
    assert list(document.policy.identity.gid_map or ()) == [(1, 1001, 5)]
    document.undo_stack.undo()
    assert edit.table.rowCount() == 2
    edit.chosen.click()
    assert document.policy.identity.gid_map is None


def test_what_the_kernel_refuses_of_a_map_is_said_at_it(panel: IdentityPanel, document: PolicyDocument) -> None:
    document.edit("twice", Policy(identity=Identity(user_namespace=True, uid_map=((0, 5, 2), (1, 9, 1)))))
    assert "each uid stands for one other" in panel.namespace.uid_map.problem.text()
    rewrite(panel.namespace.uid_map, 1, 0, "x")
    assert "whole number" in panel.namespace.uid_map.problem.text()
    assert document.policy.identity.uid_map == ((0, 5, 2), (1, 9, 1))


def test_a_map_without_its_namespace_can_be_taken_out(panel: IdentityPanel, document: PolicyDocument) -> None:
    document.edit("a stray map", Policy(identity=Identity(uid_map=((0, 0, 1),))))
    assert "user_namespace = true" in panel.namespace.uid_map.problem.text()
    panel.namespace.uid_map.chosen.click()
    assert document.policy.identity == Identity()


def test_what_the_launcher_may_not_have_is_said_at_its_field(
    panel: IdentityPanel, document: PolicyDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = dataclasses.replace(ORDINARY_CALLER, me=User(7777, 7777), observer=User(7777, 7777))
    monkeypatch.setattr(likely_caller_module, "own_caller", lambda *, as_root: ROOT_CALLER if as_root else alice)
    panel.set_observer("none")
    document.edit("more ids", Policy(identity=Identity(user_namespace=True, uid_map=((0, 7777, 10),))))
    assert "without SETUID" in panel.namespace.uid_map.problem.text()
    document.edit("groups", Policy(identity=Identity(groups=("audio",))))
    assert "may not change its groups" in panel.fields.problems["groups"].text()
    panel.set_observer("sudo")
    assert not panel.fields.problems["groups"].isVisible()
