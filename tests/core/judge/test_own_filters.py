"""Filters that the target installs itself, as part of the computation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.bpf import program as bpf
from core.bpf.program import encode_program, instruction
from core.judge.judge import Judge
from core.judge.own_filters import Installed, installed
from core.judge.records import Capture, Records
from core.judge.verdict import Evidence, Gate, Outcome, Verdict
from core.observer.wire import CallFlag, CaptureKind, Engine, ProcessKind
from tests.core.judge.transcript import (
    PASSED,
    STOPPED,
    STOPPED_ENTRY,
    batch,
    call,
    context,
    filter_of,
    install,
    judge,
    judging,
    policy,
    process,
    rule,
    symbols,
    verdict,
)  # fmt: skip

GETPPID = filter_of("getppid", "errno:EACCES")
REFUSED = policy(rule("socket", "errno:EPERM"), rule("getppid", "errno:EPERM"))
BOTH_ENGINES = pytest.mark.parametrize(
    ("engine", "stopped", "evidence"), [("ebpf", STOPPED, Evidence.OBSERVED), ("ptrace", STOPPED_ENTRY, Evidence.COMPUTED)]
)


def told(found: Verdict) -> tuple[Gate, Outcome, Evidence, int | None, int | None]:
    return found.gate, found.outcome, found.evidence, found.rule, found.own_filter


def own(engine: Engine, program: bytes = GETPPID, **fields: Any) -> tuple[Records | Capture, ...]:
    return install(program, PASSED if engine == "ebpf" else STOPPED_ENTRY, **fields)


@BOTH_ENGINES
@pytest.mark.parametrize("by", ["seccomp", "prctl"])
def test_it_decides(engine: Engine, stopped: int, evidence: Evidence, by: str) -> None:
    found = verdict(context(engine=engine), *own(engine, by=by), call("getppid", "EACCES", stopped))
    assert told(found) == (Gate.SECCOMP, Outcome.DENIED, evidence, None, 1)
    assert found.reason == "the target's own seccomp filter 1 refused getppid with EACCES before it ran"


@BOTH_ENGINES
def test_the_stricter_of_it_and_the_policy_s_decides(engine: Engine, stopped: int, evidence: Evidence) -> None:
    killing = filter_of("getppid", "kill-process")
    found = verdict(context(REFUSED, engine), judging(), *own(engine, killing), call("getppid", 110, stopped))
    assert told(found) == (Gate.SECCOMP, Outcome.KILLED, evidence, None, 1)
    found = verdict(context(REFUSED, engine), judging(), *own(engine, filter_of("socket", "log")), call("socket", "EPERM", stopped))
    assert told(found) == (Gate.SECCOMP, Outcome.DENIED, evidence, 1, None)


@BOTH_ENGINES
def test_of_equal_actions_the_newer_filter_s_data_wins(engine: Engine, stopped: int, evidence: Evidence) -> None:
    newer = verdict(context(REFUSED, engine), judging(), *own(engine), call("getppid", "EACCES", stopped))
    assert told(newer) == (Gate.SECCOMP, Outcome.DENIED, evidence, None, 1)
    older = verdict(context(REFUSED, engine), *own(engine), judging(at=500), call("getppid", "EPERM", stopped))
    assert told(older) == (Gate.SECCOMP, Outcome.DENIED, evidence, 2, None)
    second = own(engine, filter_of("getppid", "errno:EPERM"), at=200)
    assert verdict(context(engine=engine), *own(engine), *second, call("getppid", "EPERM", stopped)).own_filter == 2


def test_calls_that_ran_against_it_are_contradictions() -> None:
    found = verdict(context(), *install(GETPPID), call("getppid", 1))
    assert found.conflict
    assert found.reason.startswith("the target's own seccomp filter 1 answers errno:EACCES to getppid, computed, yet the kernel let it run")
    assert verdict(context(), *install(GETPPID), call("getppid", "EPERM", STOPPED)).conflict


@pytest.mark.parametrize("engine", ["ebpf", "ptrace"])
def test_log(engine: Engine) -> None:
    seen = PASSED if engine == "ebpf" else STOPPED_ENTRY
    found = verdict(context(engine=engine), *own(engine, filter_of("getppid", "log")), call("getppid", 1, seen))
    assert told(found)[:2] == (Gate.NONE, Outcome.OK)
    assert (found.reason, found.own_filter) == ("the target's own seccomp filter 1 logged getppid and let it pass", 1)


class TestWhoHasIt:
    """The thread that installed it and what that makes; with TSYNC all threads."""

    def has(self, *records: Records | Capture, **fields: Any) -> bool:
        return verdict(context(), *records, call("getppid", "EACCES", STOPPED, **fields)).own_filter == 1

    THREAD = process(ProcessKind.FORK, at=10, other=101, pid_of_other=100)
    LATER_THREAD = process(ProcessKind.FORK, at=500, other=101, pid_of_other=100)
    CHILD = process(ProcessKind.FORK, at=500, other=200, pid_of_other=200)

    def test_the_thread_alone(self) -> None:
        assert self.has(*install(GETPPID))
        assert not self.has(self.THREAD, *install(GETPPID), tid=101)
        assert not self.has(*install(GETPPID, at=5000))

    def test_tsync_means_the_whole_process(self) -> None:
        assert self.has(self.THREAD, *install(GETPPID, flags=1), tid=101)
        assert self.has(self.THREAD, *install(GETPPID, flags=1, tid=101))
        refused = install(GETPPID, flags=1, ret=101)
        assert not self.has(self.THREAD, *refused)  # 101 has filters of its own, so nobody got this one
        assert self.has(self.THREAD, *install(GETPPID, flags=1 | 8 | 16, ret=3))

    def test_threads_children_and_new_programs(self) -> None:
        assert self.has(*install(GETPPID), self.LATER_THREAD, tid=101)
        assert self.has(*install(GETPPID), self.CHILD, pid=200, tid=200)
        assert self.has(self.THREAD, *install(GETPPID, tid=101), process(ProcessKind.EXEC, at=600, other=101))

    def test_a_child_of_before_does_not(self) -> None:
        child = process(ProcessKind.FORK, at=10, other=200, pid_of_other=200)
        assert not self.has(child, *install(GETPPID), pid=200, tid=200)

    def test_across_batches(self) -> None:
        one = Judge(context())
        one.judge(batch(*install(GETPPID)), symbols())
        one.judge(batch(self.CHILD, process(ProcessKind.EXIT, at=600)), symbols())
        assert one.judge(batch(call("getppid", "EACCES", STOPPED, pid=200, tid=200)), symbols()).verdict(0).own_filter == 1


class TestStrict:
    """The target enters mode 1 itself."""

    @pytest.mark.parametrize("entering", [("seccomp", (0, 0, 0)), ("prctl", (22, 1, 0))])
    @pytest.mark.parametrize(("engine", "killed"), [("ebpf", CallFlag.CUT_SHORT), ("ptrace", CallFlag.ENTRY_STOP)])
    def test_kills(self, entering: tuple[str, tuple[int, ...]], engine: Engine, killed: int) -> None:
        name, args = entering
        entered = call(name, 0, PASSED if engine == "ebpf" else STOPPED_ENTRY, args=args, at=100)
        found = verdict(context(engine=engine), entered, call("openat", 0, killed))
        assert told(found)[:2] == (Gate.SECCOMP, Outcome.KILLED)
        sentence = (
            "the strict mode that the target entered itself killed the thread at openat: it allows only read, write, exit and sigreturn"
        )
        assert found.reason == sentence


class TestUnread:
    """A filter whose program could not be read explains what is seen, and is not computed with."""

    @pytest.mark.parametrize(
        "spoil",
        [lambda pieces: pieces[:-1], lambda pieces: [*pieces[:-1], pieces[-1]._replace(failed=True, data=b"")]],
        ids=["lost", "failed"],
    )
    def test_a_piece_is_missing(self, spoil: Callable[[list[Capture]], list[Capture]]) -> None:
        installer, *pieces = install(GETPPID * 600)
        found = verdict(
            context(), installer, *spoil([piece for piece in pieces if isinstance(piece, Capture)]), call("getppid", "EACCES", STOPPED)
        )
        assert told(found) == (Gate.SECCOMP, Outcome.DENIED, Evidence.OBSERVED, None, None)
        assert found.reason == "the target's own seccomp filter refused getppid with EACCES before it ran"

    def test_something_else_was_read(self) -> None:
        found = verdict(context(), *install(bytes(16)), call("getppid", "EACCES", STOPPED))
        assert not found.conflict


@BOTH_ENGINES
def test_a_call_that_a_filter_answered_installs_nothing(engine: Engine, stopped: int, evidence: Evidence) -> None:
    """errno:0 looks like success."""
    first, second = own(engine, filter_of("seccomp", "errno:0"), by="prctl"), install(GETPPID, stopped, at=200)
    judged = judge(context(engine=engine), *first, *second, call("getppid", 1, PASSED if engine == "ebpf" else STOPPED_ENTRY))
    assert told(judged.verdict(1)) == (Gate.SECCOMP, Outcome.DENIED, evidence, None, 1)
    assert told(judged.verdict(2)) == (Gate.NONE, Outcome.OK, Evidence.OBSERVED, None, None)


def test_a_program_of_any_length_is_put_together() -> None:
    longest = encode_program((*[instruction(bpf.LOAD, bpf.NR_OFFSET)] * 4095, instruction(bpf.RET | bpf.K, 0x7FFF0000)))
    _, *pieces = install(longest)
    assert len(pieces) == 8
    captures = [piece for piece in pieces if isinstance(piece, Capture)]
    assert installed("seccomp", (1, 4, 0, 0, 0, 0), 0, reversed(captures)) == Installed(longest, flags=4)


@pytest.mark.parametrize(("name", "args"), [("prctl", (1, 2)), ("prctl", (21, 0)), ("seccomp", (2, 0)), ("prctl", (22, 7))])
def test_other_uses_of_these_calls(name: str, args: tuple[int, int]) -> None:
    junk = Capture(1, 0, int(CaptureKind.PROGRAM), False, False, GETPPID)
    assert installed(name, (*args, 0, 0, 0, 0), 0, [junk]) is None


@pytest.mark.parametrize(
    ("engine", "seen", "reason"),
    [
        ("ebpf", STOPPED, "the target's own seccomp filter 1 asked about getppid; the answer was 77"),
        (
            "ptrace",
            STOPPED_ENTRY,
            "the target's own seccomp filter 1 asked about getppid; the answer was 77, or it let the call run, which came to this by itself",
        ),
        ("ebpf", PASSED, ""),
    ],
    ids=["answered", "answered or continued", "continued"],
)
def test_an_answer_is_not_claimed_where_the_call_may_have_run(engine: Engine, seen: CallFlag, reason: str) -> None:
    asking = install(filter_of("getppid", "ask"), seen if engine == "ptrace" else PASSED, flags=8, ret=3)
    assert verdict(context(engine=engine), *asking, call("getppid", 77, seen)).reason == reason
