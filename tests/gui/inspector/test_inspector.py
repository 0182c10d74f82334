"""The inspector shows the chosen event: gates, verdict, what is behind each gate, all fields."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from core.event import CallEvent, ProcessEvent
from core.recording.recording import Recording
from gui.inspector.fields import FieldsModel
from gui.inspector.gate_diagram import GateDiagram, Page
from gui.inspector.inspector import Inspector
from gui.theme import Choice, Theme
from tests.core.judge.test_ground_truth import ALLOWED_BUT, OWN_FILTER, RAW_REFUSED, RAW_SOCKET, lacking
from tests.gui.inspector.conftest import Show, recorded, texts
from tests.gui.inspector.test_fields import rows, value
from tests.gui.panels.policy_support import unnamed_controls


def lines(model: QAbstractItemModel, parent: QModelIndex = QModelIndex()) -> list[tuple[str, str]]:  # noqa: B008  an invalid index is immutable
    found = []
    for row in range(model.rowCount(parent)):
        index = model.index(row, 0, parent)
        found.append((index.data(), index.siblingAtColumn(1).data()))
        found += lines(model, index)
    return found


def test_a_call_has_gates_and_a_verdict(inspector: Inspector, recording: Recording) -> None:
    inspector.set_recording(recording)
    inspector.show_event(recording.event(0))
    assert "does not hold it" in texts(inspector)
    diagram = inspector.findChildren(GateDiagram)[0]
    assert "capability: refused" in diagram.accessibleDescription()
    assert diagram.heightForWidth(160) > diagram.heightForWidth(400)
    assert diagram.height() == diagram.heightForWidth(diagram.width())


def test_without_an_event_it_invites(inspector: Inspector, recording: Recording) -> None:
    inspector.set_recording(recording)
    assert "Choose a call" in texts(inspector)
    inspector.show_event(recording.event(0))
    assert "Choose a call" not in texts(inspector)
    inspector.show_event(None)
    assert "Choose a call" in texts(inspector)


def test_the_diagram_is_painted_in_both_themes(inspector: Inspector, recording: Recording, theme: Theme) -> None:
    inspector.set_recording(recording)
    inspector.show_event(recording.event(0))
    light = inspector.grab().toImage()
    theme.choose(Choice.DARK)
    dark = inspector.grab().toImage()
    assert light != dark


# ── behind the gates ──────────────────────────────────────────────────────────────────────────────────────────────


def test_tab_reaches_the_gates_and_changes_before_what_follows_the_inspector(inspector: Inspector, show: Show, qtbot: QtBot) -> None:
    following = QLineEdit(inspector)
    following.show()
    show(lacking("NET_RAW"), RAW_SOCKET, "socket")
    qtbot.waitUntil(lambda: bool(inspector.call.changes.rows))
    first = next(button for button in inspector.call.changes.findChildren(QPushButton) if button.isEnabled() and button.isVisible())
    inspector._call_area.setFocus()
    for expected in (*inspector.call.diagram.buttons(), first):
        QTest.keyClick(inspector.window(), Qt.Key.Key_Tab)
        assert expected.hasFocus()


def test_the_keyboard_goes_through_the_gates_and_back(inspector: Inspector, show: Show, qtbot: QtBot) -> None:
    show(lacking("NET_RAW"), RAW_SOCKET, "socket")
    seccomp, capability, other, result = inspector.call.diagram.buttons()
    seccomp.setFocus()
    for following in (capability, other, result):
        QTest.keyClick(inspector.window(), Qt.Key.Key_Tab)
        assert following.hasFocus()
    capability.setFocus()
    QTest.keyClick(capability, Qt.Key.Key_Return)
    assert inspector.pages.currentWidget() is inspector.checks
    assert inspector.checks.back.hasFocus()
    QTest.keyClick(inspector.checks.back, Qt.Key.Key_Escape)
    qtbot.waitUntil(capability.hasFocus)
    QTest.keyClick(result, Qt.Key.Key_Space)
    assert inspector.pages.currentWidget() is inspector.result
    QTest.keyClick(inspector.result.back, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(result.hasFocus)


def test_gates_have_names(inspector: Inspector, show: Show) -> None:
    show(lacking("NET_RAW"), RAW_SOCKET, "socket")
    names = [button.accessibleName() for button in inspector.call.diagram.buttons()]
    assert names == ["seccomp: not asked", "capability: refused", "permissions, LSM: not reached", "Result: EPERM"]
    for page in Page:
        inspector.open_page(page)
        assert unnamed_controls(inspector) == []


def test_a_page_stays_open_from_call_to_call(inspector: Inspector, show: Show) -> None:
    event = show(RAW_REFUSED, RAW_SOCKET, "socket")
    inspector.open_page(Page.SECCOMP)
    recording = recorded(RAW_REFUSED, RAW_SOCKET)
    inspector.show_event(recording.event(event.seq))
    assert inspector.pages.currentWidget() is inspector.filters
    assert recording.event(event.seq).to_json()["syscall"] in inspector.filters.back.text()
    inspector.go_back()
    inspector.show_event(event)
    assert inspector.call.isVisible()


def test_seccomp_opens_the_filter_with_the_way_lit(inspector: Inspector, show: Show) -> None:
    show(RAW_REFUSED, RAW_SOCKET, "socket")
    inspector.open_page(Page.SECCOMP)
    assert "errno:EPERM (operation not permitted), by rule 1" in texts(inspector)
    assert "Rule 1: socket where arg 1 & 15 == SOCK_RAW → errno:EPERM" in texts(inspector)
    (listing,) = inspector.filters.listings()
    lit = [text for text in listing.toPlainText().splitlines() if text.startswith("▸")]
    assert "errno:EPERM" in lit[-1]
    assert len(lit) < len(listing.toPlainText().splitlines())
    inspector.filters.only_path.setChecked(True)
    (short,) = inspector.filters.listings()
    assert all(text.startswith("▸") for text in short.toPlainText().splitlines())
    assert len(short.toPlainText().splitlines()) == len(lit)


def test_a_call_before_the_filter_judged(inspector: Inspector, show: Show) -> None:
    show(RAW_REFUSED, RAW_SOCKET, "socket")
    inspector.show_event(next(event for event in recorded(RAW_REFUSED, RAW_SOCKET).events() if isinstance(event, CallEvent)))
    assert inspector.call.diagram.buttons()[0].accessibleName() == "seccomp: not asked"
    inspector.open_page(Page.SECCOMP)
    assert "This call was not judged" in texts(inspector)


def test_an_errno_that_seccomp_chose(inspector: Inspector, show: Show) -> None:
    show(RAW_REFUSED, RAW_SOCKET, "socket")
    inspector.open_page(Page.RESULT)
    assert "Here seccomp chose it, and socket did not run." in texts(inspector)


def test_stacked_filters_each_have_their_way(inspector: Inspector, show: Show) -> None:
    stacked = RAW_REFUSED + '[[seccomp.stacked]]\n[[seccomp.stacked.rules]]\nsyscalls = ["kill"]\naction = "trap"\n'
    show(stacked, RAW_SOCKET, "socket")
    inspector.open_page(Page.SECCOMP)
    assert len(inspector.filters.listings()) == 2
    assert "Filter 2 of 2" in texts(inspector)
    assert "allow after" in texts(inspector)


def test_a_filter_of_the_target_s_own_that_decided(inspector: Inspector, show: Show) -> None:
    show(RAW_REFUSED, OWN_FILTER, "getppid")
    assert "the target's own seccomp filter 1 refused getppid" in texts(inspector).replace("The", "the")
    inspector.open_page(Page.SECCOMP)
    assert (
        "errno:EACCES, by filter 1 of the target's own. The policy answers allow; the strictest answer counts, and of equal ones the newest."
        in texts(inspector)
    )
    assert "Filter 1 of the target's own" in texts(inspector)
    assert "Rule" not in texts(inspector)
    assert not inspector.filters.show_rule.isVisible()


def test_what_was_not_read_and_what_is_not_seen_are_said_to_be_so(inspector: Inspector) -> None:
    recording = recorded(RAW_REFUSED, RAW_SOCKET)
    inspector.setCurrentWidget(inspector.tree)
    inspector.set_recording(recording)

    def fields(syscall: str) -> dict[str, QModelIndex]:
        inspector.show_event(next(event for event in recording.events() if isinstance(event, CallEvent) and event.syscall == syscall))
        return rows(inspector._fields)

    unread = ", a pointer: what it points to was not read"
    read = fields("read")
    assert [value(index).endswith(unread) for index in rows(inspector._fields, read["args"]).values()][:3] == [False, True, False]
    assert value(read["checks"]) == "not seen: ptrace does not see the kernel's checks"
    assert not any(value(index).endswith(unread) for index in rows(inspector._fields, fields("openat")["args"]).values())


def test_capability_opens_the_checks(inspector: Inspector, recording: Recording) -> None:
    inspector.set_recording(recording)
    inspector.show_event(recording.event(0))
    inspector.open_page(Page.CAPABILITY)
    assert "Asked in inet_create: opening a raw IPv4 socket." in texts(inspector)
    assert "raw and packet sockets" in texts(inspector)
    card = inspector.checks.cards()[0]
    assert not card.stack.isVisible()
    card.unfold.click()
    assert card.stack.isVisible()
    assert "ns_capable" in card.stack.text()
    card.unfold.click()
    assert not card.stack.isVisible()


def test_without_checks_it_says_what_is_inferred(inspector: Inspector, show: Show) -> None:
    show(lacking("NET_RAW"), RAW_SOCKET, "socket")
    inspector.open_page(Page.CAPABILITY)
    assert "ptrace, which does not see the kernel's checks" in texts(inspector)
    assert "inet_create" in texts(inspector)
    assert "NET_RAW: raw and packet sockets" in texts(inspector)


def test_where_checks_are_not_seen_nothing_is_claimed(inspector: Inspector, show: Show) -> None:
    show(lacking("NET_RAW"), RAW_SOCKET, "socket")
    recording = recorded(lacking("NET_RAW"), RAW_SOCKET)
    inspector.show_event(next(event for event in recording.events() if isinstance(event, CallEvent) and event.syscall == "openat"))
    assert inspector.call.diagram.buttons()[1].accessibleName() == "capability: not seen"
    inspector.open_page(Page.CAPABILITY)
    assert "does not see the kernel's checks. openat is not known to ask for a capability." in texts(inspector)


def test_result_opens_the_errno_of_this_call(inspector: Inspector, show: Show) -> None:
    show(lacking("NET_RAW"), RAW_SOCKET, "socket")
    inspector.open_page(Page.RESULT)
    assert "EPERM (1)" in texts(inspector)
    assert "Of socket it means: a raw or packet socket of this family needs NET_RAW." in texts(inspector)


# ── kills, traps, processes ───────────────────────────────────────────────────────────────────────────────────────


def test_a_kill_lists_the_last_calls(inspector: Inspector, show: Show, qtbot: QtBot) -> None:
    event = show(ALLOWED_BUT.format(call="getppid", action="kill-process"), "os.getpid(); os.getppid()", "getppid")
    assert "SIGSYS ended the whole process." in texts(inspector)
    link = inspector.call.aftermath.before.links[-1]
    assert "getpid()" in link.accessibleName()
    with qtbot.waitSignal(inspector.event_wanted) as wanted:
        link.click()
    assert wanted.args == [event.seq - 2]


def test_a_trap_says_who_took_it(inspector: Inspector, show: Show) -> None:
    show(ALLOWED_BUT.format(call="getppid", action="trap"), "signal.signal(signal.SIGSYS, lambda *_: None); os.getppid()", "getppid")
    assert "A handler of the target's own took the SIGSYS" in texts(inspector)
    assert "The thread went on with" in texts(inspector)
    assert "rt_sigreturn" in inspector.call.aftermath.after.links[0].accessibleName()


@pytest.mark.parametrize(("kind", "words"), [
    ("exec", ("Runs a program", "effective", "no_new_privs on", "python")),
    ("fork", ("A new process", "holds what its maker holds")),
    ("exit", ("Ends", "ended with status 3")),
])  # fmt: skip
def test_what_happens_to_processes_can_be_read(inspector: Inspector, kind: str, words: tuple[str, ...], qtbot: QtBot) -> None:
    recording = recorded("", "os.fork() or os._exit(3); os.wait()")
    inspector.set_recording(recording)
    event = next(event for event in recording.events() if isinstance(event, ProcessEvent) and event.event == kind)
    inspector.show_event(event)
    for word in words:
        assert word in texts(inspector)
    assert inspector.process.link.isVisible() == (kind == "fork")
    if kind == "fork":
        with qtbot.waitSignal(inspector.event_wanted) as wanted:
            inspector.process.link.click()
        assert recording.event(wanted.args[0]).tid == event.data["child_tid"]


def test_a_death_by_signal_lists_the_last_calls(inspector: Inspector) -> None:
    recording = recorded("", "os.getpid(); os.kill(os.getpid(), 9)")
    inspector.set_recording(recording)
    inspector.show_event(recording.event(len(recording) - 1))
    assert "was killed by SIGKILL" in texts(inspector)
    assert "kill(" in inspector.process.last_calls.links[-1].accessibleName()


def test_a_prediction_that_failed_is_said_in_words(inspector: Inspector) -> None:
    recording = recorded("", "os.fork() or os._exit(3); os.wait()")
    exec_index = next(event.seq - 1 for event in recording.events() if isinstance(event, ProcessEvent) and event.event == "exec")
    event = recording.event(exec_index)
    assert isinstance(event, ProcessEvent)
    predicted = {**event.data["capabilities"], "ambient": ["NET_RAW"]}
    told = ProcessEvent(
        event.seq,
        0,
        event.pid,
        event.tid,
        event.comm,
        "exec",
        {**event.data, "predicted": predicted, "agrees": False, "reason": "ambient lacks NET_RAW"},
    )
    inspector.set_recording(recording)
    inspector.show_event(told)
    assert "✕ not as predicted" in texts(inspector)
    assert "✕ predicted: NET_RAW" in texts(inspector)


def test_all_fields_follow_the_event(inspector: Inspector, recording: Recording) -> None:
    inspector.set_recording(recording)
    inspector.show_event(recording.event(0))
    inspector.setCurrentWidget(inspector.tree)
    assert dict(lines(inspector.tree.model()))["syscall"] == "socket"
    inspector.show_event(recording.event(1))
    assert dict(lines(inspector.tree.model()))["syscall"] == "openat"


def test_all_fields(qtmodeltester: ModelTester, recording: Recording) -> None:
    model = FieldsModel()
    model.show_event(recording.event(0))
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # pytest-qt has no types here
    found = dict(lines(model))
    assert found["syscall"] == "socket"
    assert found["duration_ns"] == "1,500 ns (1.5 µs)"
    assert found["NET_RAW"] == "refused, decisive"
    assert found["stack[1]"] == "inet_create"
    assert found["args[1]"] == "0x3 (3)"
    model.show_event(recording.event(2))
    assert dict(lines(model))["child"] == "9"
