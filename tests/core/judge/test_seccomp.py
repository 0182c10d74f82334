"""Every seccomp action, as each engine sees it."""

from typing import Any

import pytest

from core.judge.judge import Judge
from core.judge.records import Records
from core.judge.verdict import Evidence, Gate, Outcome
from core.observer.wire import AUDIT_ARCH_I386, CallFlag, Engine, ProcessKind
from core.policy.model import ArgumentTest, Filter
from tests.core.judge.transcript import (
    STOPPED,
    STOPPED_ENTRY,
    batch,
    call,
    context,
    judge,
    judging,
    policy,
    process,
    rule,
    symbols,
    verdict,
)

GETPPID = 110

REFUSED = policy(rule("socket", "errno:EPERM"))

ACTIONS = [
    ("errno:EPERM", "EPERM", Outcome.DENIED, "seccomp rule 2 refused getppid with EPERM before it ran"),
    ("errno:0", 0, Outcome.DENIED, "seccomp rule 2 kept getppid from running and answered 0, as if it had succeeded"),
    ("trap", GETPPID, Outcome.TRAPPED, "seccomp rule 2 trapped getppid with SIGSYS before it ran"),
    ("kill-thread", GETPPID, Outcome.KILLED, "seccomp rule 2 killed the thread at getppid"),
    ("kill-process", GETPPID, Outcome.KILLED, "seccomp rule 2 killed the process at getppid"),
    (
        "trace:7",
        "ENOSYS",
        Outcome.DENIED,
        "seccomp rule 2 left getppid to a tracer; none had asked for it, so it failed with ENOSYS before it ran",
    ),
]


@pytest.mark.parametrize(("action", "ret", "outcome", "reason"), ACTIONS, ids=[row[0] for row in ACTIONS])
@pytest.mark.parametrize(
    ("engine", "flags", "evidence"), [("ebpf", STOPPED, Evidence.OBSERVED), ("ptrace", STOPPED_ENTRY, Evidence.COMPUTED)]
)
def test_action(action: str, ret: int | str, outcome: Outcome, reason: str, engine: Engine, flags: int, evidence: Evidence) -> None:
    circumstances = context(policy(rule("socket", "errno:EPERM"), rule("getppid", action)), engine)
    found = verdict(circumstances, judging(), call("getppid", ret, flags))
    assert (found.gate, found.outcome, found.evidence, found.rule) == (Gate.SECCOMP, outcome, evidence, 2)
    assert found.reason == reason
    assert not found.conflict


TRAPPED = policy(rule("getppid", "trap"))
SIGNAL = process(ProcessKind.SIGNAL, at=1015, status=31, other=1)


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ((call("rt_sigreturn", 110, at=1500),), "trapped getppid with SIGSYS before it ran; a handler of the target's own took the signal"),
        ((process(ProcessKind.EXIT, at=1500, status=31 | 0x80),), "before it ran; it has no handler for the signal, and died of it"),
        (
            (process(ProcessKind.KILLED_BY_SECCOMP, at=1500, other=GETPPID),),
            "before it ran; it has no handler for the signal, and died of it",
        ),
        ((call("read", at=1500, tid=101),), "trapped getppid with SIGSYS before it ran"),
    ],
    ids=["handled", "died", "died under ebpf", "not known"],
)
@pytest.mark.parametrize(("engine", "flags"), [("ebpf", STOPPED), ("ptrace", STOPPED_ENTRY)])
def test_what_becomes_of_a_trapped_thread(after: tuple[Records, ...], words: str, engine: Engine, flags: int) -> None:
    found = judge(context(TRAPPED, engine), judging(), call("getppid", GETPPID, flags), SIGNAL, *after).verdict(0)
    assert (found.outcome, found.evidence, found.rule) == (Outcome.TRAPPED, Evidence.OBSERVED, 1)
    assert found.reason.endswith(words)


@pytest.mark.parametrize(("engine", "flags"), [("ebpf", CallFlag.CUT_SHORT), ("ptrace", CallFlag.ENTRY_STOP)])
def test_killed_without_a_return(engine: Engine, flags: int) -> None:
    """KILL_THREAD of one of several threads: no exit, and under eBPF no enter either."""
    found = verdict(context(policy(default="kill-thread"), engine), judging(), call("brk", 0, flags))
    assert (found.gate, found.outcome, found.rule) == (Gate.SECCOMP, Outcome.KILLED, None)
    assert found.reason == "seccomp's default action killed the thread at brk"


def test_kill_by_default_names_the_call() -> None:
    found = verdict(context(policy(default="kill-process")), judging(), call("brk", 12, STOPPED))
    assert found.reason == "seccomp's default action killed the process at brk"
    assert found.outcome is Outcome.KILLED


@pytest.mark.parametrize(("engine", "flags"), [("ebpf", CallFlag.PASSED | CallFlag.EXITED), ("ptrace", STOPPED_ENTRY)])
def test_log_passes(engine: Engine, flags: int) -> None:
    found = verdict(context(policy(rule("getppid", "log")), engine), judging(), call("getppid", 1, flags))
    assert (found.gate, found.outcome, found.rule) == (Gate.NONE, Outcome.OK, 1)
    assert found.reason == "seccomp rule 1 logged getppid and let it pass"


@pytest.mark.parametrize(("engine", "flags"), [("ebpf", CallFlag.PASSED | CallFlag.EXITED), ("ptrace", STOPPED_ENTRY)])
def test_an_allowing_rule_is_named_without_a_word(engine: Engine, flags: int) -> None:
    found = verdict(
        context(policy(rule("read", "allow"), rule("getppid", "allow"), default="errno:EPERM"), engine),
        judging(),
        call("getppid", 1, flags),
    )
    assert (found.gate, found.outcome, found.rule, found.reason) == (Gate.NONE, Outcome.OK, 2, "")


def test_the_rule_whose_tests_hold_is_named() -> None:
    raw = ArgumentTest(index=1, op="&==", mask=0xF, value=3)
    inet = ArgumentTest(index=0, op="==", value=2)
    circumstances = context(policy(rule("socket", "errno:EACCES", inet), rule("socket", "errno:EPERM", raw)))
    sockets = [
        call("socket", "EACCES", STOPPED, args=(2, 1)),
        call("socket", "EPERM", STOPPED, args=(10, 0x80003)),
        call("socket", 3, args=(1, 1)),
    ]
    assert judge(circumstances, judging(), *sockets).rule.tolist() == [1, 2, 0]


class TestStrict:
    """Mode 1."""

    @pytest.mark.parametrize(("engine", "flags"), [("ebpf", CallFlag.CUT_SHORT), ("ptrace", CallFlag.ENTRY_STOP)])
    def test_kills(self, engine: Engine, flags: int) -> None:
        found = verdict(context(engine=engine, strict=True), judging(), call("openat", 0, flags))
        assert (found.gate, found.outcome, found.rule, found.conflict) == (Gate.SECCOMP, Outcome.KILLED, None, False)
        assert found.reason == "seccomp's strict mode killed the thread at openat: it allows only read, write, exit and sigreturn"

    @pytest.mark.parametrize("name", ["read", "write", "rt_sigreturn"])
    def test_lets_pass(self, name: str) -> None:
        assert verdict(context(engine="ptrace", strict=True), judging(), call(name, 5, STOPPED_ENTRY)).outcome is Outcome.OK

    def test_knows_the_other_table(self) -> None:
        """5 is open in 32-bit code, and fstat in 64-bit code; 3 is read, and close."""
        circumstances = context(engine="ptrace", strict=True)
        assert verdict(circumstances, judging(), call(3, 1, STOPPED_ENTRY, arch=AUDIT_ARCH_I386)).outcome is Outcome.OK
        assert verdict(circumstances, judging(), call(3, 3, CallFlag.ENTRY_STOP)).outcome is Outcome.KILLED


class TestContradiction:
    """What was observed and what was computed disagree: said, not hidden."""

    def test_stopped_though_the_filter_allows(self) -> None:
        found = verdict(context(REFUSED), judging(), call("getppid", "EPERM", STOPPED))
        assert (found.gate, found.outcome, found.evidence, found.conflict) == (Gate.SECCOMP, Outcome.DENIED, Evidence.OBSERVED, True)
        assert "refused getppid with EPERM before it ran, yet the recorded filter, computed, answers allow" in found.reason

    def test_stopped_with_another_errno(self) -> None:
        found = verdict(context(REFUSED), judging(), call("socket", "EACCES", STOPPED))
        assert found.conflict
        assert found.rule is None

    def test_ran_though_the_filter_refuses(self) -> None:
        found = verdict(context(REFUSED), judging(), call("socket", 3))
        assert (found.gate, found.outcome, found.conflict) == (Gate.NONE, Outcome.OK, True)
        assert "seccomp rule 1 answers errno:EPERM to socket, computed, yet the kernel let it run" in found.reason

    def test_returned_otherwise_than_computed(self) -> None:
        found = verdict(context(REFUSED, "ptrace"), judging(), call("socket", 3, STOPPED_ENTRY))
        assert (found.conflict, found.evidence) == (True, Evidence.UNKNOWN)

    def test_stopped_before_the_filter_judged(self) -> None:
        found = verdict(context(REFUSED), judging(at=5000), call("socket", "EPERM", STOPPED, at=1000))
        assert found.conflict
        assert "did not judge this thread" in found.reason

    @pytest.mark.parametrize("kind", ["calls", "processes"])
    def test_none_is_claimed_where_records_were_lost(self, kind: str) -> None:
        """The call that installed a filter, or the fork of a judged thread, may be among them."""
        found = verdict(context(REFUSED), judging(), call("getppid", "EPERM", STOPPED), lost={kind: 7})
        assert (found.gate, found.outcome, found.evidence, found.conflict) == (Gate.SECCOMP, Outcome.DENIED, Evidence.UNKNOWN, False)
        assert found.reason == (
            "unknown: 7 records lost; seccomp refused getppid with EPERM before it ran, and which filter did cannot be told"
        )
        known = verdict(context(REFUSED), judging(), call("socket", "EPERM", STOPPED), lost={kind: 7})
        assert (known.evidence, known.rule) == (Evidence.OBSERVED, 1)

    def test_a_thread_that_ended_at_the_entry_is_none(self) -> None:
        found = verdict(context(REFUSED, "ptrace"), judging(), call("socket", 0, CallFlag.ENTRY_STOP))
        assert (found.outcome, found.conflict, found.rule) == (Outcome.UNFINISHED, False, None)


class TestOwnFilters:
    """Filters that the target installed itself."""

    INSTALLERS = (call("seccomp", 0, args=(1, 0, 0x1000), at=100), call("prctl", 0, args=(22, 2, 0x1000), at=100))

    @pytest.mark.parametrize("installer", INSTALLERS, ids=["seccomp", "prctl"])
    def test_explains_a_stop(self, installer: Records) -> None:
        found = verdict(context(REFUSED), judging(), installer, call("getppid", "EACCES", STOPPED))
        assert (found.gate, found.outcome, found.conflict, found.rule) == (Gate.SECCOMP, Outcome.DENIED, False, None)
        assert found.reason == "the target's own seccomp filter refused getppid with EACCES before it ran"

    def test_explains_it_in_a_child(self) -> None:
        fork = process(ProcessKind.FORK, at=500, other=200, pid_of_other=200)
        found = verdict(context(), self.INSTALLERS[0], fork, call("getppid", 0, STOPPED, pid=200, tid=200))
        assert found.reason == "the target's own seccomp filter answered 0 to getppid before it ran"

    def test_not_before_it_was_installed(self) -> None:
        assert verdict(context(), call("seccomp", 0, args=(1,), at=5000), call("getppid", "EACCES", STOPPED, at=100)).conflict

    def test_not_when_it_was_refused(self) -> None:
        assert verdict(context(), call("seccomp", "EACCES", args=(1,), at=100), call("getppid", "EACCES", STOPPED)).conflict

    @pytest.mark.parametrize(
        ("kind", "fields", "outcome"),
        [
            (ProcessKind.SIGNAL, {"status": 31, "other": 1}, Outcome.TRAPPED),
            (ProcessKind.KILLED_BY_SECCOMP, {"other": GETPPID}, Outcome.KILLED),
        ],
    )
    @pytest.mark.parametrize(("engine", "flags", "named"), [("ebpf", STOPPED, True), ("ptrace", STOPPED_ENTRY, False)])
    def test_a_signal_tells_trap_from_kill(
        self, kind: ProcessKind, fields: dict[str, int], outcome: Outcome, engine: Engine, flags: int, named: bool
    ) -> None:
        stopped = call("getppid", GETPPID, flags)
        signal = process(kind, at=1020, id=stopped["id"][0] if named else 0, **fields)
        found = verdict(context(engine=engine), self.INSTALLERS[0], stopped, signal)
        assert (found.gate, found.outcome, found.evidence) == (Gate.SECCOMP, outcome, Evidence.OBSERVED)

    def test_makes_a_refusal_doubtful_where_entries_only_are_seen(self) -> None:
        installer = call("seccomp", 0, STOPPED_ENTRY, args=(1,), at=100)
        found = verdict(context(engine="ptrace"), installer, call("getppid", "EPERM", STOPPED_ENTRY))
        assert (found.gate, found.evidence) == (Gate.OTHER, Evidence.UNKNOWN)
        assert "filter of its own" in found.reason


class TestWhoIsJudged:
    """The filter judges from a moment on, and what is created after it."""

    def judged(self, *records: Records, **fields: Any) -> bool:
        """Whether the last call's refusal is the policy's."""
        return verdict(context(REFUSED, **fields), *records).rule == 1

    def test_from_the_record_on(self) -> None:
        refused = call("socket", "EPERM", STOPPED, at=1000)
        assert self.judged(judging(at=999), refused)
        assert not self.judged(judging(at=1001), refused)

    def test_from_the_start(self) -> None:
        assert self.judged(call("socket", "EPERM", STOPPED), judge_from="execve")

    def test_threads_and_children_inherit(self) -> None:
        thread = process(ProcessKind.FORK, at=10, other=101, pid_of_other=100)
        child = process(ProcessKind.FORK, at=20, tid=101, other=200, pid_of_other=200)
        assert self.judged(judging(), thread, child, call("socket", "EPERM", STOPPED, pid=200, tid=200))

    def test_older_children_do_not(self) -> None:
        child = process(ProcessKind.FORK, at=10, other=200, pid_of_other=200)
        assert not self.judged(judging(at=20), child, call("socket", "EPERM", STOPPED, pid=200, tid=200))

    def test_exec_of_another_thread_takes_the_leader_s_number(self) -> None:
        thread = process(ProcessKind.FORK, at=10, other=101, pid_of_other=100)
        exec_ = process(ProcessKind.EXEC, at=30, other=101)
        assert self.judged(thread, judging(at=20, tid=101), exec_, call("socket", "EPERM", STOPPED))

    def test_tsync_means_all_threads(self) -> None:
        thread = process(ProcessKind.FORK, at=10, other=101, pid_of_other=100)
        refused = call("socket", "EPERM", STOPPED, tid=101)
        assert self.judged(thread, judging(at=20), refused, flags=1)
        assert not self.judged(thread, judging(at=20), refused)

    def test_across_batches(self) -> None:
        one = Judge(context(REFUSED))
        one.judge(batch(judging()), symbols())
        judged = one.judge(batch(call("socket", "EPERM", STOPPED)), symbols())
        assert judged.rule.tolist() == [1]


def test_calls_of_an_architecture_that_the_filter_does_not_cover() -> None:
    found = verdict(context(policy(rule("socket", "errno:EPERM"))), judging(), call(5, 5, STOPPED, arch=AUDIT_ARCH_I386))
    assert found.reason == "seccomp's action for other architectures killed the process at open"


def test_a_notifier_of_the_target_s_own() -> None:
    judged = judge(context(), call("seccomp", 3, args=(1, 8), at=100), call("getuid", 7, STOPPED))
    assert judged.verdict(1).outcome is Outcome.ANSWERED


def test_exit_is_no_unfinished_call() -> None:
    judged = judge(context(), call("exit_group", 0, CallFlag.PASSED), call("read", 0, CallFlag.PASSED))
    assert [judged.verdict(index).outcome for index in range(2)] == [Outcome.OK, Outcome.UNFINISHED]


# ── several filters ───────────────────────────────────────────────────────────────────────────────────────────────

STACK = policy(
    rule("socket", "errno:EPERM"),
    rule("getppid", "errno:EPERM"),
    stacked=(
        Filter(rules=(rule("getppid", "errno:EACCES"), rule("chdir", "log"))),
        Filter(rules=(rule("socket getppid chdir seccomp", "allow"),), default="errno:ENOSYS"),
    ),
)


@pytest.mark.parametrize(
    ("name", "ret", "number", "reason"),
    [
        ("socket", "EPERM", 1, "seccomp rule 1 (filter 1) refused socket with EPERM before it ran"),
        ("getppid", "EACCES", 3, "seccomp rule 3 (filter 2) refused getppid with EACCES before it ran"),
        ("kill", "ENOSYS", None, "seccomp filter 3's default action refused kill with ENOSYS before it ran"),
    ],
)
def test_of_several_filters_the_one_that_decides_is_named(name: str, ret: str, number: int | None, reason: str) -> None:
    found = verdict(context(STACK), judging(), call(name, ret, STOPPED))
    assert (found.gate, found.rule, found.reason, found.conflict) == (Gate.SECCOMP, number, reason, False)


def test_of_several_filters_the_one_that_logs_is_named() -> None:
    found = verdict(context(STACK), judging(), call("chdir"))
    assert (found.rule, found.reason) == (4, "seccomp rule 4 (filter 2) logged chdir and let it pass")


def test_of_several_filters_one_that_does_not_cover_the_architecture_is_named() -> None:
    covering = policy(architectures=("native", "x86"), stacked=(Filter(bad_arch="errno:ENOSYS"),))
    found = verdict(context(covering), judging(), call(20, "ENOSYS", STOPPED, arch=AUDIT_ARCH_I386))
    assert found.reason == "seccomp filter 2's action for other architectures refused getpid with ENOSYS before it ran"
