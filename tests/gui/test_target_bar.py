"""The toolbar: what stands in the target's line is what is run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMainWindow, QMenu, QStyleOptionToolButton, QToolButton
from pytestqt.qtbot import QtBot

from gui.actions import Actions
from gui.target_bar import TargetBar
from gui.theme import Choice, Theme


@pytest.fixture
def bar(qtbot: QtBot, theme: Theme) -> Iterator[TargetBar]:
    window = QMainWindow()
    actions = Actions(theme, window)
    bar = TargetBar(theme, actions, QMenu(window))
    window.addToolBar(bar)
    bar.set_history(["ls -lR /usr/share", "LS", "ping localhost"])
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    yield bar
    window.close()


def typed(bar: TargetBar, text: str) -> QLineEdit:
    edit = bar.target.lineEdit()
    assert edit is not None
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, text)
    return edit


def painted(button: QToolButton) -> str:
    option = QStyleOptionToolButton()
    button.initStyleOption(option)
    return option.text


@pytest.mark.parametrize("text", ["ls", "lS", "pin"])
def test_return_runs_what_was_typed_and_not_what_the_history_would_make_of_it(bar: TargetBar, qtbot: QtBot, text: str) -> None:
    edit = typed(bar, text)
    with qtbot.waitSignal(edit.returnPressed):
        QTest.keyClick(edit, Qt.Key.Key_Return)
    assert bar.argv() == [text]


def test_the_history_is_offered_below_the_line(bar: TargetBar, qtbot: QtBot) -> None:
    edit = typed(bar, "ls")
    completer = edit.completer()
    assert completer is not None
    popup = completer.popup()
    assert popup is not None
    qtbot.waitUntil(popup.isVisible)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Return):
        QTest.keyClick(popup, key)
    assert bar.argv() == ["ls", "-lR", "/usr/share"]
    assert not popup.isVisible()


def test_a_run_takes_the_history_away(bar: TargetBar, qtbot: QtBot) -> None:
    completer = typed(bar, "ls").completer()
    assert completer is not None
    popup = completer.popup()
    assert popup is not None
    qtbot.waitUntil(popup.isVisible)
    (run,) = (button.defaultAction() for button in bar.findChildren(QToolButton) if button.text() == "Run")
    run.trigger()
    assert not popup.isVisible()


def test_a_long_name_of_a_policy_leaves_room_for_the_target(bar: TargetBar, theme: Theme) -> None:
    title = "A policy whose author wanted to say all of it in its name, and more"
    bar.show_policy(title, "me", "entry")
    assert bar.policy.sizeHint().width() < bar.target.maximumWidth() / 1.7
    bar.show_engine("ptrace · your own observer", "limited")
    bar.badge.resize(bar.badge.sizeHint())
    assert painted(bar.badge) == "ptrace · your own observer"
    bar.badge.resize(bar.badge.minimumSizeHint())
    assert painted(bar.badge).endswith("…")
    bar.policy.resize(bar.policy.minimumSizeHint())
    assert painted(bar.policy).endswith("…  ▾")
    theme.set_large(True)
    assert bar.minimumSizeHint().width() < 1440
    assert title in bar.policy.toolTip()
    assert bar.policy.accessibleDescription() == title


def test_it_is_as_high_at_the_start_as_after_another_theme(bar: TargetBar, theme: Theme) -> None:
    height = bar.sizeHint().height()
    theme.choose(Choice.DARK)
    assert bar.sizeHint().height() == height


@pytest.mark.parametrize(
    ("line", "advice"), [("ls 'a", "Close the quotation mark"), ("ls \\", "Put something behind the last"), ("  ", "type a command")]
)
def test_a_line_that_is_no_command_says_what_to_do(bar: TargetBar, line: str, advice: str) -> None:
    bar.set_command(line)
    with pytest.raises(ValueError, match=advice):
        bar.argv()
