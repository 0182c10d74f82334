"""A filter that leaves out this machine's own architecture; the kernel says what becomes of its calls."""

from __future__ import annotations

import errno
import os
import signal

from tests.core.lint.kernel import outcome
from tests.core.lint.policies import found, mended, policy, rule, stacked, the


def test_every_call_gets_the_bad_architecture_action() -> None:
    asked = policy(rule("getppid"), architectures=("x86",))
    finding = the(asked, "native-uncovered")
    assert (finding.severity, finding.rule) == ("warning", None)
    assert "its calls get kill-process one and all" in finding.message
    assert outcome(asked, "getpid") == -signal.SIGSYS
    fixed = mended(asked, "native-uncovered")
    assert (outcome(fixed, "getpid"), outcome(fixed, "getppid")) == (0, errno.EPERM)


def test_where_they_run_nothing_is_refused() -> None:
    asked = policy(rule("kill"), architectures=("x86", "x32"), bad_arch="allow")
    assert the(asked, "native-uncovered").severity == "error"
    assert "no rule speaks of what programs of this machine do" in the(asked, "native-uncovered").message
    assert outcome(asked, "kill", os.getpid(), 0) == 0
    assert outcome(mended(asked, "native-uncovered"), "kill", os.getpid(), 0) == errno.EPERM


def test_each_filter_of_a_stack_is_looked_at() -> None:
    asked = policy(rule("kill"), stacked=(stacked(rule("kill"), architectures=("aarch64",), bad_arch="log"),))
    assert the(asked, "native-uncovered").message.startswith("Filter 2: ")


def test_the_native_one_by_either_name_is_enough() -> None:
    assert (
        found(policy(rule("kill")), "native-uncovered")
        == found(policy(rule("kill"), architectures=("x86_64", "x86")), "native-uncovered")
        == []
    )
