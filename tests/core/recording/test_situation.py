"""What decided over a recorded call comes back from the recording."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from core.bpf.emulate import emulate
from core.event import CallEvent, ProcessEvent
from core.judge.changes import changes
from core.policy.action import Action
from core.recording.recording import Recording
from core.recording.situation import filters_over, holding, own_filters_over, situation_of
from tests.core.judge.test_ground_truth import OWN_FILTER, PRELUDE, RAW_REFUSED, RAW_SOCKET, lacking
from tests.support.privilege import require_root
from tests.support.run import recording_of, run


def recorded(policy: str, code: str) -> Recording:
    require_root("capabilities are dropped")
    return recording_of(run([str(Path(sys.executable).resolve()), "-I", "-S", "-c", PRELUDE + code], policy, engine="ptrace"))


def last(recording: Recording, syscall: str) -> int:
    return max(event.seq for event in recording.events() if isinstance(event, CallEvent) and event.syscall == syscall) - 1


def test_the_filter_is_asked_again_about_the_very_call() -> None:
    recording = recorded(lacking("KILL") + RAW_REFUSED, RAW_SOCKET)
    situation = situation_of(recording, last(recording, "socket"))
    (program,) = situation.filters
    assert Action.from_value(emulate(program, situation.data).value).word == "errno:EPERM"
    assert situation.policy.seccomp.rules[0].syscalls == ("socket",)
    assert situation.held is not None
    assert situation.held.uid == 0
    assert "KILL" not in situation.held.effective
    assert "NET_RAW" in situation.held.effective


def test_a_child_holds_what_its_maker_held_until_it_changes() -> None:
    code = "if not os.fork():\n    os.getppid(); libc.setuid(1000); os.getpgid(0); os._exit(0)\nos.wait()"
    recording = recorded(lacking("KILL"), code)
    before, after = holding(recording, last(recording, "getppid")), holding(recording, last(recording, "getpgid"))
    assert before is not None
    assert "KILL" not in before.effective
    assert after is None
    assert holding(recording, 0) is None


def test_a_child_of_one_who_changed_is_not_said_to_hold_what_that_one_held() -> None:
    code = "if not os.fork():\n    os.getppid(); os._exit(0)\nos.wait(); libc.setuid(1000)\nif not os.fork():\n    os.getpgid(0); os._exit(0)\nos.wait()"
    recording = recorded("", code)
    assert holding(recording, last(recording, "getpgid")) is None
    assert holding(recording, last(recording, "getppid")) is not None


def test_filters_of_the_target_s_own_stand_over_it_and_its_children() -> None:
    recording = recorded("", f"os.getppid()\n{OWN_FILTER}\nif not os.fork():\n    os.getsid(0); os._exit(0)\nos.wait()")
    first = min(event.seq for event in recording.events() if isinstance(event, CallEvent) and event.syscall == "getppid") - 1
    assert own_filters_over(recording, first) == []
    for call in ("getppid", "getsid"):
        situation = situation_of(recording, last(recording, call))
        ((number, program),) = situation.own_filters
        assert number == 1
        assert len(program) == 4 * 8
    (only,) = changes(situation_of(recording, last(recording, "getppid")))
    assert "installed itself" in only.effect


def test_what_came_before_the_filter_judged_is_told_apart() -> None:
    recording = recorded(RAW_REFUSED, RAW_SOCKET)
    calls = [event for event in recording.events() if isinstance(event, CallEvent)]
    assert not calls[0].verdict.judged
    assert calls[-1].verdict.judged
    assert filters_over(recording, calls[-1].seq - 1) == 1
    strict = recorded('[seccomp]\nmode = "strict"\n', "pass")
    assert filters_over(strict, len(strict) - 1) == 1


def test_a_fork_is_no_call() -> None:
    recording = recorded("", "os.fork() or os._exit(0); os.wait()")
    fork = next(event.seq for event in recording.events() if isinstance(event, ProcessEvent) and event.event == "fork")
    with pytest.raises(TypeError, match="is no call"):
        situation_of(recording, fork - 1)
