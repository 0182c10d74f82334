"""Rules that do nothing, or less than they seem to."""

from __future__ import annotations

import errno
import os

from tests.core.lint.kernel import outcome
from tests.core.lint.policies import arg, found, mended, policy, rule, stacked, the


def test_a_rule_that_says_what_the_default_says() -> None:
    asked = policy(rule("kill", "allow"), rule("socket"))
    finding = the(asked, "equals-default")
    assert (finding.severity, finding.rule) == ("info", 1)
    assert finding.message == "The default action is allow already: the filter has no instruction for this rule."
    assert mended(asked, "equals-default") == policy(rule("socket"))
    assert found(policy(rule("kill", "allow"), default="log"), "equals-default") == []
    assert found(policy(rule("kill", "allow", enabled=False)), "equals-default") == []


def test_each_filter_has_a_default_of_its_own() -> None:
    asked = policy(
        rule("kill", "errno:EPERM"), stacked=(stacked(rule("seccomp", "allow"), rule("kill", "errno:EPERM"), default="errno:EPERM"),)
    )
    assert the(asked, "equals-default").rule == 3
    assert mended(asked, "equals-default").seccomp.stacked[0].rules == (rule("seccomp", "allow"),)


def test_an_exception_that_the_filter_cannot_make() -> None:
    asked = policy(rule("kill", "allow", arg(1, "==", 0)), rule("kill"))
    finding = the(asked, "exception-without-effect")
    assert "it makes no exception from rule 2" in finding.message
    assert outcome(asked, "kill", os.getpid(), 0) == errno.EPERM
    fixed = mended(asked, "exception-without-effect")
    assert fixed.seccomp.rules == (rule("kill", "errno:EPERM", arg(1, "!=", 0)),)
    assert (outcome(fixed, "kill", os.getpid(), 0), outcome(fixed, "kill", os.getpid(), 9)) == (0, errno.EPERM)


def test_tests_that_no_arguments_pass() -> None:
    asked = policy(rule("kill", "trap", arg(1, "<", 5), arg(1, ">", 9)))
    assert the(asked, "never-matches").severity == "error"
    assert mended(asked, "never-matches").seccomp.rules == ()
    assert found(policy(rule("kill", "trap", arg(1, ">", 5), arg(1, "<", 9))), "never-matches") == []


def test_a_rule_that_says_the_same_again() -> None:
    asked = policy(rule("kill"), rule("kill socket"), rule("kill", "errno:EPERM", arg(0, "==", 1)))
    assert [(finding.rule, finding.severity) for finding in found(asked, "repeats-rule")] == [(2, "info"), (3, "info")]
    assert found(asked, "repeats-rule")[0].message == "This rule decides nothing for kill: rule 1 says the same already."
    assert mended(policy(rule("kill"), rule("kill socket")), "repeats-rule").seccomp.rules == (rule("kill"), rule("socket"))


def test_a_rule_behind_one_that_covers_its_calls() -> None:
    asked = policy(rule("kill"), rule("kill", "trap", arg(1, "==", 9)))
    finding = the(asked, "shadowed")
    assert (finding.rule, finding.message) == (2, "This rule decides nothing: rule 1 says otherwise, and wins.")
    assert outcome(asked, "kill", os.getpid(), 9) == errno.EPERM
    assert mended(asked, "shadowed") == policy(rule("kill"))


def test_an_exception_in_the_other_direction_is_no_finding() -> None:
    """A test narrows the first rule; what it leaves is for the second, and only the kernel's own order counts."""
    asked = policy(rule("kill", "trap", arg(1, "==", 9)), rule("kill", "errno:EPERM", arg(1, "==", 15)))
    assert [finding.code for finding in found(asked, "shadowed")] == []


def test_rules_that_answer_some_calls_differently() -> None:
    finding = the(policy(rule("kill", "errno:EPERM", arg(0, "<", 10)), rule("kill", "errno:EACCES", arg(1, "==", 9))), "rules-overlap")
    assert (finding.severity, finding.fix) == ("info", None)
    assert finding.message.startswith("Rules 1 and 2 answer some calls differently, such as kill(0x0, 0x9, ")


def test_a_call_of_an_architecture_that_is_not_covered() -> None:
    asked = policy(rule("kill socketcall"))
    finding = the(asked, "call-uncovered")
    assert finding.message.startswith("socketcall is a call of other architectures than this filter covers (x86_64)")
    assert mended(asked, "call-uncovered") == policy(rule("kill"))
    assert found(policy(rule("kill socketcall"), architectures=("native", "x86")), "call-uncovered") == []
    group = policy(rule("kill @raw-io"), architectures=("aarch64",))
    assert the(group, "call-uncovered").message.startswith("@raw-io are calls of other architectures than this filter covers (aarch64)")
    assert mended(group, "call-uncovered") == policy(rule("kill"), architectures=("aarch64",))
    by_number = policy(rule("kill 2 347"), architectures=("aarch64",))  # open, and a number without a name: the native architecture's, both
    assert the(by_number, "call-uncovered").message.startswith("2 and 347 are calls of other architectures")
    assert mended(by_number, "call-uncovered") == policy(rule("kill"), architectures=("aarch64",))


def test_rules_of_other_filters_decide_nothing_here() -> None:
    """The same rule twice in a stack is none too much: each filter is asked."""
    assert found(policy(rule("kill"), stacked=(stacked(rule("kill")),)), "repeats-rule") == []
