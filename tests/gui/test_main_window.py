"""The window as a whole: real runs through its controls, its keys, what it remembers."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from core.policy.model import Policy, Rule, Seccomp
from core.recording.recording import Recording
from gui.main_window import MainWindow
from gui.models.log_columns import Column
from gui.policy_document import PolicyDocument
from gui.settings import Settings
from gui.theme import Theme
from tests.core.recording.test_recording import filled

SECONDS = 20_000
CONTROL = Qt.KeyboardModifier.ControlModifier
NO_CHDIR = Policy(seccomp=Seccomp(mode="filter", rules=(Rule(syscalls=("chdir",), action="errno:EPERM"),)))
KILLED_AT_CHDIR = Policy(seccomp=Seccomp(mode="filter", rules=(Rule(syscalls=("chdir",), action="kill-process"),)))

Opener = Callable[[], MainWindow]


@pytest.fixture
def open_window(theme: Theme, settings: Settings, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opener]:
    """Opens a window with the same settings each time; no run outlives the test."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    windows = []

    def opener() -> MainWindow:
        window = MainWindow(theme, settings, PolicyDocument(), [("Capabilities", QWidget()), ("Seccomp", QWidget())])
        window.flow.engine = "ptrace"
        qtbot.addWidget(window)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        windows.append(window)
        return window

    yield opener
    for window in windows:
        window.flow.controller.shut_down()


@pytest.fixture
def window(open_window: Opener) -> MainWindow:
    return open_window()


def run(window: MainWindow, command: str, qtbot: QtBot) -> None:
    window.bar.set_command(command)
    with qtbot.waitSignals([window.flow.controller.finished, window.log.filter.finished], timeout=SECONDS):
        window.actions_.run.trigger()
    qtbot.waitUntil(lambda: window.flow.recording is not None and window.log.model.rowCount() == len(window.flow.recording))


def cells(window: MainWindow, column: Column) -> list[str]:
    return [window.log.model.index(row, column).data() for row in range(window.log.model.rowCount())]


def terminal_text(window: MainWindow) -> str:
    return "\n".join(window.terminal.vt.text(line) for line in range(window.terminal.vt.line_count))


def test_a_refused_call_is_in_the_log_with_its_reason(window: MainWindow, qtbot: QtBot) -> None:
    window._document.set_policy(NO_CHDIR)
    run(window, "sh -c 'cd /; echo here'", qtbot)
    with qtbot.waitSignal(window.log.filter.finished):
        window.log.bar.set_text("gate:seccomp")
    assert cells(window, Column.SYSCALL) == ["chdir"]
    assert cells(window, Column.RESULT) == ["EPERM"]
    assert "rule 1" in cells(window, Column.REASON)[0]
    window.log.table.go_to(0)
    assert "seccomp: refused" in window.inspector.findChildren(QWidget, "gates")[0].accessibleDescription()
    qtbot.waitUntil(lambda: "here" in terminal_text(window) and "exit status 0" in terminal_text(window))


def test_a_kill_is_told_everywhere(window: MainWindow, qtbot: QtBot) -> None:
    window._document.set_policy(KILLED_AT_CHDIR)
    run(window, "sh -c 'cd /; echo here'", qtbot)
    assert "killed by SIGSYS" in window.flow.state_sentence
    assert "killed" in cells(window, Column.RESULT)
    qtbot.waitUntil(lambda: "killed by SIGSYS" in terminal_text(window))


def test_the_key_starts_and_stops_from_the_target_line(window: MainWindow, qtbot: QtBot) -> None:
    edit = window.bar.target.lineEdit()
    assert edit is not None
    edit.setFocus()
    window.bar.set_command("sleep 1000")
    with qtbot.waitSignal(window.flow.controller.running, timeout=SECONDS):
        QTest.keyClick(edit, Qt.Key.Key_E, CONTROL)
    assert not window.actions_.run.isEnabled()
    with qtbot.waitSignal(window.flow.controller.finished, timeout=SECONDS):
        QTest.keyClick(edit, Qt.Key.Key_E, CONTROL)
    ending = window.flow.controller.session.ending if window.flow.controller.session else None
    assert ending is not None
    assert ending.exit_status == 128 + signal.SIGKILL
    assert window.actions_.run.isEnabled()


def test_larger_type_fits_the_screen_and_is_remembered(window: MainWindow, theme: Theme, settings: Settings) -> None:
    window.actions_.large_type.trigger()
    assert theme.large
    assert window.minimumSizeHint().width() <= 1440
    window.close()
    assert settings.text("type") == "larger"


def test_again_stops_and_runs_once_more(window: MainWindow, qtbot: QtBot) -> None:
    window.bar.set_command("sleep 1000")
    controller = window.flow.controller
    with qtbot.waitSignal(controller.running, timeout=SECONDS):
        window.actions_.run.trigger()
    first = controller.session
    with qtbot.waitSignals([controller.finished, controller.running], timeout=SECONDS):
        window.actions_.again.trigger()
    assert controller.session is not first
    assert controller.busy


@pytest.mark.parametrize(
    ("command", "expected"),
    [("", "no target"), ("echo 'open", "quotation"), ("no-such-command-here", "no such command"), ("/etc/passwd", "not executable")],
)
def test_what_cannot_run_is_said_above_the_log(window: MainWindow, command: str, expected: str) -> None:
    window.bar.set_command(command)
    window.actions_.run.trigger()
    assert expected in window.log.info.text
    assert not window.flow.busy


def test_the_inspector_leads_into_the_log(window: MainWindow, qtbot: QtBot) -> None:
    window._document.set_policy(KILLED_AT_CHDIR)
    run(window, "sh -c 'cd /; echo here'", qtbot)
    with qtbot.waitSignal(window.log.filter.finished):
        window.log.bar.set_text("verdict:killed")
    window.log.table.go_to(0)
    killed = window.log.model.event_at(0)
    assert killed is not None
    window.inspector.call.aftermath.before.links[-1].click()
    chosen = window.log.model.event_at(window.log.table.currentIndex().row())
    assert chosen is not None
    assert chosen.seq == killed.seq - 1
    assert window.log.model.rowCount() == len(window.flow.recording or ())


def test_the_keyboard_reaches_the_gates(window: MainWindow, qtbot: QtBot) -> None:
    run(window, "true", qtbot)
    window.log.table.go_to(cells(window, Column.SYSCALL).index("brk"))
    window.log.table.setFocus()
    QTest.keyClick(window, Qt.Key.Key_6, CONTROL)
    first = window.inspector.call.diagram.buttons()[0]
    assert first.hasFocus()
    QTest.keyClick(first, Qt.Key.Key_Return)
    assert window.inspector.filters.back.hasFocus()


def test_a_proof_and_its_second_run(window: MainWindow, qtbot: QtBot) -> None:
    window._document.set_policy(NO_CHDIR)
    run(window, "sh -c 'cd /; echo here'", qtbot)
    first = window.flow.recording
    with qtbot.waitSignal(window.log.filter.finished):
        window.log.bar.set_text("gate:seccomp")
    window.log.table.go_to(0)
    qtbot.waitUntil(lambda: bool(window.inspector.call.changes.rows))
    row = window.inspector.call.changes.rows[0]
    row.prove.click()
    qtbot.waitUntil(lambda: not window.flips.busy, timeout=SECONDS)
    assert row.answer is not None
    assert row.answer.proof.standing.value == "confirmed"
    row.open_second.click()
    assert window.flow.recording is not first
    assert first is not None
    assert str(first.path) in window.log.info.text


def test_typing_into_a_shell(window: MainWindow, qtbot: QtBot) -> None:
    window.bar.set_command("env 'PS1=ready> ' sh -i")
    with qtbot.waitSignal(window.flow.controller.running, timeout=SECONDS):
        window.actions_.run.trigger()
    qtbot.waitUntil(lambda: "\nready>" in terminal_text(window), timeout=SECONDS)
    window.actions_.focus_terminal.trigger()
    QTest.keyClicks(window.terminal, "echo $((6*7))xx")
    for key in (Qt.Key.Key_Backspace, Qt.Key.Key_Backspace, Qt.Key.Key_Return):
        QTest.keyClick(window.terminal, key)
    qtbot.waitUntil(lambda: "\n42" in terminal_text(window), timeout=SECONDS)
    with qtbot.waitSignal(window.flow.controller.finished, timeout=SECONDS):
        QTest.keyClick(window.terminal, Qt.Key.Key_D, CONTROL)


def test_keys(window: MainWindow) -> None:
    for key, place in (
        (Qt.Key.Key_Slash, window.log.bar.edit),
        (Qt.Key.Key_L, window.bar.target.lineEdit()),
        (Qt.Key.Key_1, window.log.table),
    ):
        window.log.show_recording(filled(None))
        QTest.keyClick(window, key, CONTROL)
        assert place is not None
        assert place.hasFocus(), key
    QTest.keyClick(window, Qt.Key.Key_F, CONTROL)
    assert window.log.seek.isVisible()


def test_the_keyboard_reaches_the_policy(window: MainWindow) -> None:
    window._policy_dock.close()
    QTest.keyClick(window, Qt.Key.Key_7, CONTROL)
    tabs = window._policy_dock.header.tabs
    assert tabs.isVisible()
    assert tabs.hasFocus()
    QTest.keyClick(tabs, Qt.Key.Key_Right)
    assert tabs.tabText(tabs.currentIndex()) == "Seccomp"


def test_every_page_has_a_key_and_a_menu_entry(window: MainWindow, qtbot: QtBot) -> None:
    run(window, "sh -c 'cat /dev/null'", qtbot)
    tabs, pages = window.pages.header.tabs, window.pages
    for key, title, place in (
        (Qt.Key.Key_3, "Summary", pages.summary.table),
        (Qt.Key.Key_4, "Capabilities used", pages.capabilities.table),
        (Qt.Key.Key_5, "Processes", pages.processes.view),
        (Qt.Key.Key_1, "Log", window.log.table),
    ):
        QTest.keyClick(window, key, CONTROL)
        assert tabs.tabText(tabs.currentIndex()) == title
        assert place.hasFocus()
        qtbot.waitUntil(lambda place=place: place.model().rowCount() > 0)  # type: ignore[misc]  # a table or a tree
    view = next(menu for menu in window.findChildren(QMenu) if menu.title() == "&View")
    entries = {action.text().replace("&", "") for action in view.actions()}
    assert entries >= {"Log", "Summary", "Capabilities used", "Processes", "Show what descriptors are open on"}


def test_a_problem_is_seen_on_every_page(window: MainWindow) -> None:
    window.actions_.show_summary.trigger()
    window.bar.set_command("no-such-command-here")
    window.actions_.run.trigger()
    assert window.log.info.isVisible()


def test_keys_are_not_given_twice(window: MainWindow) -> None:
    actions = [action for action in window.findChildren(QAction) if not action.shortcut().isEmpty()]
    keys = [action.shortcut().toString() for action in actions if action not in (window.actions_.run, window.actions_.stop)]
    assert sorted(keys) == sorted(set(keys))


def test_every_control_has_a_name(window: MainWindow) -> None:
    window.log.show_recording(filled(None))
    controls = [child for kind in (QAbstractButton, QLineEdit, QComboBox) for child in window.findChildren(kind) if child.isVisible()]
    nameless = [
        child for child in controls if not (child.accessibleName() or child.property("text") or child.objectName().startswith("qt_"))
    ]
    assert [child for child in nameless if not isinstance(child.parent(), QLineEdit | QComboBox)] == []


def test_the_layout_is_remembered(open_window: Opener, qtbot: QtBot) -> None:
    first = open_window()
    first._terminal_dock.close()
    first.log.table.setColumnHidden(Column.EVIDENCE, False)
    first.log.table.setColumnHidden(Column.ARGUMENTS, True)  # there is room for all that is wanted
    first.log.table.setColumnWidth(Column.SYSCALL, 133)
    run(first, "true", qtbot)
    first.close()
    second = open_window()
    assert second._terminal_dock.isHidden()
    assert not second.log.table.isColumnHidden(Column.EVIDENCE)
    second.log.show_recording(filled(None))
    assert second.log.table.columnWidth(Column.SYSCALL) == 133
    assert second.bar.target.currentText() == "true"
    second.actions_.reset_layout.trigger()
    assert second._terminal_dock.isVisible()


def test_policies_are_saved_and_opened(window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    window._document.set_policy(NO_CHDIR, None)
    window._document.save(path)
    window._document.set_policy(Policy(), None)
    assert window.files.open(path)
    assert window._document.policy == NO_CHDIR
    assert "mine" in window.bar.policy.text()
    path.write_text("[seccomp]\nmod = 1")
    assert not window.files.open(path)
    assert "mod" in window.log.info.text


def test_a_remembered_policy_that_is_gone_is_told(settings: Settings, open_window: Opener, tmp_path: Path) -> None:
    settings.set_text("policy", str(tmp_path / "gone.toml"))
    assert f"{tmp_path}/gone.toml cannot be read: No such file or directory" in open_window().log.info.text


def test_every_preset_can_be_read(window: MainWindow) -> None:
    assert len(window.files.presets()) >= 5
    assert window.log.info.text == ""


def test_closing_ends_the_target(window: MainWindow, qtbot: QtBot) -> None:
    window.bar.set_command("sleep 1000")
    with qtbot.waitSignal(window.flow.controller.running, timeout=SECONDS):
        window.actions_.run.trigger()
    target = window.flow.controller.session.pid if window.flow.controller.session else None
    window.close()
    assert not Path(f"/proc/{target}").exists()


def test_a_recording_opens(window: MainWindow, tmp_path: Path) -> None:
    filled(tmp_path / "run.arrow").close()
    window.open_recording(tmp_path / "run.arrow")
    assert cells(window, Column.SYSCALL) == ["socket", "openat", "fork"]
    assert window.log.info.text == ""
    filled(tmp_path / "cut.arrow")
    window.open_recording(tmp_path / "cut.arrow")
    assert "cut.arrow ends, or is damaged, behind event 3" in window.log.info.text
    (tmp_path / "no.arrow").write_bytes(b"nothing of the kind")
    window.open_recording(tmp_path / "no.arrow")
    assert "not a recording" in window.log.info.text
    assert isinstance(window.flow.recording, Recording)


def test_the_terminal_shows_the_output_of_the_recording(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    filled(tmp_path / "run.arrow").close()
    run(window, "echo of the run before", qtbot)
    window.open_recording(tmp_path / "run.arrow")
    qtbot.waitUntil(lambda: "Recorded output of the run of" in terminal_text(window))
    lines = terminal_text(window).splitlines()
    assert lines[0].startswith("$ ls '-l")
    assert lines[1].strip() == "hello"
    assert not window.terminal.live
    assert "before" not in terminal_text(window)
    assert window.flow.standing is not None
    assert window.flow.standing.words == "recorded by eBPF"  # whatever watched the run before
