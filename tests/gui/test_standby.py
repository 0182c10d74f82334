"""An observer that waits is the one that serves the next run, and is never left behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QProcess
from pytestqt.qtbot import QtBot

from core.observer_command import observer_command
from core.plan import make_plan
from core.policy.model import Policy
from gui.run_controller import RunController
from gui.standby import end_observer
from tests.core.observer.driver import wait_gone

SECONDS = 20_000


@pytest.fixture
def controller(qtbot: QtBot) -> Iterator[RunController]:  # noqa: ARG001  qtbot fails the test on exceptions in slots
    controller = RunController()
    yield controller
    controller.shut_down()


def waiting(controller: RunController) -> QProcess:
    process = controller._standby._process
    assert process is not None
    return process


def run(controller: RunController, qtbot: QtBot) -> int:
    """Which process served a whole run."""
    with qtbot.waitSignal(controller.finished, timeout=SECONDS):
        controller.start(make_plan(Policy(), ["/bin/true"], engine="ptrace"), observer_command(), None)
        assert controller._process is not None
        pid = int(controller._process.processId())
    assert controller.session is not None
    assert controller.session.failure is None
    assert controller.session.recording is not None
    assert controller.session.recording.summary().calls > 10
    return pid


@pytest.mark.parametrize("greeted", [True, False], ids=["after its hello", "before its hello"])
def test_the_one_that_waits_serves_the_next_run_and_no_other(controller: RunController, qtbot: QtBot, greeted: bool) -> None:
    controller.prepare(observer_command())
    process = waiting(controller)
    if greeted:
        qtbot.waitUntil(lambda: process.bytesAvailable() > 0, timeout=SECONDS)
    else:
        assert process.bytesAvailable() == 0
    pid = int(process.processId())
    assert run(controller, qtbot) == pid
    assert run(controller, qtbot) != pid


def test_it_waits_once(controller: RunController) -> None:
    controller.prepare(observer_command())
    process = waiting(controller)
    controller.prepare(observer_command())
    assert waiting(controller) is process


def test_it_is_asked_for_its_hello_again_when_it_is_taken(controller: RunController, qtbot: QtBot) -> None:
    controller.prepare(observer_command())
    process = waiting(controller)
    qtbot.waitUntil(lambda: process.bytesAvailable() > 0, timeout=SECONDS)
    hello = process.peek(1 << 16).data()
    taken, written = controller._standby.take(observer_command())
    assert (taken, written) == (process, b"")
    qtbot.waitUntil(lambda: taken.bytesAvailable() > 0, timeout=SECONDS)
    assert taken.readAllStandardOutput().data() == hello
    end_observer(taken)


def test_one_that_died_waiting_is_not_used(controller: RunController, qtbot: QtBot) -> None:
    controller.prepare(observer_command())
    process = waiting(controller)
    assert process.waitForStarted(SECONDS)
    pid = int(process.processId())
    os.kill(pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: process.state() is QProcess.ProcessState.NotRunning, timeout=SECONDS)
    assert run(controller, qtbot) != pid


def test_one_of_another_command_is_not_used(controller: RunController, qtbot: QtBot, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("#!/bin/sh\nexec cat\n")
    other.chmod(0o755)
    controller.prepare([str(other)])
    pid = int(waiting(controller).processId())
    assert run(controller, qtbot) != pid
    controller.prepare(observer_command())
    assert wait_gone([pid]) == []


def test_one_that_is_no_observer_is_told_at_the_run(controller: RunController, qtbot: QtBot) -> None:
    command = ["sh", "-c", "echo This is no observer but a shell; exec cat"]
    controller.prepare(command)
    qtbot.waitUntil(lambda: waiting(controller).bytesAvailable() > 0, timeout=SECONDS)
    with qtbot.waitSignal(controller.finished, timeout=SECONDS):
        controller.start(make_plan(Policy(), ["/bin/true"], engine="ptrace"), command, None)
    assert controller.session is not None
    assert controller.session.failure is not None


def test_none_is_left(controller: RunController) -> None:
    controller.prepare(observer_command())
    pid = int(waiting(controller).processId())
    controller.shut_down()
    assert wait_gone([pid]) == []
