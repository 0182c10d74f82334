"""Every seccomp action, the policy's and the target's own, and every way in which calls and threads come and go, for real and by both engines.

The target (targets/deeds.c) looks itself at what the kernel made of each of its calls, and fails where that is not what is expected here.
"""

from __future__ import annotations

import dataclasses
import functools
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.event import CallEvent, ProcessEvent
from core.observer.abilities import engine_abilities
from core.observer.wire import Engine
from core.recording.recording import Recording
from tests.core.judge.asked import Way
from tests.core.judge.test_ground_truth import AUDITED
from tests.support.privilege import require
from tests.support.run import UNPRIVILEGED_OBSERVER, recording_of, run

ENGINES: tuple[Engine, ...] = ("ebpf", "ptrace")

ACTIONS = {
    "getppid": "kill-process",
    "getsid": "kill-thread",
    "getpgid": "trap",
    "getuid": "errno:EACCES",
    "getgid": "errno:0",
    "geteuid": "log",
    "getegid": "trace:5",
}
POLICY = '[seccomp]\nmode = "filter"\narchitectures = ["native", "x86"]\n' + "".join(
    f'[[seccomp.rules]]\nsyscalls = ["{call}"]\naction = "{action}"\n' for call, action in ACTIONS.items()
)


@dataclasses.dataclass(frozen=True, slots=True)
class Fate:
    """What became of one call."""

    outcome: str
    rule: int | None = None
    own: int | None = None
    reason: str = ""
    """What the reason must hold."""
    gate: str | None = "seccomp"

    def __str__(self) -> str:
        return f"{self.outcome} rule {self.rule} own {self.own}"


FATES: dict[str, tuple[Fate, ...]] = {
    "getppid": (Fate("killed", 1, reason="killed the process at getppid"),),
    "getsid": (Fate("killed", 2, reason="killed the thread at getsid"),) * 2,
    "getpgid": (
        Fate("trapped", 3, reason="a handler of the target's own took the signal"),
        Fate("trapped", 3, reason="it has no handler for the signal, and died of it"),
    ),
    "getuid": (Fate("denied", 4, reason="refused getuid with EACCES before it ran"),) * 3,
    "getgid": (Fate("denied", 5, reason="answered 0, as if it had succeeded"),),
    "geteuid": (Fate("ok", 6, reason="logged geteuid and let it pass", gate=None),),
    "getegid": (Fate("denied", 7, reason="left getegid to a tracer"),),
    "getpriority": (
        Fate("denied", own=1, reason="the target's own seccomp filter 1 refused getpriority with EACCES before it ran"),
        Fate("denied", own=2, reason="filter 2 refused getpriority with ENOENT"),
        Fate("killed", own=4, reason="filter 4 killed the process at getpriority"),
    ),
    "sched_yield": (Fate("ok", own=5, reason="filter 5 logged sched_yield and let it pass", gate=None),),
    "alarm": (Fate("killed", own=7, reason="filter 7 killed the thread at alarm"),),
    "getrusage": (Fate("denied", own=8, reason="asked about getrusage; nobody listened"),),
    "getpgrp": (Fate("answered", own=9, reason="asked about getpgrp; the answer was 77"),),
    "getitimer": (
        Fate("trapped", own=6, reason="a handler of the target's own took the signal"),
        Fate("denied", own=10, reason="refused getitimer with EPERM"),
        *(Fate("denied", own=11, reason="refused getitimer with ENOENT"),) * 3,
    ),
}
"""By the call's name, in the order in which they are made."""


@pytest.fixture(scope="module")
def deeds() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="gatescope-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        source = Path(__file__).with_name("targets") / "deeds.c"
        subprocess.run(["gcc", "-O1", "-static", "-pthread", "-Wall", "-Wno-unused-result", "-o", f"{folder}/deeds", source], check=True)
        yield f"{folder}/deeds"


WAYS: dict[str, Way] = {
    "root, by ebpf": Way("", ("ebpf",)),
    "root, by ptrace": Way("", ("ptrace",)),
    "an ordinary user, by ebpf": Way('[identity]\nuser = "nobody"\n', ("ebpf",)),
    "a user namespace, by ebpf": Way("[identity]\nuser_namespace = true\n", ("ebpf",)),
    "watched by an ordinary user": Way("", ("ptrace",), UNPRIVILEGED_OBSERVER),
    "watched by an ordinary user, in a user namespace": Way("[identity]\nuser_namespace = true\n", ("ptrace",), UNPRIVILEGED_OBSERVER),
}


def _recorded(program: str, engine: Engine, *words: str) -> Recording:
    return _watched(program, Way("", (engine,)), *words)


@functools.cache
def _watched(program: str, way: Way, *words: str) -> Recording:
    (engine,) = way.engines
    problem = engine_abilities()[engine]
    require(problem is None, f"the {engine} engine does not work: {problem}")
    session = run([program, *words], way.policy + ("" if words else POLICY), engine=engine, directory="/", observer=way.observer)
    recording = recording_of(session)
    complaints = b"".join(data for stream, data in recording.output if stream == 2).decode()
    assert complaints == "", "the kernel does otherwise than this table expects"
    assert session.ending is not None
    assert session.ending.exit_status == 0
    assert not any(recording.lost.values())
    return recording


@pytest.fixture(params=WAYS)
def recording(request: pytest.FixtureRequest, deeds: str) -> Recording:
    """The whole run, in each way; one run a session."""
    return _watched(deeds, WAYS[request.param])


def calls(recording: Recording, name: str) -> list[CallEvent]:
    return [event for event in recording.events() if isinstance(event, CallEvent) and event.syscall == name]


@pytest.mark.parametrize("name", FATES)
def test_fates(recording: Recording, name: str) -> None:
    made, expected = calls(recording, name), FATES[name]
    found = [Fate(c.verdict.outcome.word, c.verdict.rule, c.verdict.own_filter, gate=c.verdict.gate.word) for c in made]
    assert found == [dataclasses.replace(fate, reason="") for fate in expected]
    for call, fate in zip(made, expected, strict=True):
        assert fate.reason in call.verdict.reason
        assert not call.verdict.conflict
        seen = recording.header.engine == "ebpf" or fate.gate is None or fate.outcome == "trapped" or AUDITED in call.verdict.reason
        signalled = call.verdict.outcome.word == "killed" and call.verdict.evidence.word == "observed"
        assert call.verdict.evidence.word == ("observed" if seen or signalled else "computed")


def test_nothing_else_was_stopped_or_is_in_doubt(recording: Recording) -> None:
    others = [event for event in recording.events() if isinstance(event, CallEvent) and event.syscall not in FATES]
    assert not [
        call for call in others if call.verdict.gate.word == "seccomp" or call.verdict.conflict or call.verdict.evidence.word == "unknown"
    ]


def test_the_target_s_own_filters_are_kept(recording: Recording) -> None:
    assert [one.number for one in recording.own_filters] == list(range(1, 12))
    assert all(len(one.installed.program) == 32 for one in recording.own_filters)


@pytest.mark.parametrize("engine", ENGINES)
def test_strict_mode_of_the_target_s_own(engine: Engine, deeds: str) -> None:
    recording = _recorded(deeds, engine, "strict")
    (one,) = recording.own_filters
    assert one.installed.strict
    (killed,) = calls(recording, "getpgrp")
    assert (killed.verdict.outcome.word, killed.verdict.own_filter) == ("killed", 1)
    assert killed.verdict.reason.startswith("the strict mode that the target entered itself killed the thread at getpgrp")


def test_32_bit_calls_go_by_their_own_table(recording: Recording) -> None:
    assert [(call.arch, call.nr) for call in calls(recording, "getuid")] == [("x86_64", 102), ("x86_64", 102), ("x86", 24)]
    (getpid,) = [call for call in calls(recording, "getpid") if call.arch == "x86"]
    assert (getpid.nr, getpid.verdict.outcome.word) == (20, "ok")


def test_a_killed_thread_tells_its_last_calls(recording: Recording) -> None:
    (killed,) = calls(recording, "getppid")
    (exit_,) = [
        event for event in recording.events() if isinstance(event, ProcessEvent) and event.event == "exit" and event.tid == killed.tid
    ]
    assert (exit_.data["signal"], exit_.data["seccomp"]) == ("SIGSYS", True)
    assert exit_.data["last_calls"][-1] == killed.seq
    assert len(exit_.data["last_calls"]) <= 5


def test_exec_from_another_thread(recording: Recording) -> None:
    """The filters go with it, and its call ends under the leader's number."""
    execs = [call for call in calls(recording, "execve") if call.ret == 0]
    assert len(execs) == 4
    assert all(call.verdict.outcome.word == "ok" for call in execs)


def test_restarted_and_unfinished_calls(recording: Recording) -> None:
    restarted = [call for call in calls(recording, "read") if call.ret == -512]
    assert [call.verdict.outcome.word for call in restarted] == ["failed"]
    assert restarted[0].verdict.reason.startswith("interrupted by a signal; the kernel starts the call again")
    again = next(call for call in calls(recording, "read") if call.seq > restarted[0].seq and call.tid == restarted[0].tid)
    assert (again.args, again.ret) == (restarted[0].args, 1)
    unfinished = [event for event in recording.events() if isinstance(event, CallEvent) and event.verdict.outcome.word == "unfinished"]
    # One whose thread waited while another called execve, and one whose process ended around it.
    assert [(call.syscall, call.ret) for call in unfinished] == [("futex", None), ("read", None)]


def test_a_burst_of_forks(recording: Recording) -> None:
    forks = [event for event in recording.events() if isinstance(event, ProcessEvent) and event.event == "fork"]
    exits = [event for event in recording.events() if isinstance(event, ProcessEvent) and event.event == "exit"]
    assert len(forks) >= 40
    assert {event.data["child"] for event in forks} <= {event.tid for event in exits} | {forks[0].pid}


def test_both_engines_tell_the_same(deeds: str) -> None:
    """Thread by thread in the order of their making: the same calls, and up to evidence the same verdicts."""
    ebpf, ptrace = (_threads(_recorded(deeds, engine)) for engine in ENGINES)
    assert len(ebpf) == len(ptrace)
    for one, other in zip(ebpf, ptrace, strict=True):
        assert one == other


_UNSTEADY = frozenset({"futex", "wait4", "exit", "rt_sigprocmask", "madvise", "brk", "mmap", "munmap"})
"""What the C library does or leaves, depending on who is faster; a fork that a dying child interrupts is started again likewise."""

Told = tuple[str, str, str | None, str | None, str, int | None, int | None, str | None, tuple[str, ...]]


def _threads(recording: Recording) -> list[list[Told]]:
    order: dict[int, list[Told]] = defaultdict(list)
    for event in recording.events():
        if isinstance(event, ProcessEvent):
            if event.event == "fork":
                order[event.data["child_tid"]] = []
        elif event.syscall not in _UNSTEADY and not (event.errno or "").startswith("ERESTART"):
            order[event.tid].append(_told(event))
    return list(order.values())


def _told(call: CallEvent) -> Told:
    verdict = call.verdict
    return (
        call.syscall, call.arch, call.errno, verdict.gate.word, verdict.outcome.word, verdict.rule, verdict.own_filter, verdict.capability, verdict.alternatives,
    )  # fmt: skip
