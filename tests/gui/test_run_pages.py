"""The pages beside the log: they count the run, and lead back into the log."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.judge.verdict import Check
from core.policy.model import Capabilities, Policy
from core.recording.recording import Recording
from core.recording.rows import Details
from gui.models.capability_use_model import Column as UseColumn
from gui.models.process_model import Column as ProcessColumn
from gui.models.summary_model import Column
from gui.panels.empty_state import EmptyState, Invitation
from gui.panels.log import LogPanel
from gui.policy_document import PolicyDocument
from gui.run_pages import CAPABILITIES_PAGE, LOG_PAGE, PROCESSES_PAGE, SUMMARY_PAGE, RunPages
from gui.theme import Theme
from tests.core.recording.test_recording import HEADER, call_rows
from tests.gui.models.test_process_model import append, ended, fork, program


@pytest.fixture
def document() -> PolicyDocument:
    return PolicyDocument()


@pytest.fixture
def pages(theme: Theme, document: PolicyDocument, qtbot: QtBot) -> RunPages:
    pages = RunPages(theme, document, LogPanel(theme, []), Invitation(QAction("&Run"), "Run something"))
    qtbot.addWidget(pages)
    pages.resize(900, 600)
    with qtbot.waitActive(pages):
        pages.show()
        pages.activateWindow()
    return pages


@pytest.fixture
def recording() -> Recording:
    """A process that holds everything, needs NET_RAW, and makes another one."""
    recording = Recording.create(None, HEADER)
    append(recording, (7, program("sh")), (7, fork(8)), (8, ended(status=3)))
    recording.append(call_rows(recording, "getpid", 5, duration_ns=1000), Details())
    check = Check("NET_RAW", granted=True, decisive=False, namespace=1, stack=("ns_capable", "inet_create"))
    recording.append(call_rows(recording, "socket", pid=8), Details(checks={0: (check,)}))
    return recording


def query(pages: RunPages) -> str:
    return str(pages._log.bar.query)


def test_without_a_run_every_page_invites(pages: RunPages) -> None:
    for page in range(4):
        pages.show_page(page)
        assert [child for child in pages.findChildren(EmptyState) if child.isVisible()]


def test_the_summary_counts_the_live_run_and_filters(pages: RunPages, recording: Recording, qtbot: QtBot) -> None:
    pages.show_recording(recording)
    assert pages.summary.model.rowCount() == 0  # out of sight: not counted
    pages.show_page(SUMMARY_PAGE)
    table = pages.summary.table
    qtbot.waitUntil(lambda: table.model().rowCount() == 3)
    assert [table.model().index(row, Column.SYSCALL).data() for row in range(3)] == ["getpid", "socket", "total"]
    recording.append(call_rows(recording, "brk", 2, duration_ns=9000), Details())
    pages.events_appended()
    qtbot.waitUntil(lambda: table.model().index(0, Column.SYSCALL).data() == "brk")
    table.setCurrentIndex(table.model().index(1, 0))
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert query(pages) == "syscall:getpid"
    assert pages.header.tabs.currentIndex() == LOG_PAGE
    assert pages._log.table.hasFocus()


def test_the_totals_filter_nothing(pages: RunPages, recording: Recording, qtbot: QtBot) -> None:
    pages.show_recording(recording)
    pages.show_page(SUMMARY_PAGE)
    table = pages.summary.table
    qtbot.waitUntil(lambda: table.model().rowCount() == 3)
    with qtbot.assertNotEmitted(pages.summary.filter_wanted):
        table.row_wanted.emit(table.model().index(2, 0))
    entries = {action.text().replace("&", ""): action for action in pages.summary.menu_of(table.model().index(2, 0)).actions()}
    assert not entries["Show in the log"].isEnabled()


def test_the_summary_is_copied_in_its_order(pages: RunPages, recording: Recording, qtbot: QtBot) -> None:
    pages.show_recording(recording)
    pages.show_page(SUMMARY_PAGE)
    qtbot.waitUntil(lambda: pages.summary.table.model().rowCount() == 3)
    pages.summary.table.sortByColumn(Column.SYSCALL, Qt.SortOrder.DescendingOrder)
    QTest.keySequence(pages.summary.table, "Ctrl+C")
    lines = QGuiApplication.clipboard().text().splitlines()
    assert [line.split()[-1] for line in (lines[2], lines[3], lines[5])] == ["socket", "getpid", "total"]
    pages.summary.copy_csv()
    assert QGuiApplication.clipboard().text().splitlines()[1].startswith("socket,x86_64,1")


def test_the_unneeded_capabilities_are_dropped_in_the_policy(
    pages: RunPages, recording: Recording, document: PolicyDocument, qtbot: QtBot
) -> None:
    pages.show_recording(recording)
    pages.show_page(CAPABILITIES_PAGE)
    page = pages.capabilities
    qtbot.waitUntil(page.drop.isEnabled)
    assert page.model.index(0, UseColumn.STATE).data() == "✓ needed"
    assert "40 of the 41" in page.note.text()
    with qtbot.waitSignal(pages.policy_changed):
        QTest.mouseClick(page.drop, Qt.MouseButton.LeftButton)
    assert document.policy.capabilities == Capabilities(keep=("NET_RAW",))
    document.undo_stack.undo()
    assert document.policy == Policy()


def test_a_capability_leads_to_the_calls_that_asked(pages: RunPages, recording: Recording, qtbot: QtBot) -> None:
    pages.show_recording(recording)
    pages.show_page(CAPABILITIES_PAGE)
    page = pages.capabilities
    qtbot.waitUntil(page.drop.isEnabled)
    page.table.selectRow(0)
    with qtbot.waitSignal(pages._log.filter.finished):
        QTest.keyClick(page.table, Qt.Key.Key_Return)
    assert query(pages) == "capability:NET_RAW"
    assert pages._log.model.rowCount() == 1
    pages.show_page(CAPABILITIES_PAGE)
    page.table.selectRow(1)
    with qtbot.assertNotEmitted(page.filter_wanted):
        QTest.keyClick(page.table, Qt.Key.Key_Return)  # it was only held: there are no calls


def test_a_process_narrows_the_log(pages: RunPages, recording: Recording, qtbot: QtBot) -> None:
    pages._log.bar.set_text("verdict:ok pid:1")
    pages.show_recording(recording)
    pages.show_page(PROCESSES_PAGE)
    page = pages.processes
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    root = page.model.index(0, 0)
    assert page.view.isExpanded(root)
    page.view.setCurrentIndex(root)
    QTest.mouseClick(page.narrow, Qt.MouseButton.LeftButton)
    assert query(pages) == "verdict:ok pid:7"
    page.view.setCurrentIndex(page.model.index(1, ProcessColumn.WHAT, root))
    assert query(pages) == "verdict:ok pid:8"
    QTest.mouseClick(page.narrow, Qt.MouseButton.LeftButton)
    assert query(pages) == "verdict:ok"
    QTest.keyClick(page.view, Qt.Key.Key_Return)
    assert query(pages) == "pid:8"
    assert pages.header.tabs.currentIndex() == LOG_PAGE


def test_an_exec_is_told_with_its_prediction(pages: RunPages, qtbot: QtBot) -> None:
    recording = Recording.create(None, HEADER)
    sets: dict[str, list[str]] = {name: [] for name in ("bounding", "permitted", "effective", "inheritable", "ambient")}
    told = {
        "before": None,
        "predicted": sets,
        "agrees": False,
        "reason": "it gained more",
        "rules": ["the file's owner is root"],
        "rule_sets": [["permitted"]],
    }
    append(recording, (7, program("su", "<b>", **told)))
    pages.show_recording(recording)
    pages.show_page(PROCESSES_PAGE)
    page = pages.processes
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    page.view.setCurrentIndex(page.model.index(0, 0, page.model.index(0, 0)))
    text = page.card.text.text()
    assert "&lt;b&gt;" in text
    assert "✕ not as predicted: it gained more" in text
    assert text.count("✕ predicted: –") == 1  # of the permitted set only
    assert "the file's owner is root" in text.replace("&#x27;", "'")


def test_twenty_thousand_forks(pages: RunPages, qtbot: QtBot) -> None:
    recording = Recording.create(None, HEADER)
    append(recording, (7, program("sh")), *((7, fork(pid)) for pid in range(100, 20_100)))
    pages.show_recording(recording)
    pages.show_page(PROCESSES_PAGE)
    page = pages.processes
    root = page.model.index(0, 0)
    qtbot.waitUntil(lambda: page.model.rowCount(page.model.index(0, 0)) == 20_001)
    page.view.expand(root)
    page.view.scrollToBottom()
    assert page.note.text() == "20,001 processes, 20,001 running"
