"""The last entry of a list is completed, and what begins so is offered first."""

from __future__ import annotations

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from gui.completions import Completer
from tests.gui.panels.policy_support import shown


@pytest.fixture
def edit(qtbot: QtBot) -> QLineEdit:
    edit = QLineEdit()
    qtbot.addWidget(edit)
    shown(qtbot, edit)
    return edit


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("sock", "socket"),
        ("kill, get", "kill, getsockopt"),
        ("kill get", "kill getsockopt"),
        ("O_CREAT|o_w", "O_CREAT|O_WRONLY"),
        ("CREAT", "O_CREAT"),
    ],
)
def test_the_last_entry_is_completed(edit: QLineEdit, typed: str, completed: str) -> None:
    completer = Completer(edit, ["capget", "getsockopt", "socket", "O_CREAT", "O_WRONLY"])
    QTest.keyClicks(edit, typed)
    assert completer.currentCompletion() == completed


def test_words_change_with_the_field(edit: QLineEdit) -> None:
    completer = Completer(edit, ["AF_INET"])
    completer.set_words(["SOCK_RAW", "SOCK_DGRAM"])
    QTest.keyClicks(edit, "dgr")
    assert completer.currentCompletion() == "SOCK_DGRAM"
    assert completer.completionCount() == 1
