import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core.observer import wire
from core.observer.ebpf.engine import EbpfEngine
from core.observer.wire import CallFlag, FrameKind, LaunchSpec, ProcessKind
from tests.core.observer.ebpf.recorded import Recorded, parse
from tests.core.observer.ebpf.watching import SMALL, Watch, require_ebpf, under_filter, watch

OPENAT, WRITE, CLOSE, GETPPID, EXIT_GROUP, EXECVE, EXIT, PAUSE = 257, 1, 3, 110, 231, 59, 60, 34
SIGSYS_WITH_CORE = 0x9F
SIGSYS_ALONE = 0x1F

KILL_PROCESS, KILL_THREAD, TRAP, ERRNO, TRACE, LOG = 0x80000000, 0, 0x30000, 0x50000, 0x7FF00000, 0x7FFC0000

Target = Callable[[str], str]
RETURNED = CallFlag.PASSED | CallFlag.EXITED


def test_the_exact_sequence_of_a_program_with_no_libc(target: Target) -> None:
    recorded = watch([target("sequence")])
    calls = recorded.calls
    assert [call.nr for call in calls] == [EXECVE, OPENAT, WRITE, CLOSE, GETPPID, OPENAT, EXIT_GROUP]
    execve, openat, write, close, getppid, refused, exit_group = calls
    assert openat.ret > 2
    assert write.ret == write.args[2] == 3
    assert close.args[0] == write.args[0] == openat.ret
    assert getppid.args == (11, 22, 33, 44, 55, 66)
    assert getppid.ret == os.getpid()
    assert refused.ret == -2
    assert exit_group.args[0] == 7
    assert exit_group.flags == CallFlag.PASSED
    assert {call.flags for call in calls[:-1]} == {RETURNED}
    assert {(call.pid, call.tid, call.arch) for call in calls} == {(recorded.pid, recorded.pid, wire.AUDIT_ARCH_X86_64)}
    assert len({call.id for call in calls} - {0}) == len(calls)
    times = [time for call in calls for time in (call.entered_ns, call.exited_ns)]
    assert times == sorted(times)
    assert len({call.instruction_pointer for call in calls[1:-1]}) >= 1
    assert recorded.lost == {"calls": 0, "checks": 0, "processes": 0, "captures": 0}

    (exec_record,) = recorded.processes(ProcessKind.EXEC)
    assert exec_record["id"] == execve.id
    assert execve.entered_ns < exec_record["time_ns"] < execve.exited_ns
    (exit_record,) = recorded.processes(ProcessKind.EXIT)
    assert exit_record["status"] == recorded.status == 7 << 8
    assert exit_record["comm"].rstrip(b"\0") == b"sequence"
    assert not recorded.processes(ProcessKind.KILLED_BY_SECCOMP)


@pytest.mark.usefixtures("target")
def test_exec_tells_the_credentials() -> None:
    def drop() -> None:
        os.setgroups([])
        os.setresgid(101, 102, 103)
        os.setresuid(1001, 1002, 1003)

    recorded = watch(["/bin/true"], before_exec=drop)
    (record,) = recorded.processes(ProcessKind.EXEC)
    # The kernel sets the saved ids to the effective ones at exec.
    assert record["uids"] == (1001, 1002, 1002, 1002)
    assert record["gids"] == (101, 102, 102, 102)
    assert record["permitted"] == record["effective"] == record["ambient"] == 0
    assert record["bounding"] >> 13 & 1
    assert record["user_namespace"] == Path("/proc/self/ns/user").stat().st_ino
    assert (record["no_new_privs"], record["seccomp"]) == (0, 0)


@pytest.mark.parametrize(
    ("action", "ret", "status", "goes_on"),
    [
        (ERRNO | 1, -1, 7 << 8, True),
        (ERRNO, 0, 7 << 8, True),
        (TRACE, -38, 7 << 8, True),
        (TRAP | 5, GETPPID, SIGSYS_WITH_CORE, False),
        (KILL_THREAD, GETPPID, SIGSYS_WITH_CORE, False),
        (KILL_PROCESS, GETPPID, SIGSYS_WITH_CORE, False),
    ],
    ids=["errno", "errno-0", "trace", "trap", "kill-thread", "kill-process"],
)
def test_what_seccomp_stops_has_no_enter(target: Target, action: int, ret: int, status: int, goes_on: bool) -> None:
    recorded = watch([target("sequence")], before_exec=under_filter(GETPPID, action))
    (call,) = recorded.calls_of(GETPPID)
    assert call.flags == CallFlag.EXITED
    assert call.entered_ns == 0
    assert call.ret == ret
    assert call.args == (11, 22, 33, 44, 55, 66)
    assert recorded.status & ~0x80 == status & ~0x80
    assert (recorded.calls[-1].nr == EXIT_GROUP) == goes_on
    killed = recorded.processes(ProcessKind.KILLED_BY_SECCOMP)
    assert [(record["id"], record["other"], record["tid"]) for record in killed] == ([] if goes_on else [(call.id, GETPPID, call.tid)])


def test_what_seccomp_logs_passes(target: Target) -> None:
    (call,) = watch([target("sequence")], before_exec=under_filter(GETPPID, LOG)).calls_of(GETPPID)
    assert call.flags == RETURNED


def test_a_filter_may_refuse_the_launchers_execve(target: Target) -> None:
    recorded = watch([target("sequence")], before_exec=under_filter(EXECVE, ERRNO | 13))
    (call,) = recorded.calls
    assert (call.nr, call.flags, call.ret) == (EXECVE, CallFlag.EXITED, -13)
    killed = watch([target("sequence")], before_exec=under_filter(EXECVE, KILL_PROCESS))
    assert [(call.nr, call.flags) for call in killed.calls] == [(EXECVE, CallFlag.EXITED)]
    assert killed.processes(ProcessKind.KILLED_BY_SECCOMP)[0]["other"] == EXECVE


def test_a_thread_killed_alone_leaves_the_call_that_killed_it(target: Target) -> None:
    recorded = watch([target("thread_dies")], before_exec=under_filter(GETPPID, KILL_THREAD))
    (call,) = recorded.calls_of(GETPPID)
    assert call.flags == CallFlag.CUT_SHORT
    assert call.args[:2] == (41, 42)
    assert call.tid != call.pid == recorded.pid
    (killed,) = recorded.processes(ProcessKind.KILLED_BY_SECCOMP)
    assert (killed["tid"], killed["other"], killed["id"]) == (call.tid, GETPPID, call.id)
    exits = {record["tid"]: record["status"] for record in recorded.processes(ProcessKind.EXIT)}
    assert exits == {call.tid: SIGSYS_ALONE, recorded.pid: 9 << 8}


def test_killing_the_process_is_blamed_on_one_thread(target: Target) -> None:
    recorded = watch([target("thread_dies")], before_exec=under_filter(GETPPID, KILL_PROCESS))
    (call,) = recorded.calls_of(GETPPID)
    assert call.flags == CallFlag.EXITED
    assert [record["tid"] for record in recorded.processes(ProcessKind.KILLED_BY_SECCOMP)] == [call.tid]
    assert not any(call.flags & CallFlag.CUT_SHORT for call in recorded.calls)


def test_strict_mode_kills_without_a_word(target: Target) -> None:
    recorded = watch([target("strict")])
    *_, prctl, call = recorded.calls
    assert prctl.flags == RETURNED
    assert (call.nr, call.args[0], call.flags) == (GETPPID, 5, CallFlag.CUT_SHORT)
    assert recorded.processes(ProcessKind.KILLED_BY_SECCOMP)[0]["other"] == GETPPID
    assert recorded.status == 9


def test_a_trap_is_delivered_as_a_signal(target: Target) -> None:
    recorded = watch([target("sequence")], before_exec=under_filter(GETPPID, TRAP | 77))
    (signal,) = recorded.processes(ProcessKind.SIGNAL)
    assert (signal["status"], signal["other"], signal["pid_of_other"]) == (31, 1, 77)


def test_forks_threads_and_execs_are_followed(target: Target) -> None:
    recorded = watch([target("tree")])
    assert sorted(call.args[0] for call in recorded.calls_of(GETPPID)) == [1, 2, 3, 3]
    forks = recorded.processes(ProcessKind.FORK)
    threads = [fork for fork in forks if fork["pid_of_other"] == fork["pid"]]
    children = [fork for fork in forks if fork["pid_of_other"] == fork["other"]]
    assert (len(threads), len(children), len(forks)) == (2, 2, 4)
    assert {fork["id"] for fork in forks} <= {call.id for call in recorded.calls}
    exits = {record["tid"]: record["status"] for record in recorded.processes(ProcessKind.EXIT)}
    assert exits == {
        recorded.pid: 5 << 8,
        children[0]["other"]: 3 << 8,
        children[1]["other"]: 0,
        threads[0]["other"]: 0,
        threads[1]["other"]: 0,
    }
    assert [record["pid"] for record in recorded.processes(ProcessKind.EXEC)] == [recorded.pid, children[1]["other"]]
    # A child's first return is the other side of its parent's call, not a call that seccomp stopped.
    assert all(call.flags & CallFlag.PASSED for call in recorded.calls)


def test_exec_from_another_thread_than_the_leader(target: Target) -> None:
    recorded = watch([target("exec_from_thread")])
    (fork,) = recorded.processes(ProcessKind.FORK)
    first, second = recorded.processes(ProcessKind.EXEC)
    assert (first["other"], second["other"]) == (recorded.pid, fork["other"])
    (_, execve) = recorded.calls_of(EXECVE)
    # It returns in the leader's place, under its number.
    assert (execve.tid, execve.flags, execve.ret, execve.id) == (recorded.pid, RETURNED, 0, second["id"])
    (pause,) = recorded.calls_of(PAUSE)
    assert (pause.tid, pause.flags, pause.ret) == (recorded.pid, RETURNED, -514)  # ERESTARTNOHAND: woken to die
    # The process goes on under the same number: it ends once.
    assert [(record["tid"], record["status"]) for record in recorded.processes(ProcessKind.EXIT)] == [(recorded.pid, 0)]
    assert recorded.calls[-1].nr == EXIT_GROUP


def test_a_process_ends_with_its_last_thread(target: Target) -> None:
    recorded = watch([target("leader_goes_first")])
    (fork,) = recorded.processes(ProcessKind.FORK)
    exits = [(record["tid"], record["status"]) for record in recorded.processes(ProcessKind.EXIT)]
    assert exits == [(fork["other"], 4 << 8), (recorded.pid, 4 << 8)]
    assert [call.tid for call in recorded.calls if call.nr == EXIT] == [recorded.pid]


def test_int_0x80_is_an_i386_call(target: Target) -> None:
    calls = [call for call in watch([target("compat")]).calls if call.nr != EXECVE][:3]
    assert [(call.arch, call.nr) for call in calls] == [
        (wire.AUDIT_ARCH_X86_64, GETPPID),
        (wire.AUDIT_ARCH_I386, 20),
        (wire.AUDIT_ARCH_X86_64, GETPPID),
    ]
    assert calls[1].args[:3] == (0x1111, 0x2222, 0x3333)


def test_muted_calls_are_not_recorded(target: Target, tmp_path: Path) -> None:
    with (tmp_path / "word").open("w+b", buffering=0) as word:
        word.write(bytes(4096))
        with Watch([target("muted")], stdin=word.fileno()) as run:
            run.go()
            for turn in (1, 2, 3):
                assert os.read(run.output, 1) == b"."
                _wait_until_it_computes(run.pid)
                if turn == 2:
                    run.engine.mute(run.pid)
                if turn == 3:
                    run.engine.unmute(run.pid)
                os.pwrite(word.fileno(), bytes([turn]), 0)
            recorded = run.finish()
    assert [call.args[0] for call in recorded.calls_of(GETPPID)] == [1, 3]
    # The second word was said before, the third while muted.
    assert len(recorded.calls_of(WRITE)) == 2


def _wait_until_it_computes(pid: int) -> None:
    while not Path(f"/proc/{pid}/syscall").read_text().startswith("running"):
        pass


def test_every_drain_ends_with_a_watermark_that_holds(target: Target) -> None:
    recorded = watch([target("tree")])
    watermark = 0
    for kind, payload in recorded.frames:
        if kind == FrameKind.FLUSH:
            assert watermark < wire.FLUSH.unpack(payload)[0]
            (watermark,) = wire.FLUSH.unpack(payload)
        elif kind == FrameKind.CALLS:
            for start in range(0, len(payload), wire.CALL.size):
                assert wire.CALL.unpack_from(payload, start)[4] > watermark
    assert recorded.frames[-1][0] == FrameKind.FLUSH
    assert recorded.calls[-1].exited_ns < watermark


def test_functions_are_told_once_and_before_the_checks_that_name_them(target: Target) -> None:
    recorded = watch([target("raw_socket")], symbols=True)
    told: set[int] = set()
    for kind, payload in recorded.frames:
        if kind == FrameKind.SYMBOLS:
            addresses = {int(line.split()[0], 16) for line in payload.splitlines()}
            assert not addresses & told
            told |= addresses
        elif kind == FrameKind.CHECKS:
            assert all(set(record["stack"]) - {0} <= told for record in parse(wire.CHECK_FIELDS, payload))
    assert any("inet_create" in check.callers for check in recorded.checks)


@pytest.mark.parametrize(("text", "sentence"), [("0000000000000000 T _text\n", "needs CAP_SYSLOG"), (None, "No such file")])
def test_without_symbols_a_note_says_why(tmp_path: Path, text: str | None, sentence: str) -> None:
    require_ebpf()
    listing = tmp_path / "kallsyms"
    if text is not None:
        listing.write_text(text)
    engine = EbpfEngine(SMALL, listing)
    engine.start(LaunchSpec("/bin/true", ("true",), (), "/", "ebpf"))
    recorded = Recorded()
    engine.drain(recorded.emit)
    engine.close()
    assert sentence in recorded.joined(FrameKind.NOTE).decode()
    assert FrameKind.SYMBOLS not in [kind for kind, _ in recorded.frames]
