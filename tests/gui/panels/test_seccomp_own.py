"""The target's own filters: shown when a run has some, with the path of the call that is tried."""

from __future__ import annotations

import dataclasses

import pytest
from pytestqt.qtbot import QtBot

from core.bpf.build import build_filter
from core.bpf.program import RET, K, encode_program, instruction
from core.judge.own_filters import Installed
from core.judge.verdict import Gate, Outcome
from core.policy.action import Action, ActionKind
from core.policy.model import Policy, Rule, Seccomp
from core.recording.own_filters import OwnFilter
from core.recording.recording import Recording
from core.recording.rows import Details
from gui.panels.seccomp import SeccompPanel
from gui.policy_document import PolicyDocument
from gui.theme import Theme
from tests.core.recording.test_recording import HEADER, call_rows
from tests.gui.models.test_rule_of_call import call
from tests.gui.panels.policy_support import shown, unnamed_controls

_NO_SOCKET = build_filter(Seccomp(mode="filter", rules=(Rule(syscalls=("socket",), action="errno:EACCES"),)))
_KILL = encode_program((instruction(RET | K, Action(ActionKind.KILL_PROCESS).value),))


def own(number: int, program: bytes, *, strict: bool = False, flags: int = 0) -> OwnFilter:
    return OwnFilter(number, 10 * number, number * 1_000_000, 812, 812, Installed(program, strict=strict, flags=flags))


@pytest.fixture
def recording() -> Recording:
    recording = Recording(HEADER)
    recording.append(call_rows(recording, "socket", gate=Gate.SECCOMP, outcome=Outcome.DENIED), Details())
    recording.own_filters = [own(1, _NO_SOCKET, flags=2), own(2, _KILL)]
    return recording


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> SeccompPanel:
    document = PolicyDocument()
    document.set_policy(Policy())
    panel = SeccompPanel(theme, document)
    qtbot.addWidget(panel)
    panel.resize(288, 760)
    shown(qtbot, panel)
    return panel


def test_the_page_is_there_when_there_is_something_to_see(panel: SeccompPanel, recording: Recording) -> None:
    tabs = panel.pages.header.tabs
    assert not tabs.isTabVisible(3)
    panel.show_recording(recording)
    assert tabs.isTabVisible(3)
    assert tabs.tabText(3) == "Own 2"
    panel.show_recording(Recording(HEADER))
    assert not tabs.isTabVisible(3)


def test_one_that_comes_later_appears_and_the_shown_one_stays(panel: SeccompPanel, recording: Recording) -> None:
    panel.show_recording(recording)
    panel.pages.choose_own(2)
    recording.append(call_rows(recording, "socket"), Details())
    recording.own_filters.append(own(3, b"", strict=True))
    panel.count_hits()
    assert panel.pages.own.combo.count() == 3
    assert panel.pages.own.combo.currentIndex() == 1
    panel.pages.choose_own(3)
    assert "Strict mode" in panel.pages.own.note.text()
    assert not panel.pages.own.program.isVisible()


def test_it_is_disassembled(panel: SeccompPanel, recording: Recording) -> None:
    panel.show_recording(recording)
    panel.pages.choose_own(1)
    view = panel.pages.own
    assert "; socket" in view.program.toPlainText()
    assert "flags log" in view.note.text()
    assert "pid 812" in view.combo.currentText()
    assert view.program.isReadOnly()
    assert unnamed_controls(view) == []


def test_the_tried_call_is_followed_there_too(panel: SeccompPanel, recording: Recording) -> None:
    panel.show_recording(recording)
    panel.pages.try_call("socket(AF_INET)")
    panel.pages.choose_own(1)
    view = panel.pages.own
    assert "errno:EACCES" in view.note.text()
    assert "▸" in view.program.toPlainText()
    view.choose(2)
    assert "kill-process" in view.note.text()
    panel.pages.try_call("")
    assert "▸" not in view.program.toPlainText()


@pytest.mark.parametrize("program", [b"", encode_program((instruction(0xFFFF),))])
def test_what_cannot_be_read_says_so(panel: SeccompPanel, recording: Recording, program: bytes) -> None:
    recording.own_filters = [own(1, program)]
    panel.show_recording(recording)
    panel.pages.try_call("socket(AF_INET)")
    assert "could not be read" in panel.pages.own.note.text() or "not a program" in panel.pages.own.note.text()


def test_a_call_that_it_refused_leads_there(panel: SeccompPanel, recording: Recording, qtbot: QtBot) -> None:
    panel.show_recording(recording)
    event = call("socket", 2, 3, 1)
    verdict = dataclasses.replace(event.verdict, gate=Gate.SECCOMP, outcome=Outcome.DENIED, own_filter=2)
    panel.show_rule_of(dataclasses.replace(event, verdict=verdict))
    assert panel.pages.own.isVisible()
    assert panel.pages.own.combo.currentIndex() == 1
    with qtbot.waitSignal(panel.event_wanted) as wanted:
        panel.pages.own.origin.click()
    assert wanted.args == [19]
