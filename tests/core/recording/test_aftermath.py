"""What came around a kill and a trap, on real runs and told ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from core.event import CallEvent
from core.observer.wire import Engine
from core.recording.aftermath import Aftermath, aftermath_of, calls_before
from core.recording.recording import Recording
from tests.core.judge.test_ground_truth import ALLOWED_BUT, ENGINES, PRELUDE, made
from tests.support.run import recording_of, run

HANDLED = "signal.signal(signal.SIGSYS, lambda *_: None); os.getppid(); os.getpid()"


def recorded(action: str, code: str, engine: Engine) -> tuple[Recording, int]:
    """The run, and the number of its last getppid."""
    made(engine, "", "pass")  # skips where this engine does not work
    argv = [str(Path(sys.executable).resolve()), "-I", "-S", "-c", PRELUDE + code]
    recording = recording_of(run(argv, ALLOWED_BUT.format(call="getppid", action=action), engine=engine))
    found = [event.seq for event in recording.events() if isinstance(event, CallEvent) and event.syscall == "getppid"]
    return recording, found[-1] - 1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_killed_process(engine: Engine) -> None:
    after = aftermath_of(*recorded("kill-process", "os.getppid()", engine))
    assert (after.signal, after.whole_process, after.lived_on) == ("SIGSYS", True, None)
    assert after.sentence == "SIGSYS ended the whole process."


@pytest.mark.parametrize("engine", ENGINES)
def test_a_killed_thread(engine: Engine) -> None:
    code = "import threading, time; threading.Thread(target=libc.getppid, daemon=True).start(); time.sleep(.2); os._exit(0)"
    after = aftermath_of(*recorded("kill-thread", code, engine))
    assert (after.signal, after.whole_process) == ("SIGSYS", False)
    assert "the process went on" in after.sentence


@pytest.mark.parametrize("engine", ENGINES)
def test_a_trap_with_and_without_a_handler(engine: Engine) -> None:
    recording, index = recorded("trap", HANDLED, engine)
    after = aftermath_of(recording, index)
    assert after.lived_on is not None
    assert after.lived_on > index
    assert "handler" in after.sentence
    assert aftermath_of(*recorded("trap", "os.getppid()", engine)) == Aftermath("SIGSYS", whole_process=True)


def test_the_last_calls_are_of_the_same_thread() -> None:
    recording, index = recorded("kill-process", "os.getpid(); os.getuid(); os.getppid()", "ptrace")
    last = [recording.event(before) for before in calls_before(recording, index, 2)]
    assert [event.syscall for event in last if isinstance(event, CallEvent)] == ["getpid", "getuid"]
    assert all(event.tid == recording.event(index).tid and event.seq <= index for event in last)
    assert calls_before(recording, 0, 5) == []
