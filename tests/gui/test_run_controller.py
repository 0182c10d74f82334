"""Real observers behind the controller: runs, deaths, and what cannot start."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.observer_command import observer_command
from core.plan import Plan, make_plan
from core.policy.model import Policy
from core.recording.recording import Recording
from gui.run_controller import RunController
from tests.support.feeds import FEEDING, FOR_A_WHILE, SlowFeeds
from tests.support.processes import observers

SECONDS = 20_000


@pytest.fixture
def controller(qtbot: QtBot) -> RunController:  # noqa: ARG001  qtbot fails the test on exceptions in slots
    return RunController()


def plan(*argv: str) -> Plan:
    return make_plan(Policy(), argv, engine="ptrace")


def python(code: str) -> Plan:
    return plan(sys.executable, "-I", "-S", "-c", code)


def child_of(controller: RunController) -> int:
    assert controller.session is not None
    assert controller.session.pid is not None
    return controller.session.pid


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_a_run_from_start_to_end(controller: RunController, qtbot: QtBot, tmp_path: Path) -> None:
    output: list[bytes] = []
    controller.output.connect(lambda _stream, data: output.append(data))
    with qtbot.waitSignals(
        [controller.recording_opened, controller.running, controller.events_appended, controller.finished], timeout=SECONDS
    ):
        controller.start(plan("/bin/echo", "hello"), observer_command(), tmp_path / "run.arrow")
        assert controller.busy
    assert not controller.busy
    assert b"hello\r\n" in b"".join(output)
    session = controller.session
    assert session is not None
    assert session.ending is not None
    assert session.ending.exit_status == 0
    assert any(event.to_json().get("syscall") == "write" for event in Recording.open(tmp_path / "run.arrow").events())


def test_typing_reaches_the_target(controller: RunController, qtbot: QtBot) -> None:
    with qtbot.waitSignal(controller.output, timeout=SECONDS, check_params_cb=lambda _, data: b"ready" in data):
        controller.start(python("print('ready', flush=True); print(input()[::-1])"), observer_command(), None)
    with (
        qtbot.waitSignal(controller.output, timeout=SECONDS, check_params_cb=lambda _, data: b"cba" in data),
        qtbot.waitSignal(controller.finished, timeout=SECONDS),
    ):
        controller.send_input(b"abc\r")


def test_stop_ends_the_target(controller: RunController, qtbot: QtBot) -> None:
    with qtbot.waitSignal(controller.running, timeout=SECONDS):
        controller.start(plan("/bin/sleep", "1000"), observer_command(), None)
    target = child_of(controller)
    with qtbot.waitSignal(controller.finished, timeout=SECONDS):
        controller.stop()
    assert gone(target)
    assert controller.session is not None
    assert controller.session.ending is not None
    assert controller.session.ending.exit_status == 128 + signal.SIGKILL
    assert controller.session.ending.sentence.startswith("Stopped after")


def test_shutting_down_ends_the_target(controller: RunController, qtbot: QtBot) -> None:
    with qtbot.waitSignal(controller.running, timeout=SECONDS):
        controller.start(plan("/bin/sleep", "1000"), observer_command(), None)
    target = child_of(controller)
    controller.shut_down()
    assert gone(target)


def test_a_killed_observer_is_said_and_leaves_nothing(controller: RunController, qtbot: QtBot) -> None:
    with qtbot.waitSignal(controller.running, timeout=SECONDS):
        controller.start(plan("/bin/sleep", "1000"), observer_command(), None)
    target = child_of(controller)
    with qtbot.waitSignal(controller.failed, timeout=SECONDS) as failed:
        os.kill(observers()[0], signal.SIGKILL)
    assert "killed by SIGKILL" in failed.args[0]
    qtbot.waitUntil(lambda: not controller.busy and gone(target))


def test_an_observer_that_does_not_exist(controller: RunController, qtbot: QtBot) -> None:
    with qtbot.waitSignals([controller.failed, controller.finished], timeout=SECONDS):
        controller.start(plan("/bin/true"), ["/nonexistent/observer"], None)
    assert controller.session is not None
    assert "/nonexistent/observer" in (controller.session.failure or "")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("print('garbage' * 100)", "not a frame"),
        ("while True: print('garbage')", "not a frame"),
        ("import sys; sys.exit('no library')", "no library"),
        ("", "did not start"),
    ],
)
def test_an_observer_that_talks_nonsense(controller: RunController, qtbot: QtBot, code: str, expected: str) -> None:
    with qtbot.waitSignals([controller.failed, controller.finished], timeout=SECONDS):
        controller.start(plan("/bin/true"), [sys.executable, "-I", "-S", "-c", code], None)
    assert controller.session is not None
    assert expected in (controller.session.failure or "")


def test_one_run_at_a_time(controller: RunController, qtbot: QtBot) -> None:
    with qtbot.waitSignal(controller.finished, timeout=SECONDS):
        controller.start(plan("/bin/true"), observer_command(), None)
        with pytest.raises(RuntimeError):
            controller.start(plan("/bin/true"), observer_command(), None)


def test_judging_rests_while_the_target_runs(controller: RunController, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    feeds = SlowFeeds(monkeypatch)
    with qtbot.waitSignal(controller.finished, timeout=SECONDS):
        controller.start(plan(*FOR_A_WHILE), observer_command(), None)
    assert len(feeds.rests()) > 2
    assert min(feeds.rests()) >= 2 * FEEDING
