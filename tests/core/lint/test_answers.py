"""Actions that have another effect than they seem to have, and calls that libc falls back from."""

from __future__ import annotations

import errno
import threading

from tests.core.lint.kernel import outcome, under
from tests.core.lint.policies import arg, found, mended, policy, rule, stacked, the


def test_errno_zero_is_success_that_never_happened() -> None:
    asked = policy(rule("setuid", "errno:0"))
    assert (the(asked, "errno-zero").severity, the(asked, "errno-zero").rule) == ("warning", 1)
    assert outcome(asked, "setuid", 2**31) == 0
    assert outcome(mended(asked, "errno-zero"), "setuid", 2**31) == errno.EPERM
    assert found(policy(rule("setuid", "errno:EPERM")), "errno-zero") == []


def test_the_defaults_action_is_looked_at_too() -> None:
    asked = policy(rule("read", "allow"), default="errno:0")
    assert the(asked, "errno-zero").rule is None
    assert mended(asked, "errno-zero").seccomp.default == "errno:EPERM"


def test_of_several_filters_the_one_whose_default_it_is_is_named() -> None:
    asked = policy(rule("kill"), stacked=(stacked(default="trace:1"),))
    assert the(asked, "trace-unanswered").message.startswith("Filter 2: trace waits")
    assert mended(asked, "trace-unanswered").seccomp.stacked[0].default == "errno:ENOSYS"


def test_trace_is_answered_by_nobody() -> None:
    asked = policy(rule("getppid", "trace:7"))
    assert outcome(asked, "getppid") == errno.ENOSYS
    fixed = mended(asked, "trace-unanswered")
    assert fixed == policy(rule("getppid", "errno:ENOSYS"))
    assert outcome(fixed, "getppid") == errno.ENOSYS
    assert found(policy(rule("getppid", "trap")), "trace-unanswered") == []


def test_log_is_a_remark() -> None:
    finding = the(policy(rule("socket", "log")), "log-unread")
    assert (finding.severity, finding.fix) == ("info", None)
    assert found(policy(rule("socket", "log", enabled=False)), "log-unread") == []


def _starts_a_thread() -> int:
    try:
        threading.Thread(target=int).start()
    except RuntimeError:
        return 1
    return 0


def test_clone3_answered_with_eperm_keeps_threads_from_starting() -> None:
    asked = policy(rule("clone3"))
    finding = the(asked, "fallback-needs-enosys")
    assert (finding.severity, finding.rule) == ("error", None)
    assert finding.message == (
        "clone3 gets errno:EPERM while clone runs: libc tries clone3 first and falls back on clone only at ENOSYS. "
        "As it is, pthread_create() and posix_spawn() fail."
    )
    assert under(asked, _starts_a_thread) == 1
    fixed = mended(asked, "fallback-needs-enosys")
    assert fixed == policy(rule("clone3", "errno:ENOSYS"))
    assert under(fixed, _starts_a_thread) == 0


def test_enosys_and_a_fallback_that_is_refused_too_are_no_finding() -> None:
    assert found(policy(rule("clone3", "errno:ENOSYS")), "fallback-needs-enosys") == []
    assert found(policy(rule("clone3 clone")), "fallback-needs-enosys") == []
    assert found(policy(rule("clone3", "log")), "fallback-needs-enosys") == []


def test_killing_where_libc_would_fall_back_is_found_too() -> None:
    asked = policy(rule("faccessat2 fchmodat2", "kill-process"))
    assert [finding.severity for finding in found(asked, "fallback-needs-enosys")] == ["warning", "warning"]


def test_an_allow_list_gets_a_rule_of_its_own() -> None:
    fixed = mended(policy(rule("clone exit_group", "allow"), default="errno:EPERM"), "fallback-needs-enosys")
    assert fixed.seccomp.rules[0] == rule("clone3", "errno:ENOSYS")


def test_in_a_stack_every_filter_that_refuses_is_mended() -> None:
    asked = policy(rule("clone3"), stacked=(stacked(rule("clone3", "kill-process")), stacked(rule("kill"))))
    fixed = mended(asked, "fallback-needs-enosys")
    assert fixed.seccomp.rules == fixed.seccomp.stacked[0].rules == (rule("clone3", "errno:ENOSYS"),)
    assert fixed.seccomp.stacked[1].rules == (rule("kill"),)
    assert under(fixed, _starts_a_thread) == 0


def test_a_tested_rule_that_spares_plain_calls_is_no_finding() -> None:
    assert found(policy(rule("faccessat2", "errno:EPERM", arg(3, "==", 1))), "fallback-needs-enosys") == []
