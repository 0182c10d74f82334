"""Argument tests that do not compare what they seem to: what the kernel looks at, and what a program can put there instead."""

from __future__ import annotations

import errno
import socket

import pytest

from core.lint.arguments import widths
from core.policy.model import ArgumentTest, Operator
from tests.core.lint.kernel import outcome
from tests.core.lint.policies import arg, found, mended, policy, rule, stacked, the

AT_FDCWD_INT = 0xFFFFFF9C
UPPER = 1 << 32

# ── pointers ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("call", "index"), [("open", 0), ("openat", 1), ("connect", 1), ("execve", 0), ("clone3", 0), ("write", 1)])
def test_a_pointer_compared_is_an_error(call: str, index: int) -> None:
    finding = the(policy(rule(call, "errno:EPERM", arg(index, "==", 0x7FFF00000000))), "pointer-compared")
    assert (finding.severity, finding.rule) == ("error", 1)
    assert f"Argument {index} of {call} is a pointer" in finding.message
    assert "Landlock" in finding.message


def test_the_kernel_sees_another_address_each_time() -> None:
    asked = policy(rule("access", "errno:EPERM", arg(0, "==", 0x1000)))
    assert outcome(asked, "access", b"/", 0) == 0
    assert outcome(mended(asked, "pointer-compared"), "access", b"/", 0) == errno.EPERM


@pytest.mark.parametrize("test", [arg(1, "==", 0), arg(1, "!=", 0), arg(1, "&==", 0, mask=0xFFFF)])
def test_whether_there_is_a_pointer_can_be_asked(test: ArgumentTest) -> None:
    assert found(policy(rule("newfstatat", "errno:EPERM", test)), "pointer-compared") == []


def test_only_the_calls_for_which_it_is_a_pointer_are_mended() -> None:
    """kill's first argument is a number, so its test stays."""
    fixed = mended(policy(rule("access kill", "errno:EPERM", arg(0, "==", 5))), "pointer-compared")
    assert fixed.seccomp.rules == (rule("kill", "errno:EPERM", arg(0, "==", 5)), rule("access"))


def test_a_stacked_filters_rule_is_mended_in_its_place() -> None:
    asked = policy(rule("kill"), stacked=(stacked(rule("access", "errno:EPERM", arg(0, "==", 5))),))
    assert the(asked, "pointer-compared").rule == 2
    assert mended(asked, "pointer-compared").seccomp.stacked[0].rules == (rule("access"),)


# ── arguments that are not there ──────────────────────────────────────────────────────────────────────────────────


def test_an_argument_that_the_call_does_not_have() -> None:
    asked = policy(rule("getppid kill", "errno:EPERM", arg(3, "==", 0)))
    message = the(asked, "argument-missing").message
    assert "getppid and kill take 0 or 2 arguments" in message
    assert outcome(asked, "getppid", 0, 0, 0, 1) == 0
    assert outcome(mended(asked, "argument-missing"), "getppid", 0, 0, 0, 1) == errno.EPERM
    assert found(policy(rule("getppid"), rule("kill", "errno:EPERM", arg(1, "==", 0))), "argument-missing") == []


def test_a_number_names_its_call_too() -> None:
    assert mended(policy(rule("110", "errno:EPERM", arg(0, "==", 1))), "argument-missing").seccomp.rules == (rule("110"),)


# ── numbers that a type does not have ─────────────────────────────────────────────────────────────────────────────


def test_a_value_wider_than_the_parameter() -> None:
    asked = policy(rule("socket", "errno:EPERM", arg(0, "==", UPPER | socket.AF_INET)))
    assert (the(asked, "value-too-wide").severity, "has 32 bits" in the(asked, "value-too-wide").message) == ("error", True)
    assert outcome(asked, "socket", socket.AF_INET, 1, 0) == 0
    fixed = mended(asked, "value-too-wide")
    assert outcome(fixed, "socket", socket.AF_INET, 1, 0) == errno.EPERM
    assert outcome(fixed, "socket", UPPER | socket.AF_INET, 1, 0) == errno.EPERM


@pytest.mark.parametrize("test", [arg(0, "==", 0xFFFFFFFF), arg(0, "&==", 2, mask=0xF), arg(2, "==", "IPPROTO_TCP")])
def test_a_value_that_fits_is_no_finding(test: ArgumentTest) -> None:
    assert found(policy(rule("socket", "errno:EPERM", test)), "value-too-wide") == []


def test_a_64_bit_parameter_takes_wide_values() -> None:
    assert found(policy(rule("lseek", "errno:EPERM", arg(1, "==", 1 << 40))), "value-too-wide") == []


def test_a_negative_value_comes_with_either_upper_half() -> None:
    asked = policy(rule("openat", "errno:EPERM", arg(0, "==", -100)))
    message = the(asked, "negative-compared").message
    assert "0xffffff9c with 32 zero bits or 32 one bits in front" in message
    assert [outcome(asked, "openat", directory, b"/", 0) for directory in (-100, AT_FDCWD_INT)] == [errno.EPERM, 0]
    fixed = mended(asked, "negative-compared")
    assert [outcome(fixed, "openat", directory, b"/", 0) for directory in (-100, AT_FDCWD_INT)] == [errno.EPERM, errno.EPERM]
    assert found(policy(rule("openat", "errno:EPERM", arg(0, "&==", -100, mask=0xFFFFFFFF))), "negative-compared") == []


@pytest.mark.parametrize("op", ["<", "<=", ">", ">="])
def test_comparisons_are_unsigned(op: Operator) -> None:
    finding = the(policy(rule("lseek", "errno:EPERM", ArgumentTest(index=1, op=op, value=-1))), "negative-compared")
    assert "greater than every positive number" in finding.message


# ── the upper half ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_bit_in_the_unused_half_gets_around_the_test() -> None:
    asked = policy(rule("socket", "errno:EPERM", arg(0, "==", "AF_INET"), arg(1, "==", "SOCK_DGRAM")))
    assert "a program that sets a bit of the upper half on purpose gets the refused call" in the(asked, "upper-half").message
    calls = [(socket.AF_INET, 2, 0), (UPPER | socket.AF_INET, 2, 0), (socket.AF_INET, UPPER | 2, 0)]
    assert [outcome(asked, "socket", *args) for args in calls] == [errno.EPERM, 0, 0]
    assert [outcome(mended(asked, "upper-half"), "socket", *args) for args in calls] == [errno.EPERM] * 3


def test_a_mask_of_more_bits_than_the_kernel_looks_at_is_cut() -> None:
    asked = policy(rule("socket", "errno:EPERM", arg(0, "&==", "AF_INET", mask=0xFFFFFFFFFFFFFFFF)))
    assert mended(asked, "upper-half") == policy(rule("socket", "errno:EPERM", arg(0, "&==", "AF_INET", mask=0xFFFFFFFF)))


def test_no_mask_mends_a_value_that_is_too_wide_besides() -> None:
    asked = policy(rule("mknod", "log", arg(1, "==", UPPER)), default="kill-process")
    assert the(asked, "upper-half").fix is None
    assert the(asked, "value-too-wide").fix is not None


def test_an_allow_list_is_not_got_around_so() -> None:
    asked = policy(rule("socket", "allow", arg(0, "==", "AF_UNIX")), default="errno:EPERM")
    assert found(asked, "upper-half") == []


def test_another_filter_may_refuse_what_the_bit_lets_through() -> None:
    leaky = rule("socket", "errno:EPERM", arg(0, "==", "AF_INET"))
    assert found(policy(leaky), "upper-half")
    assert found(policy(leaky, stacked=(stacked(rule("socket", "errno:EACCES")),)), "upper-half") == []


def test_the_table_of_widths_knows_the_common_types() -> None:
    assert widths()["int"] == (32, True)
    assert widths()["unsigned int"] == (32, False)
    assert all(bits in (8, 16, 32) for bits, _ in widths().values())
