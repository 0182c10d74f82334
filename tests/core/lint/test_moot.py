"""Rules of a stack that let calls run in vain; the kernel says that they do not."""

from __future__ import annotations

import errno
import os

import pytest

from core.policy.model import Rule
from tests.core.lint.kernel import outcome
from tests.core.lint.policies import arg, found, mended, policy, rule, stacked, the

BASE = (rule("kill getpid seccomp prctl exit_group brk mmap munmap futex madvise", "allow"),)


def test_an_allow_that_a_later_filter_refuses() -> None:
    asked = policy(rule("kill", "log"), stacked=(stacked(rule("kill")),))
    finding = the(asked, "allow-moot")
    assert (finding.rule, finding.severity) == (1, "warning")
    assert finding.message == (
        "This rule says log to kill, but filter 2 refuses it: the kernel asks all filters and takes the strictest answer, so it is moot."
    )
    assert outcome(asked, "kill", os.getpid(), 0) == errno.EPERM
    fixed = mended(asked, "allow-moot")
    assert fixed.seccomp.rules == ()
    assert outcome(fixed, "kill", os.getpid(), 0) == errno.EPERM


def test_an_earlier_filter_is_as_strict() -> None:
    assert the(policy(rule("kill"), stacked=(stacked(rule("kill", "log")),)), "allow-moot").rule == 2


def test_an_allow_list_keeps_its_entry_and_the_other_filter_lets_it_through() -> None:
    """Without the rule the default would kill where the other filter refuses: so it is the other one that gives way."""
    asked = policy(*BASE, default="kill-process", stacked=(stacked(rule("kill chmod")),))
    assert outcome(asked, "kill", os.getpid(), 0) == errno.EPERM
    finding = the(asked, "allow-moot")
    assert finding.fix is not None
    assert finding.fix.text == "Let kill run in filter 2 too."
    fixed = mended(asked, "allow-moot")
    assert fixed.seccomp.rules == BASE
    assert fixed.seccomp.stacked[0].rules == (rule("chmod"),)
    assert outcome(fixed, "kill", os.getpid(), 0) == 0


def test_the_default_of_another_allow_list_refuses_too() -> None:
    asked = policy(
        rule("kill getppid getpgrp seccomp", "allow"),
        default="errno:EACCES",
        stacked=(stacked(rule("kill", "allow"), default="errno:EPERM"),),
    )
    message = the(asked, "allow-moot").message
    assert "This rule says allow to getppid and getpgrp, but filter 2 refuses them" in message


@pytest.mark.parametrize(
    "other",
    [
        rule("kill", "errno:EPERM", arg(1, "==", 9)),
        rule("kill", "allow"),
        rule("socket"),
        rule("kill", enabled=False),
    ],
)
def test_what_may_still_run_is_not_moot(other: Rule) -> None:
    assert found(policy(rule("kill", "log"), stacked=(stacked(other),)), "allow-moot") == []


def test_a_tested_allow_is_moot_where_its_arguments_are_refused() -> None:
    wide = stacked(rule("kill", "errno:EPERM", arg(1, ">", 5)))
    assert found(policy(rule("kill", "log", arg(1, "==", 9)), stacked=(wide,)), "allow-moot")
    assert found(policy(rule("kill", "log", arg(1, "==", 1)), stacked=(wide,)), "allow-moot") == []


def test_a_filter_that_does_not_cover_the_table_refuses_it_whole() -> None:
    asked = policy(rule("kill", "log"), architectures=("native", "x86"), stacked=(stacked(),))
    finding = the(asked, "allow-moot")
    assert "This rule says log to kill on x86, but filter 2 refuses it" in finding.message
    assert finding.fix is None  # on x86_64 it would be missed
    assert found(policy(rule("kill", "log"), stacked=(stacked(),)), "allow-moot") == []


def test_only_what_is_moot_on_every_architecture_is_taken_out() -> None:
    on_both = stacked(rule("chmod"), architectures=("native", "x86"))
    asked = policy(rule("kill chmod", "log"), architectures=("native", "x86"), stacked=(on_both, stacked()))
    assert [(finding.fix is not None, " on x86" in finding.message) for finding in found(asked, "allow-moot")] == [
        (True, False),
        (False, True),
    ]


def test_what_loads_the_next_filter_is_not_moot_where_that_refuses_it() -> None:
    asked = policy(rule("seccomp", "allow"), default="errno:EPERM", stacked=(stacked(rule("seccomp")),))
    assert found(asked, "allow-moot") == []


def test_one_filter_alone_has_no_moot_rules() -> None:
    assert found(policy(rule("kill", "log"), rule("kill")), "allow-moot") == []


def test_whether_another_filter_should_cover_more_is_left_to_its_author() -> None:
    asked = policy(*BASE, default="kill-process", stacked=(stacked(architectures=("x86",), bad_arch="errno:ENOSYS"),))
    finding = the(asked, "allow-moot")
    assert finding.fix is None
