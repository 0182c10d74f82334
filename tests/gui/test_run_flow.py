"""Runs behind a prefix of the user's own: here, and as if elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core import observer_command
from core.observer_command import own_command
from core.policy.model import Policy
from gui.run_flow import RunFlow
from tests.support.processes import observers

SECONDS = 20_000
FAKE_SSH = """#!/bin/sh
# As sshd has it: the last word goes to a shell, in the home of whoever logged in.
for last; do :; done
cd /; exec sh -c "$last"
"""


@pytest.fixture
def flow(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFlow:  # noqa: ARG001  qtbot fails the test on exceptions in slots
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ssh").write_text(FAKE_SSH)
    (tmp_path / "bin" / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    flow = RunFlow()
    flow.engine = "ptrace"
    return flow


def run(flow: RunFlow, qtbot: QtBot, *argv: str) -> str:
    """The target's output."""
    output: list[bytes] = []
    flow.controller.output.connect(lambda _stream, data: output.append(data))
    with qtbot.waitSignal(flow.controller.finished, timeout=SECONDS):
        assert flow.run(Policy(), list(argv), 24, 80)
    assert flow.controller.session is not None
    assert flow.controller.session.failure is None
    return b"".join(output).decode()


def test_a_prefix_here(flow: RunFlow, qtbot: QtBot) -> None:
    flow.observer = "env GREETING=hello"
    assert run(flow, qtbot, "/bin/echo", "hi") == "hi\r\n"
    assert flow.standing is not None
    assert "started through “env GREETING=hello”" in flow.standing.place


def test_a_prefix_that_leads_elsewhere_looks_for_the_target_there(flow: RunFlow, qtbot: QtBot) -> None:
    flow.observer, flow.far_command = "ssh host", " ".join(own_command())
    assert run(flow, qtbot, "pwd") == "/\r\n"
    assert flow.standing is not None
    assert flow.standing.words.endswith("observer elsewhere")


def test_the_observers_command_is_not_for_the_named_prefixes(flow: RunFlow, qtbot: QtBot) -> None:
    flow.observer, flow.far_command = "none", "/no/such/observer"
    assert run(flow, qtbot, "/bin/echo", "hi") == "hi\r\n"


def test_what_cannot_carry_an_observer_is_said(flow: RunFlow, qtbot: QtBot) -> None:
    flow.observer = "ssh -t host"
    with qtbot.waitSignal(flow.problem) as problem:
        assert not flow.run(Policy(), ["/bin/true"], 24, 80)
    assert "leave -t out" in problem.args[0]


def test_nothing_is_asked_at_a_terminal(flow: RunFlow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_ASKPASS", raising=False)
    monkeypatch.setattr(observer_command, "_has_terminal", lambda: True)
    (tmp_path / "bin" / "sudo").write_text('#!/bin/sh\n[ "$1" = -n ] && echo "sudo: a password is required" >&2\nexit 1\n')
    (tmp_path / "bin" / "sudo").chmod(0o755)
    flow.observer = "sudo"
    with qtbot.waitSignal(flow.problem, timeout=SECONDS) as problem:
        assert flow.run(Policy(), ["/bin/true"], 24, 80)
    assert "choose pkexec, set SUDO_ASKPASS" in problem.args[0]
    qtbot.waitUntil(lambda: not flow.busy)


def test_a_question_that_is_dismissed_is_said_to_be(flow: RunFlow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "bin" / "pkexec").write_text("#!/bin/sh\nexit 126\n")
    (tmp_path / "bin" / "pkexec").chmod(0o755)
    flow.observer = "pkexec"
    with qtbot.waitSignal(flow.problem, timeout=SECONDS) as problem:
        assert flow.run(Policy(), ["/bin/true"], 24, 80)
    assert "the question for the password was dismissed" in problem.args[0]
    qtbot.waitUntil(lambda: not flow.busy)


def test_a_stop_before_the_target_runs_is_told_below_its_command(flow: RunFlow, qtbot: QtBot) -> None:
    told: list[str] = []
    flow.target_started.connect(told.append)
    flow.target_ended.connect(lambda sentence, _bad: told.append(sentence))
    with qtbot.waitSignal(flow.controller.finished, timeout=SECONDS):
        assert flow.run(Policy(), ["/bin/sleep", "1000"], 24, 80)
        flow.controller.stop()
    assert told == ["/bin/sleep 1000", "Stopped before the target ran"]


def test_before_the_first_run_there_is_no_standing(flow: RunFlow) -> None:
    assert flow.standing is None


def test_a_full_disk_is_told_while_the_run_goes_on(flow: RunFlow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gui.run_flow.recording_path", lambda _program: Path("/dev/full"))
    told: list[str] = []
    flow.problem.connect(told.append)
    with qtbot.waitSignal(flow.problem, timeout=SECONDS):
        assert flow.run(Policy(), ["sleep", "1000"], 24, 80)
    assert flow.busy
    with qtbot.waitSignal(flow.controller.finished, timeout=SECONDS):
        flow.controller.stop()
    assert len(told) == 1
    assert "/dev/full is no longer written: the disk is full" in told[0]


def test_an_observer_waits_for_the_next_run_but_behind_no_prefix(flow: RunFlow, qtbot: QtBot) -> None:
    flow.observer = "env GREETING=hello"
    flow.keep_ahead()
    assert observers() == []
    run(flow, qtbot, "/bin/echo", "hi")
    assert observers() == []
    flow.observer = "none"
    run(flow, qtbot, "/bin/echo", "hi")
    assert len(observers()) == 1
    flow.controller.shut_down()
    assert observers() == []
