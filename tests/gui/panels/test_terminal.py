"""The terminal panel: keys go down, text comes up, and is copied."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.panels.terminal import TerminalPanel
from gui.theme import Theme


@pytest.fixture
def terminal(theme: Theme, qtbot: QtBot) -> TerminalPanel:
    terminal = TerminalPanel(theme)
    qtbot.addWidget(terminal)
    terminal.resize(600, 200)
    with qtbot.waitExposed(terminal):
        terminal.show()
    return terminal


def shows(terminal: TerminalPanel, text: str) -> bool:
    return any(text in terminal.vt.text(line) for line in range(terminal.vt.line_count))


def test_keys_go_to_a_live_target_only(terminal: TerminalPanel, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(terminal.typed):
        QTest.keyClicks(terminal, "x")
    terminal.start("bash")
    sent: list[bytes] = []
    terminal.typed.connect(sent.append)
    QTest.keyClicks(terminal, "ls")
    for key, modifiers in ((Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)):
        QTest.keyClick(terminal, key, modifiers)
    QTest.keyClick(terminal, Qt.Key.Key_Return)
    assert b"".join(sent) == b"ls\t\x12\r"
    terminal.end("Ended: exit status 0 after 1 s", bad=False)
    with qtbot.assertNotEmitted(terminal.typed):
        QTest.keyClicks(terminal, "x")


def test_output_is_shown_with_how_it_ended(terminal: TerminalPanel, qtbot: QtBot) -> None:
    terminal.start("ping -c1 127.0.0.1")
    terminal.feed(b"no newline")
    terminal.end("Ended: killed by SIGSYS after 24 ms", bad=True)
    qtbot.waitUntil(lambda: shows(terminal, "killed by SIGSYS"))
    assert shows(terminal, "$ ping -c1 127.0.0.1")
    assert terminal.vt.text(1) == "no newline"
    assert terminal.vt.line(2)[0].fg == "red"


def test_paste_is_bracketed_when_asked(terminal: TerminalPanel, qtbot: QtBot) -> None:
    terminal.start("bash")
    terminal.feed(b"\x1b[?2004h")
    qtbot.waitUntil(lambda: terminal.vt.bracketed_paste)
    QGuiApplication.clipboard().setText("a\nb")
    with qtbot.waitSignal(terminal.typed) as typed:
        QTest.keyClick(terminal, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert typed.args == [b"\x1b[200~a\rb\x1b[201~"]


def test_dragging_selects_and_copies(terminal: TerminalPanel, qtbot: QtBot) -> None:
    terminal.start("x")
    terminal.feed(b"hello world\r\n")
    qtbot.waitUntil(lambda: shows(terminal, "hello"))
    terminal.select_all()
    terminal.copy()
    assert QGuiApplication.clipboard().text().splitlines()[:2] == ["$ x", "hello world"]


def test_resizing_tells_rows_and_columns(terminal: TerminalPanel, qtbot: QtBot) -> None:
    before = terminal.grid
    with qtbot.waitSignal(terminal.resized) as resized:
        terminal.resize(900, 400)
    assert tuple(resized.args) == terminal.grid
    assert terminal.grid > before


def test_scrollback_stays_where_the_user_is(terminal: TerminalPanel, qtbot: QtBot) -> None:
    terminal.start("seq")
    terminal.feed(b"".join(b"%d\r\n" % number for number in range(200)))
    qtbot.waitUntil(lambda: shows(terminal, "199"))
    bar = terminal.verticalScrollBar()
    assert bar.value() == bar.maximum() > 100
    bar.setValue(5)
    terminal.feed(b"more\r\n")
    qtbot.waitUntil(lambda: shows(terminal, "more"))
    assert bar.value() == 5


def test_that_the_scroll_bar_comes_is_no_news_for_the_target(terminal: TerminalPanel, qtbot: QtBot) -> None:
    terminal.start("seq 1000")
    with qtbot.assertNotEmitted(terminal.resized):
        terminal.feed(b"line\r\n" * 1000)
        qtbot.waitUntil(terminal.verticalScrollBar().isVisible)
    assert terminal.grid == (terminal.vt.rows, terminal.vt.columns)
