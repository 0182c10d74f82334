"""What every program needs at its start and end, from each moment on; the kernel says whether one really gets there."""

from __future__ import annotations

import os
import signal
import typing

import pytest

from core.lint.startup import needs
from core.policy.model import JudgeFrom, Policy
from tests.core.lint.kernel import under
from tests.core.lint.policies import found, mended, policy, rule, stacked, the

MOMENTS: tuple[JudgeFrom, ...] = typing.get_args(JudgeFrom)
START = " ".join(need.call for need in needs())
END = "exit rt_sigreturn"
# Python's own between the filter and execve, in the child of the test.
OWN = "rt_sigaction rt_sigprocmask futex gettid getpid sigaltstack madvise mremap fcntl"


def _run(asked: Policy) -> int:
    """How /bin/true ends that is executed under the policy."""

    def execute() -> int:
        os.execve("/bin/true", ["true"], {})  # noqa: S606  # the filter is on this process

    return under(asked, execute)


def allowing(calls: str, judge_from: JudgeFrom = "execve", default: str = "kill-process") -> Policy:
    return policy(rule(f"{calls} {END} {OWN}", "allow"), default=default, judge_from=judge_from)


def _without(call: str) -> str:
    return " ".join(one for one in START.split() if one != call)


def test_an_allow_list_with_all_that_is_needed_starts_a_program() -> None:
    asked = allowing(START)
    assert found(asked, "startup-missing") == found(asked, "exit-missing") == found(asked, "runtime-missing") == []
    assert _run(asked) == 0


@pytest.mark.parametrize("call", [need.call for need in needs() if need.vital])
def test_without_a_vital_call_the_program_does_not_start(call: str) -> None:
    asked = allowing(_without(call))
    finding = the(asked, "startup-missing")
    assert (finding.severity, finding.rule) == ("error", None)
    assert f"{call} is refused" in finding.message
    assert _run(asked) == -signal.SIGSYS
    assert _run(mended(asked, "startup-missing")) == 0


@pytest.mark.parametrize("call", [need.call for need in needs() if not need.vital and need.call != "exit_group"])
def test_what_is_spared_may_be_answered_with_an_errno_but_not_killed(call: str) -> None:
    assert found(allowing(_without(call), default="errno:ENOSYS"), "startup-missing") == []
    assert call in the(allowing(_without(call)), "startup-missing").message


@pytest.mark.parametrize("judge_from", MOMENTS)
def test_the_later_the_filter_judges_the_less_it_meets(judge_from: JudgeFrom) -> None:
    message = " ".join(finding.message for finding in found(allowing("read", judge_from), "startup-missing"))
    assert ("execve and the dynamic loader" in message) == (judge_from == "execve")
    assert ("mmap" in message) == (judge_from in ("execve", "first-instruction"))
    assert bool(message) == (judge_from in ("execve", "first-instruction"))


@pytest.mark.parametrize("judge_from", MOMENTS)
def test_the_end_is_met_whenever_the_filter_begins(judge_from: JudgeFrom) -> None:
    asked = allowing(_without("exit_group"), judge_from)
    assert "exit_group is refused" in the(asked, "exit-missing").message
    mended(asked, "exit-missing")


def test_without_exit_group_the_program_is_killed_at_its_end() -> None:
    asked = allowing(_without("exit_group"))
    assert _run(asked) == -signal.SIGSYS
    assert _run(mended(asked, "exit-missing")) == 0


def test_where_libc_cannot_even_fall_back_on_exit_the_program_crashes() -> None:
    neither = policy(rule("exit_group exit"))
    assert "no program can end" in the(neither, "exit-missing").message
    assert _run(neither) == -signal.SIGSEGV
    assert _run(mended(neither, "exit-missing")) == 0
    assert found(policy(rule("exit_group")), "exit-missing") == []
    assert _run(policy(rule("exit_group"))) == 0


def test_threads_and_signal_handlers_end_too() -> None:
    asked = policy(rule(START, "allow"), default="kill-process")
    finding = the(asked, "runtime-missing")
    assert finding.severity == "warning"
    assert (
        finding.message
        == "exit and rt_sigreturn are refused: a thread that ends and a signal handler that returns would fail or be killed."
    )
    mended(asked, "runtime-missing")


def test_a_deny_list_lacks_nothing() -> None:
    asked = policy(rule("kill socket"))
    assert [code for code in ("startup-missing", "exit-missing", "runtime-missing") if found(asked, code)] == []


def test_in_a_stack_the_filter_that_lacks_it_is_mended() -> None:
    lacking = stacked(rule(f"{_without('mmap')} {END} {OWN}", "allow"), default="kill-process")
    asked = policy(rule("kill"), judge_from="execve", stacked=(lacking,))
    assert "mmap is refused" in the(asked, "startup-missing").message
    fixed = mended(asked, "startup-missing")
    assert fixed.seccomp.rules == (rule("kill"),)
    assert rule("mmap", "allow") in fixed.seccomp.stacked[0].rules
    assert _run(fixed) == 0
