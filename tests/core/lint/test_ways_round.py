"""What leads around a whole filter, and the fix that closes it."""

from __future__ import annotations

import errno

import pytest

from core.bpf.stack import build_stack
from core.lint.ways_round import ways
from core.observer.wire import AUDIT_ARCH_I386
from core.policy.model import Policy
from tests.core.bpf.kernel import Observed, call_data, makes_32_bit_calls, observe
from tests.core.lint.kernel import outcome
from tests.core.lint.policies import arg, found, mended, policy, rule, stacked, the
from tests.support.privilege import require

CODES = ("io-uring-open", "ptrace-open", "process-vm-writev-open", "pidfd-getfd-open")
READING = rule("open openat openat2 creat")


@pytest.mark.parametrize("code", CODES)
def test_a_filter_that_refuses_what_it_leads_around_is_warned(code: str) -> None:
    finding = the(policy(READING), code)
    assert (finding.severity, finding.rule) == ("warning", None)
    assert "is left open" in finding.message
    mended(policy(READING), code)


@pytest.mark.parametrize("code", CODES)
def test_a_filter_that_refuses_nothing_is_not(code: str) -> None:
    assert found(policy(), code) == []
    assert found(policy(rule("open", "log"), default="log"), code) == []
    assert found(Policy(), code) == []


def test_io_uring_leads_only_around_what_it_can_do() -> None:
    assert found(policy(rule("setuid setreuid setresuid chroot")), "io-uring-open") == []
    message = the(policy(rule("socket connect kill")), "io-uring-open").message
    assert "What it refuses of socket and connect can be got around by it" in message


def test_the_kernel_takes_the_call_that_is_left_open_and_not_after_the_fix() -> None:
    calls: dict[str, tuple[str, tuple[int | bytes, ...]]] = {
        "io-uring-open": ("io_uring_setup", (1, bytes(120))),
        "ptrace-open": ("ptrace", (0,)),
        "process-vm-writev-open": ("process_vm_writev", (0, 0, 0, 0, 0, 0)),
    }
    for code, (call, args) in calls.items():
        asked = policy(READING)
        refused = outcome(Policy(), call, *args)  # what this machine makes of it anyhow, such as ESRCH or EPERM by a sysctl
        assert outcome(asked, call, *args) == refused
        expected = errno.ENOSYS if code == "io-uring-open" else errno.EPERM
        assert outcome(mended(asked, code), call, *args) == expected


def test_an_allow_list_closes_by_taking_the_call_out() -> None:
    asked = policy(rule("read write ptrace exit_group", "allow"), default="errno:ENOSYS")
    assert mended(asked, "ptrace-open").seccomp.rules == (rule("read write exit_group", "allow"),)


def test_a_way_that_only_some_arguments_leave_open_is_open() -> None:
    asked = policy(READING, rule("ptrace", "errno:EPERM", arg(0, "==", 16)))
    assert found(asked, "ptrace-open")
    mended(asked, "ptrace-open")


def test_another_filter_may_close_the_way() -> None:
    assert found(policy(READING, stacked=(stacked(rule("ptrace")),)), "ptrace-open") == []


def test_in_a_stack_an_allow_list_is_where_it_is_closed() -> None:
    allowing = stacked(rule("ptrace read", "allow"), default="errno:EPERM")
    fixed = mended(policy(READING, stacked=(allowing,)), "ptrace-open")
    assert fixed.seccomp.stacked[0].rules == (rule("read", "allow"),)
    assert fixed.seccomp.rules == (READING,)


def test_each_way_says_where_it_is_written_down() -> None:
    assert {way.code for way in ways()} == set(CODES)
    assert all(way.source and way.why.endswith(".") for way in ways())


# ── other call tables ─────────────────────────────────────────────────────────────────────────────────────────────

KILL_LESS = policy(rule("getpid"), bad_arch="allow")


def test_calls_of_tables_that_are_not_covered() -> None:
    finding = the(KILL_LESS, "architecture-open")
    assert finding.severity == "error"
    assert "The calls of 32-bit x86 (int 0x80) and x32 (numbers with bit 30) are not covered and get allow" in finding.message
    assert mended(KILL_LESS, "architecture-open").seccomp.bad_arch == "kill-process"
    assert found(policy(rule("getpid")), "architecture-open") == []
    assert found(policy(bad_arch="allow"), "architecture-open") == []
    covering = policy(rule("getpid"), bad_arch="allow", architectures=("native", "x86", "x32"))
    assert found(covering, "architecture-open") == []


def test_the_kernel_runs_the_32_bit_call_and_not_after_the_fix() -> None:
    require(makes_32_bit_calls(), "this kernel takes no 32-bit calls (int 0x80)")
    getpid = call_data(AUDIT_ARCH_I386, 20, [0] * 6)

    def made(asked: Policy) -> list[Observed]:
        return observe([built.program for built in build_stack(asked.seccomp)], [getpid])

    assert made(KILL_LESS) == [Observed("ran")]
    assert made(mended(KILL_LESS, "architecture-open")) == [Observed("process killed")]


def test_of_several_filters_the_one_that_leaves_a_table_open_is_named() -> None:
    asked = policy(rule("kill"), architectures=("native", "x86", "x32"), stacked=(stacked(rule("socket"), bad_arch="log"),))
    assert the(asked, "architecture-open").message.startswith("Filter 2: The calls of ")
    assert mended(asked, "architecture-open").seccomp.stacked[0].bad_arch == "kill-process"
