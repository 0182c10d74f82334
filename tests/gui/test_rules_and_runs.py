"""The rules and a run, in the window: its calls are counted beside them, and jumps lead both ways."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.event import CallEvent
from core.policy.model import Filter, Policy, Rule, Seccomp
from gui.main_window import MainWindow
from gui.models.log_columns import Column as LogColumn
from gui.models.rule_model import Column
from gui.panels.seccomp import SeccompPanel
from gui.policy_document import PolicyDocument
from gui.policy_pages import PolicyPages
from gui.run_pages import PROCESSES_PAGE
from gui.settings import Settings
from gui.theme import Theme

SECONDS = 20_000
CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
COMMAND = "sh -c 'cd /; cd /usr; cd /; umask; echo here'"
NO_CHDIR = Rule(syscalls=("chdir",), action="errno:EPERM")
UMASK = Rule(syscalls=("umask",), action="log")
POLICY = Policy(seccomp=Seccomp(mode="filter", rules=(UMASK,), stacked=(Filter(rules=(NO_CHDIR,)),)))


class Window(MainWindow):
    """With its pages at hand."""

    def __init__(self, theme: Theme, settings: Settings) -> None:
        self.document = PolicyDocument()
        self.policy_pages = PolicyPages(theme, self.document)
        super().__init__(theme, settings, self.document, self.policy_pages.titled())
        self.policy_pages.join(self.log, self.flow)

    @property
    def seccomp(self) -> SeccompPanel:
        return self.policy_pages.seccomp


@pytest.fixture
def window(theme: Theme, settings: Settings, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    """After a run: no run outlives the test."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    window = Window(theme, settings)
    window.flow.engine = "ptrace"
    window.document.set_policy(POLICY)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    window.bar.set_command(COMMAND)
    with qtbot.waitSignals([window.flow.controller.finished, window.log.filter.finished], timeout=SECONDS):
        window.actions_.run.trigger()
    qtbot.waitUntil(lambda: window.flow.recording is not None and window.log.model.rowCount() == len(window.flow.recording))
    yield window
    window.flow.controller.shut_down()


def hits(window: Window) -> list[str]:
    model = window.seccomp.rules.model
    return [model.index(row, Column.HITS).data() for row in range(model.rowCount())]


def rows_of(window: Window, syscall: str) -> list[int]:
    model = window.log.model
    return [row for row in range(model.rowCount()) if model.index(row, LogColumn.SYSCALL).data() == syscall]


def test_calls_are_counted_beside_their_rules(window: Window) -> None:
    recording = window.flow.recording
    assert recording is not None
    calls = [event for event in recording.events() if isinstance(event, CallEvent)]
    assert hits(window) == [str(len(rows_of(window, "umask")))]
    window.seccomp.choose_filter(1)
    assert hits(window) == ["3"]
    unruled = sum(event.verdict.rule is None for event in calls)
    assert window.seccomp.rules.default.hits.text() == f"{unruled:,} calls"


def test_the_counts_stay_with_their_rules_when_these_are_edited(window: Window) -> None:
    before = hits(window)
    new = Rule(syscalls=("kill",), action="trap")
    window.document.edit("more rules", Policy(seccomp=Seccomp(mode="filter", rules=(new, NO_CHDIR, UMASK))))
    assert hits(window) == ["–", "3", *before]
    assert window.seccomp.rules.edited.isVisibleTo(window.seccomp)
    window.document.undo_stack.undo()
    assert hits(window) == before
    assert not window.seccomp.rules.edited.isVisibleTo(window.seccomp)


def test_from_a_call_to_its_rule(window: Window, qtbot: QtBot) -> None:
    window.log.table.go_to(rows_of(window, "chdir")[0])
    window.actions_.show_rule.trigger()
    qtbot.waitUntil(window.seccomp.isVisible)
    assert window.seccomp.head.stack.place == 1
    assert window.seccomp.rules.table.currentIndex().row() == 0
    assert window.seccomp.rules.table.hasFocus()


def test_from_a_call_to_a_rule_that_is_gone(window: Window) -> None:
    window.document.edit("other rules", Policy(seccomp=Seccomp(mode="filter", rules=(UMASK,))))
    window.log.table.go_to(rows_of(window, "chdir")[0])
    window.actions_.show_rule.trigger()
    assert "Rule 2" in window.log.info.text


def test_a_call_without_a_rule_says_so(window: Window) -> None:
    window.log.table.go_to(rows_of(window, "write")[0])
    window.actions_.show_rule.trigger()
    assert "No rule decided" in window.log.info.text


def test_from_a_rule_to_its_calls(window: Window, qtbot: QtBot) -> None:
    window._show_seccomp()
    window.seccomp.choose_filter(1)
    window.seccomp.rules.table.selectRow(0)
    window.seccomp.rules.table.setFocus()
    qtbot.waitUntil(window.seccomp.rules.table.hasFocus)  # once the window is the active one
    with qtbot.waitSignal(window.log.filter.finished, timeout=SECONDS):
        QTest.keyClick(window.seccomp.rules.table, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.log.bar.edit.text() == "rule:2"
    assert window.log.model.rowCount() == 3
    with qtbot.waitSignal(window.log.filter.finished, timeout=SECONDS):
        window.seccomp.rules.default.hits.click()
    recording = window.flow.recording
    assert recording is not None
    unruled = [event for event in recording.events() if isinstance(event, CallEvent) and event.verdict.rule is None]
    assert window.log.model.rowCount() == len(unruled)


def test_a_double_click_on_the_count_does_it_too(window: Window, qtbot: QtBot) -> None:
    window._show_seccomp()
    window.pages.show_page(PROCESSES_PAGE)
    table = window.seccomp.rules.table
    cell = table.visualRect(window.seccomp.rules.model.index(0, Column.HITS)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=cell)
    with qtbot.waitSignal(window.log.filter.finished, timeout=SECONDS):
        QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=cell)
    assert window.log.bar.edit.text() == "rule:1"
    assert window.log.isVisible()
    assert window.seccomp.rules.dialog is None


def test_a_call_of_the_log_is_put_through_the_filter(window: Window, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.seccomp.builder.busy)
    window.log.table.go_to(rows_of(window, "chdir")[0])
    window.log.table.setFocus()
    QTest.keyClick(window, Qt.Key.Key_T, CONTROL_SHIFT)
    trial = window.seccomp.pages.filter.trial
    assert trial.edit.text().startswith("chdir(0x")
    assert trial.answer is not None
    assert trial.answer.rule == 2


def test_the_filter_follows_the_log_where_that_is_wanted(window: Window, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.seccomp.builder.busy)
    view = window.seccomp.pages.filter
    window.log.table.go_to(rows_of(window, "chdir")[0])
    assert view.trial.edit.text() == ""
    view.follow.click()
    window.log.table.setFocus()
    window.log.table.go_to(rows_of(window, "umask")[0])
    assert view.trial.edit.text().startswith("umask(")
    assert view.trial.answer is not None
    assert view.trial.answer.rule == 1
    assert window.log.table.hasFocus(), "the keyboard stays in the log"


def test_the_menu_of_a_call_leads_there(window: Window) -> None:
    table = window.log.table
    refused, passed = rows_of(window, "chdir")[0], rows_of(window, "write")[0]
    titles = {
        row: {action.text().replace("&", ""): action.isEnabled() for action in table.menu_of(window.log.model.index(row, 0)).actions()}
        for row in (refused, passed)
    }
    assert titles[refused]["Show rule 2"]
    assert not titles[passed]["Show the default action"]
    assert titles[passed]["Try this call in the filter"]
