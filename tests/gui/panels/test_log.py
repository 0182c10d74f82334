"""The log panel: it follows, filters, finds, goes, and copies."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from core.event import CallEvent
from core.recording.recording import Recording
from core.recording.rows import Details
from gui.models.log_columns import Column
from gui.panels.empty_state import EmptyState, Invitation
from gui.panels.log import LogPanel
from gui.theme import Theme
from tests.core.recording.test_recording import HEADER, call_rows


@pytest.fixture
def panel(theme: Theme, qtbot: QtBot) -> LogPanel:
    return shown(LogPanel(theme, []), 900, qtbot)


def shown(panel: LogPanel, width: int, qtbot: QtBot) -> LogPanel:
    qtbot.addWidget(panel)
    panel.resize(width, 400)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def visible_words(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


def grow(panel: LogPanel, recording: Recording, count: int, qtbot: QtBot) -> None:
    recording.append(call_rows(recording, "getpid", count), Details())
    with qtbot.waitSignal(panel.filter.finished):
        panel.events_appended()


def at_end(panel: LogPanel) -> bool:
    bar = panel.table.verticalScrollBar()
    return bar.value() == bar.maximum()


def test_follows_until_scrolled_up_and_again_on_request(panel: LogPanel, recording: Recording, qtbot: QtBot) -> None:
    panel.show_recording(recording)
    grow(panel, recording, 500, qtbot)
    assert panel.model.rowCount() == 503
    assert at_end(panel)
    panel.table.verticalScrollBar().setValue(3)
    assert not panel.bar.follow.isChecked()
    grow(panel, recording, 500, qtbot)
    assert panel.table.verticalScrollBar().value() == 3
    QTest.mouseClick(panel.bar.follow, Qt.MouseButton.LeftButton)
    assert at_end(panel)
    grow(panel, recording, 10, qtbot)
    assert at_end(panel)


def test_filter_keeps_up_with_a_growing_recording(panel: LogPanel, recording: Recording, qtbot: QtBot) -> None:
    panel.show_recording(recording)
    with qtbot.waitSignal(panel.filter.finished):
        panel.bar.set_text("syscall:getpid")
    assert panel.model.rowCount() == 0
    grow(panel, recording, 20, qtbot)
    assert panel.model.rowCount() == 20


def test_another_recording_keeps_the_filter(panel: LogPanel, recording: Recording, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.filter.finished):
        panel.bar.set_text("syscall:socket")
        panel.show_recording(recording)
    assert panel.model.rowCount() == 1


def test_the_last_event_is_one_key_away_and_the_chosen_one(panel: LogPanel, recording: Recording, qtbot: QtBot) -> None:
    panel.show_recording(recording)
    qtbot.waitUntil(lambda: panel.model.rowCount() == len(recording))
    panel.table.go_to(0)
    with qtbot.waitSignal(panel.event_chosen):
        QTest.keyClick(panel.table, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    last = panel.model.rowCount() - 1
    assert [index.row() for index in panel.table.selectionModel().selectedRows()] == [panel.table.currentIndex().row()] == [last]


def test_the_keyboard_comes_into_the_log_at_what_is_in_sight(panel: LogPanel, recording: Recording, qtbot: QtBot) -> None:
    panel.show_recording(recording)
    grow(panel, recording, 500, qtbot)
    panel.activateWindow()
    panel.table.setFocus(Qt.FocusReason.ShortcutFocusReason)
    qtbot.waitUntil(panel.table.hasFocus)
    assert at_end(panel)
    assert panel.table.currentIndex().row() == panel.model.rowCount() - 1


def test_columns_grow_and_shrink_with_the_type(panel: LogPanel, theme: Theme) -> None:
    small, height = panel.table.columnWidth(Column.GATE), panel.table.verticalHeader().defaultSectionSize()
    theme.set_large(True)
    assert panel.table.columnWidth(Column.GATE) == theme.scaled(small) > small
    theme.set_large(False)
    assert (panel.table.columnWidth(Column.GATE), panel.table.verticalHeader().defaultSectionSize()) == (small, height)


def test_no_number_is_cut_short(panel: LogPanel, theme: Theme, recording: Recording, qtbot: QtBot) -> None:
    late = call_rows(recording, "getpid", 1, time_ns=86_400_123_400_000)
    recording.append(late, Details())
    panel.show_recording(recording)
    qtbot.waitUntil(lambda: panel.model.rowCount() == len(recording))
    row = panel.model.row(panel.model.rowCount() - 1)
    assert row.cells[Column.TIME] == "86400.1234"
    for large in (False, True, False):
        theme.set_large(large)
        for column in (Column.NUMBER, Column.TIME, Column.PID):
            assert panel.table.columnWidth(column) >= panel.table.fontMetrics().horizontalAdvance(row.cells[column]) + 16


def scrolls_sideways(panel: LogPanel) -> bool:
    return panel.table.horizontalHeader().length() > panel.table.viewport().width()  # the scroll bar learns of it later


def test_columns_fit_whatever_the_width(panel: LogPanel, theme: Theme, recording: Recording) -> None:
    panel.show_recording(recording)
    wide = [panel.table.columnWidth(column) for column in Column]
    for large in (True, False):
        theme.set_large(large)
        panel.resize(660, 400)
        assert panel.table.columnWidth(Column.GATE) == theme.scaled(wide[Column.GATE])  # a chip is not cut
        assert not scrolls_sideways(panel)
    assert panel.table.columnWidth(Column.ARGUMENTS) < wide[Column.ARGUMENTS]
    panel.resize(900, 400)
    assert [panel.table.columnWidth(column) for column in Column] == wide


def test_what_is_widened_by_hand_stays_until_the_log_has_another_width(panel: LogPanel, recording: Recording) -> None:
    panel.show_recording(recording)
    panel.table.setColumnWidth(Column.ARGUMENTS, 800)
    assert scrolls_sideways(panel)
    panel.resize(880, 400)
    assert not scrolls_sideways(panel)
    panel.resize(1600, 400)
    assert panel.table.columnWidth(Column.ARGUMENTS) == 800


def test_remembered_widths_fit_a_narrower_log(panel: LogPanel, theme: Theme, recording: Recording, qtbot: QtBot) -> None:
    panel.resize(1400, 400)
    panel.show_recording(recording)
    panel.table.setColumnWidth(Column.ARGUMENTS, 500)
    narrow = shown(LogPanel(theme, []), 640, qtbot)
    narrow.show_recording(recording)
    narrow.table.restore_columns(panel.table.columns_state())
    assert not scrolls_sideways(narrow)
    panel.table.restore_columns(narrow.table.columns_state())  # what there was no room for is not forgotten
    assert panel.table.columnWidth(Column.ARGUMENTS) == 500


def test_a_column_that_comes_finds_room(panel: LogPanel, recording: Recording) -> None:
    panel.resize(700, 400)
    panel.show_recording(recording)
    menu = QMenu(panel)
    panel.table.fill_columns_menu(menu)
    for column in (Column.DURATION, Column.TID, Column.EVIDENCE):
        menu.actions()[column].trigger()
    assert not scrolls_sideways(panel)


def test_where_nothing_matches_the_log_says_so_and_how_to_get_out(theme: Theme, recording: Recording, qtbot: QtBot) -> None:
    clear = QAction("Clear it")
    clear.setShortcut("Ctrl+K")
    panel = LogPanel(theme, [], [Invitation(clear, "Show every event")])
    clear.triggered.connect(panel.bar.clear)
    shown(panel, 900, qtbot)
    panel.show_recording(recording)
    with qtbot.waitSignal(panel.filter.finished):
        panel.bar.set_text("syscall:nothing-of-the-kind")
    words = visible_words(panel.table)
    assert "No event matches the filter" in words
    assert "Show every event   Ctrl+K" in words
    (button,) = [child for child in panel.table.findChildren(QPushButton) if child.isVisible()]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert panel.model.rowCount() == len(recording)
    assert visible_words(panel.table) == []
    with qtbot.waitSignal(panel.filter.finished):
        panel.bar.set_text("syscall:getpid")
    assert "No event matches the filter" in visible_words(panel.table)
    grow(panel, recording, 1, qtbot)  # of a run that goes on, something matches later
    assert visible_words(panel.table) == []
    panel.show_recording(Recording.create(None, HEADER))
    with qtbot.waitSignal(panel.filter.finished):
        panel.bar.set_text("syscall:getppid")
    assert visible_words(panel.table) == []  # where there is no event, the filter is not to blame


def test_find_and_go_to(panel: LogPanel, recording: Recording, qtbot: QtBot) -> None:
    panel.show_recording(recording)
    grow(panel, recording, 300, qtbot)
    panel.table.go_to(100)
    with qtbot.waitSignal(panel.table.row_chosen) as chosen:
        panel.seek.find_wanted.emit("openat")
    assert chosen.args == [1]
    panel.seek.go_to_wanted.emit("250")
    assert panel.table.currentIndex().row() == 249
    panel.seek.go_to_wanted.emit("soon")
    assert "neither" in panel.seek.said


def test_chosen_row_is_announced(panel: LogPanel, recording: Recording, qtbot: QtBot) -> None:
    panel.show_recording(recording)
    with qtbot.waitSignal(panel.event_chosen) as chosen:
        panel.table.go_to(0)
    assert isinstance(chosen.args[0], CallEvent)
    assert chosen.args[0].syscall == "socket"


def menu_of(panel: LogPanel, row: int, column: Column) -> dict[str, QAction]:
    index = panel.model.index(row, column)
    menu: QMenu = panel.table.menu_of(index)
    return {action.text().replace("&", ""): action for action in menu.actions()}


def test_context_menu(panel: LogPanel, recording: Recording, qtbot: QtBot) -> None:
    panel.show_recording(recording)
    panel.table.go_to(0)
    entries = menu_of(panel, 0, Column.PROCESS)
    with qtbot.waitSignal(panel.bar.query_changed):
        entries["Exclude Process: prog"].trigger()
    assert str(panel.bar.query) == "-process:prog"
    panel.bar.clear()
    panel.table.go_to(0)
    with qtbot.waitSignal(panel.table.rule_wanted) as wanted:
        menu_of(panel, 0, Column.SYSCALL)["Make a rule of this"].trigger()
    assert wanted.args[0].syscall == "socket"
    assert not menu_of(panel, 2, Column.SYSCALL)["Make a rule of this"].isEnabled()


def test_the_keyboards_menu_is_that_of_the_chosen_row(panel: LogPanel, recording: Recording) -> None:
    panel.show_recording(recording)
    panel.table.go_to(0)
    # Where Qt says that it was asked for: by the view's corner, not by that of the rows, and so a row too low.
    place = panel.table.viewport().mapToParent(panel.table.visualRect(panel.table.currentIndex()).center())
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, place, panel.table.mapToGlobal(place))
    QGuiApplication.sendEvent(panel.table.viewport(), asked)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert menu.actions()[0].text() == "&Filter by Syscall: socket"
    menu.close()


def test_copy_takes_the_shown_columns(panel: LogPanel, recording: Recording) -> None:
    panel.show_recording(recording)
    panel.table.setColumnHidden(Column.ARGUMENTS, True)
    panel.table.go_to(0)
    panel.table.copy_csv()
    title, first = QGuiApplication.clipboard().text().splitlines()
    assert "Arguments" not in title
    assert first.startswith("1,")
    QTest.keySequence(panel.table, "Ctrl+C")
    assert QGuiApplication.clipboard().text().split()[0] == "1"
    assert "openat" not in QGuiApplication.clipboard().text()
    panel.table.copy_json()
    assert '"syscall": "socket"' in QGuiApplication.clipboard().text()


def test_names_of_descriptors_are_shown_on_request(panel: LogPanel, qtbot: QtBot) -> None:
    recording = Recording.create(None, msgspec.structs.replace(HEADER, stdio=("pty", "pty", "pty")))
    recording.append(call_rows(recording, "close", args=(2, 0, 0, 0, 0, 0)), Details())
    panel.show_recording(recording)
    cell = panel.model.index(0, Column.ARGUMENTS)
    qtbot.waitUntil(lambda: cell.data() == "2<terminal>")
    with qtbot.waitSignal(panel.model.dataChanged):
        panel.model.show_names(False)
    assert cell.data() == "2"


def test_timeline_goes_to_a_time(panel: LogPanel, recording: Recording, qtbot: QtBot) -> None:
    rows = call_rows(recording, "getpid", 100)
    rows["time_ns"] = range(1000, 101_000, 1000)
    recording.append(rows, Details())
    panel.show_recording(recording)
    with qtbot.waitSignal(panel.timeline.time_chosen):
        QTest.mouseClick(panel.timeline, Qt.MouseButton.LeftButton, pos=panel.timeline.rect().center())
    assert 40 < panel.table.currentIndex().row() < 64


def test_invitations_trigger_their_actions(theme: Theme, qtbot: QtBot) -> None:
    action = QAction("&Run")
    empty = EmptyState(theme, "Heading", [Invitation(action, "what comes of it")])
    qtbot.addWidget(empty)
    button = next(child for child in empty.findChildren(QWidget) if child.accessibleName() == "Run")
    with qtbot.waitSignal(action.triggered):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
