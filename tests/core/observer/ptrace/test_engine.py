"""The ptrace engine on real programs: each call, each process, each death."""

import errno
import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from core.observer import wire
from core.observer.wire import CallFlag, Frame, FrameKind, ProcessKind
from tests.core.observer.driver import Observer, errno_filter, exit_code, kill_filter, trap_filter

GETPPID, EXECVE, EXIT_GROUP = 110, 59, 231
RETURNED = CallFlag.ENTRY_STOP | CallFlag.EXITED
Observe = Callable[..., Observer]
Compiled = Callable[[str], str]


def test_counts_are_straces(anyone: Observer, tmp_path: Path) -> None:
    log = tmp_path / "strace"
    command = ("/bin/sh", "-c", "for i in 1 2 3; do cat /etc/passwd | wc -l; done; ls -l /usr/bin >/dev/null")
    anyone.launch(*command, environment=(("PATH", "/usr/bin:/bin"),))
    anyone.read_all()
    environment = {"PATH": "/usr/bin:/bin"}
    # As the launch has it: a shell asks more of a signal that was ignored when it began, and whoever runs the tests may ignore some.
    strace = ["env", "--default-signal", "strace", "-f", "-o", str(log), *command]
    subprocess.run(strace, check=True, stdout=subprocess.PIPE, cwd="/", env=environment, stdin=subprocess.PIPE)
    lines = log.read_text().splitlines()
    counted = Counter(line.split(maxsplit=1)[1].split("(")[0] for line in lines if "(" in line.split(maxsplit=1)[1][:30])
    # A child's death that comes while the shell makes the next one starts that call again: which run meets this is chance.
    counted -= Counter(found[1] for line in lines if (found := re.search(r"(\w+)(?:\(| resumed>).*= \? ERESTART", line)))
    names = _names()
    ours = Counter(names[call["nr"]] for call in anyone.calls if not _is_restarted(call))
    # Signals that interrupt a wait make strace and us see one call more or less of these.
    for varying in ("wait4", "rt_sigreturn", "<..."):
        counted.pop(varying, None)
        ours.pop(varying, None)
    assert ours == counted


def test_a_target_that_waits_leaves_nothing_untold(observe: Observe) -> None:
    """What may belong to its last calls is told some flushes after them, also where no other stop comes."""
    observer = observe()
    observer.launch("/bin/cat")
    while len(flushes := [frame for frame in _after_the_last_call(observer.frames) if frame.kind == FrameKind.FLUSH]) < 4:
        observer.read_until(FrameKind.FLUSH)
    assert all(wire.FLUSH.unpack(frame.payload)[0] > observer.calls[-1]["exited_ns"] for frame in flushes[1:])


def _after_the_last_call(frames: list[Frame]) -> list[Frame]:
    last = max((place for place, frame in enumerate(frames) if frame.kind == FrameKind.CALLS), default=len(frames))
    return frames[last:]


def _is_restarted(call: Mapping[str, Any]) -> bool:
    return bool(call["flags"] & CallFlag.EXITED) and -516 <= call["ret"] <= -512


def _names() -> dict[int, str]:
    from core.knowledge.syscalls import name

    return {nr: name(wire.AUDIT_ARCH_X86_64, nr) for nr in range(600)}


def test_records_hang_together(observe: Observe) -> None:
    observer = observe()
    observer.launch("/bin/cat", "/etc/hostname")
    observer.read_all()
    started = observer.json(FrameKind.STARTED)
    calls = observer.calls
    assert calls[0]["nr"] == EXECVE
    assert started["monotonic_ns"] <= calls[0]["entered_ns"]
    assert all(call["entered_ns"] < call["exited_ns"] for call in calls)
    assert [call["id"] for call in calls] == list(range(1, len(calls) + 1))
    assert {(call["pid"], call["tid"], call["arch"]) for call in calls} == {(started["pid"], started["pid"], wire.AUDIT_ARCH_X86_64)}
    assert [call["flags"] for call in calls] == [RETURNED] * (len(calls) - 1) + [CallFlag.ENTRY_STOP]
    assert calls[-1]["nr"] == EXIT_GROUP
    (exec_record,) = observer.process_records(ProcessKind.EXEC)
    assert exec_record["id"] == calls[0]["id"]
    (exit_record,) = observer.process_records(ProcessKind.EXIT)
    assert exit_record["status"] == observer.status == 0


def test_flushes_keep_their_promise(observe: Observe) -> None:
    observer = observe()
    observer.launch("/usr/bin/find", "/usr/share/doc")
    observer.read_all()
    flushed = 0
    count = 0
    for frame in observer.frames:
        if frame.kind == FrameKind.FLUSH:
            (flushed,) = wire.FLUSH.unpack(frame.payload)
            count += 1
        elif frame.kind == FrameKind.CALLS:
            assert len(frame.payload) <= 256 * 1024
            exited = [values[4] for values in wire.CALL.iter_unpack(frame.payload)]
            assert min(exited) > flushed
    assert count > 1


def test_threads_forks_and_vforks(observe: Observe, compiled: Compiled) -> None:
    observer = observe()
    observer.launch(compiled("threads"))
    observer.read_all()
    first = observer.json(FrameKind.STARTED)["pid"]
    by_thread = Counter((call["pid"] == first, call["tid"] == call["pid"], call["tid"]) for call in observer.calls if call["nr"] == GETPPID)
    counts = sorted((own, leader, count) for (own, leader, _), count in by_thread.items())
    assert counts == [(False, True, 10)] * 2 + [(True, False, 100)] * 4
    forks = observer.process_records(ProcessKind.FORK)
    assert sorted(fork["pid_of_other"] == first for fork in forks) == [False, False, True, True, True, True]
    made_by = {call["id"]: call for call in observer.calls}
    assert all(made_by[fork["id"]]["ret"] == fork["other"] for fork in forks)
    assert len(observer.process_records(ProcessKind.EXIT)) == 7


def test_exec_from_a_thread_that_is_not_the_leader(observe: Observe, compiled: Compiled) -> None:
    observer = observe()
    observer.launch(compiled("exec_from_thread"))
    observer.read_all()
    assert observer.output() == b"done\n"
    first = observer.json(FrameKind.STARTED)["pid"]
    _, second = observer.process_records(ProcessKind.EXEC)
    assert second["tid"] == first
    assert second["other"] != first
    execs = [call for call in observer.calls if call["nr"] == EXECVE]
    assert [call["ret"] for call in execs] == [0, 0]
    assert execs[1]["id"] == second["id"]
    # The leader's pause was cut off by the exec.
    (pause,) = [call for call in observer.calls if call["nr"] == 34]
    assert pause["flags"] == CallFlag.ENTRY_STOP


def test_killed_by_a_filter(anyone: Observer, compiled: Compiled) -> None:
    anyone.launch(compiled("main"), no_new_privs=True, filters=(kill_filter(GETPPID),), judge_from="main")
    anyone.read_all()
    assert exit_code(anyone.status) == -signal.SIGSYS
    last = anyone.calls[-1]
    assert (last["nr"], last["ret"], last["flags"]) == (GETPPID, GETPPID, RETURNED)
    (killed,) = anyone.process_records(ProcessKind.KILLED_BY_SECCOMP)
    assert killed["other"] == GETPPID


def test_one_thread_of_several_killed_by_a_filter(observe: Observe, compiled: Compiled) -> None:
    observer = observe()
    observer.launch(compiled("calls_one"), no_new_privs=True, filters=(kill_filter(GETPPID, thread=True),), judge_from="entry")
    observer.read_all()
    assert exit_code(observer.status) == 3
    (call,) = [call for call in observer.calls if call["nr"] == GETPPID]
    assert call["flags"] == CallFlag.ENTRY_STOP | CallFlag.CUT_SHORT
    (killed,) = observer.process_records(ProcessKind.KILLED_BY_SECCOMP)
    assert (killed["tid"], killed["other"]) == (call["tid"], GETPPID)


def test_threads_that_die_with_a_killed_one_are_not_accused(observe: Observe, compiled: Compiled) -> None:
    observer = observe()
    observer.launch(compiled("calls_one"), no_new_privs=True, filters=(kill_filter(GETPPID),), judge_from="entry")
    observer.read_all()
    assert exit_code(observer.status) == -signal.SIGSYS
    assert [killed["other"] for killed in observer.process_records(ProcessKind.KILLED_BY_SECCOMP)] == [GETPPID]
    assert not [call for call in observer.calls if call["flags"] & CallFlag.CUT_SHORT]


def test_trapped_by_a_filter(observe: Observe, compiled: Compiled) -> None:
    observer = observe()
    observer.launch(compiled("main"), no_new_privs=True, filters=(trap_filter(GETPPID, 77),), judge_from="main")
    observer.read_all()
    assert exit_code(observer.status) == -signal.SIGSYS
    (sigsys,) = [record for record in observer.process_records(ProcessKind.SIGNAL) if record["status"] == signal.SIGSYS]
    assert (sigsys["other"], sigsys["pid_of_other"]) == (1, 77)
    assert not observer.process_records(ProcessKind.KILLED_BY_SECCOMP)


def test_calls_of_the_32_bit_table(observe: Observe, compiled: Compiled) -> None:
    observer = observe()
    observer.launch(compiled("old_call"))
    observer.read_all()
    (call,) = [call for call in observer.calls if call["arch"] == wire.AUDIT_ARCH_I386]
    assert (call["nr"], call["ret"]) == (20, call["pid"])


def test_a_signal_handler_and_restarted_calls(observe: Observe) -> None:
    observer = observe()
    observer.launch("/bin/sh", "-c", "trap 'echo usr1' USR1; kill -USR1 $$; kill -STOP $$; echo on")
    observer.read_signal_until(signal.SIGSTOP)
    observer.send(wire.Signal(signal.SIGCONT))
    observer.read_all()
    assert observer.output() == b"usr1\non\n"
    signals = [record["status"] for record in observer.process_records(ProcessKind.SIGNAL)]
    assert signals == [signal.SIGUSR1, signal.SIGSTOP, signal.SIGCONT]


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one processor only, so none to give back")
@pytest.mark.parametrize("same_cpu", [True, False])
def test_two_busy_threads_get_their_processors_back(observe: Observe, compiled: Compiled, same_cpu: bool) -> None:
    observer = observe()
    observer.launch(compiled("busy"), same_cpu=same_cpu)
    observer.read_all()
    assert observer.json(FrameKind.STARTED)["pinned"] is same_cpu
    assert ("busy at once" in observer.notes) is same_cpu


def test_a_refused_call_shows_its_errno(observe: Observe, compiled: Compiled) -> None:
    observer = observe()
    observer.launch(compiled("main"), no_new_privs=True, filters=(errno_filter(GETPPID, errno.EXDEV),))
    observer.read_all()
    assert {call["ret"] for call in observer.calls if call["nr"] == GETPPID} == {-errno.EXDEV}
