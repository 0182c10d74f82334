"""What the inspector's tests share: an inspector over a document, and real runs to show in it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from core.event import CallEvent
from core.recording.recording import Recording
from gui.flip_flow import FlipFlow
from gui.inspector.inspector import Inspector
from gui.policy_document import PolicyDocument
from gui.run_flow import RunFlow
from gui.theme import Theme
from tests.core.judge.test_ground_truth import PRELUDE
from tests.gui.panels.policy_support import shown
from tests.support.privilege import require_root
from tests.support.run import recording_of, run


@pytest.fixture
def document() -> PolicyDocument:
    return PolicyDocument()


@pytest.fixture
def run_flow(qtbot: QtBot) -> RunFlow:  # noqa: ARG001  qtbot fails the test on exceptions in slots
    return RunFlow()


@pytest.fixture
def flips(run_flow: RunFlow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlipFlow]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    flips = FlipFlow(run_flow)
    yield flips
    flips.shut_down()


@pytest.fixture
def inspector(theme: Theme, document: PolicyDocument, flips: FlipFlow, qtbot: QtBot) -> Inspector:
    inspector = Inspector(theme, document, flips)
    qtbot.addWidget(inspector)
    inspector.resize(316, 760)
    shown(qtbot, inspector)
    return inspector


@functools.cache
def recorded(policy: str, code: str) -> Recording:
    """A real run under ptrace, made once."""
    require_root("capabilities are dropped")
    return recording_of(run([str(Path(sys.executable).resolve()), "-I", "-S", "-c", PRELUDE + code], policy, engine="ptrace"))


def last(recording: Recording, syscall: str) -> CallEvent:
    return [event for event in recording.events() if isinstance(event, CallEvent) and event.syscall == syscall][-1]


Show = Callable[[str, str, str], CallEvent]


@pytest.fixture
def show(inspector: Inspector, qtbot: QtBot) -> Show:
    """Shows the last call of a name in a run under a policy, and waits until what would change it is there."""

    def chosen(policy: str, code: str, syscall: str) -> CallEvent:
        recording = recorded(policy, code)
        inspector.set_recording(recording)
        event = last(recording, syscall)
        inspector.show_event(event)
        qtbot.waitUntil(lambda: bool(inspector.call.changes.rows))
        return event

    return chosen


def texts(inspector: Inspector) -> str:
    """All that can be read."""
    return " ".join(label.text() for label in inspector.findChildren(QLabel) if label.isVisible())
