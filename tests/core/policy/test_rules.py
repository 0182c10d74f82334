"""What rules mean, in numbers."""

from __future__ import annotations

import pytest

from core.knowledge import syscalls
from core.observer.wire import AUDIT_ARCH_I386, AUDIT_ARCH_X86_64, X32_SYSCALL_BIT
from core.policy.action import parse_action
from core.policy.architectures import call_number, covered
from core.policy.model import ArgumentTest, Rule, Seccomp
from core.policy.rules import U64, ResolvedTest, deciding_rule, matches, resolve_rules, resolve_test

SOCKET = 41
SOCKET_X86 = 359
RAW = Rule(
    syscalls=("socket",),
    action="errno:EPERM",
    args=(ArgumentTest(index=0, op="==", value="AF_INET"), ArgumentTest(index=1, op="&==", mask=0xF, value="SOCK_RAW")),
)
SOCK_CLOEXEC = 0x80000


def _resolved(*rules: Rule, architectures: tuple[str, ...] = ("x86_64",), arch: int = AUDIT_ARCH_X86_64) -> list[frozenset[int]]:
    return [rule.nrs for rule in resolve_rules(Seccomp(mode="filter", architectures=architectures, rules=rules), arch)]


def test_all_tests_of_a_rule_must_hold() -> None:
    (rule,) = resolve_rules(Seccomp(rules=(RAW,), architectures=("x86_64",)), AUDIT_ARCH_X86_64)
    assert matches(rule, SOCKET, (2, 3, 1, 0, 0, 0))
    assert matches(rule, SOCKET, (2, 3 | SOCK_CLOEXEC, 1, 0, 0, 0))
    assert not matches(rule, SOCKET, (2, 2, 1, 0, 0, 0))
    assert not matches(rule, SOCKET, (10, 3, 1, 0, 0, 0))
    assert not matches(rule, SOCKET + 1, (2, 3, 1, 0, 0, 0))
    assert not matches(rule, SOCKET, (2 | 1 << 32, 3, 1, 0, 0, 0))


@pytest.mark.parametrize(
    ("op", "passes"),
    [("==", (5,)), ("!=", (0, 4, 6, U64)), ("<", (0, 4)), ("<=", (0, 4, 5)), (">", (6, U64)), (">=", (5, 6, U64))],
)
def test_comparisons_are_unsigned(op: str, passes: tuple[int, ...]) -> None:
    test = ResolvedTest(0, op, 5)  # type: ignore[arg-type]  # pytest's parameters are plain text
    assert tuple(value for value in (0, 4, 5, 6, U64) if test.holds(value)) == passes


def test_a_negative_number_is_as_the_register_has_it() -> None:
    assert resolve_test(ArgumentTest(index=0, op="==", value=-1)).value == U64


def test_a_mask_cuts_a_negative_number_to_a_c_int() -> None:
    test = resolve_test(ArgumentTest(index=0, op="&==", mask=0xFFFFFFFF, value=-100))
    assert test.holds(0xFFFFFF9C)
    assert test.holds(-100 & U64)


def test_the_deciding_rule_counts_disabled_ones_and_needs_the_action() -> None:
    rules = resolve_rules(
        Seccomp(
            architectures=("x86_64",),
            rules=(
                Rule(syscalls=("socket",), action="trap", enabled=False),
                Rule(syscalls=("socket",), action="log"),
                RAW,
                Rule(syscalls=("socket",), action="errno:EPERM"),
            ),
        ),
        AUDIT_ARCH_X86_64,
    )
    raw, datagram = (2, 3, 0, 0, 0, 0), (2, 2, 0, 0, 0, 0)
    refused = parse_action("errno:EPERM").value
    assert deciding_rule(rules, refused, SOCKET, raw) == 3
    assert deciding_rule(rules, refused, SOCKET, datagram) == 4
    assert deciding_rule(rules, parse_action("log").value, SOCKET, raw) == 2
    assert deciding_rule(rules, parse_action("errno:EACCES").value, SOCKET, raw) is None
    assert deciding_rule(rules, parse_action("trap").value, SOCKET, raw) is None
    assert deciding_rule(rules, refused, SOCKET + 1, raw) is None


def test_groups_and_numbers_among_names() -> None:
    (nrs,) = _resolved(Rule(syscalls=("@network-io", "read", 500), action="trap"))
    assert {SOCKET, 0, 500} <= nrs


def test_an_unknown_group_is_no_empty_one() -> None:
    with pytest.raises(ValueError, match="not a group"):
        _resolved(Rule(syscalls=("@netwrk-io",), action="trap"))


def test_each_architecture_has_its_own_numbers() -> None:
    rule = Rule(syscalls=("socket", 0), action="trap")  # 0 is read on x86_64
    assert _resolved(rule, architectures=("x86_64", "x86"), arch=AUDIT_ARCH_I386) == [{SOCKET_X86, 3}]
    assert _resolved(rule, architectures=("x86_64",), arch=AUDIT_ARCH_I386) == []
    assert _resolved(rule, architectures=("x86_64", "x32")) == [{SOCKET, 0, SOCKET | X32_SYSCALL_BIT, X32_SYSCALL_BIT}]
    assert _resolved(rule, architectures=("x32",)) == [{SOCKET | X32_SYSCALL_BIT, X32_SYSCALL_BIT}]


def test_a_call_that_an_architecture_does_not_have_matches_nothing_there() -> None:
    assert _resolved(Rule(syscalls=("socketcall",), action="trap")) == [frozenset()]


def test_numbers_are_the_native_architectures() -> None:
    assert call_number("x86_64", 999) == 999
    assert call_number("x86", 999) is None
    assert call_number("x32", 999) is None
    assert call_number("x32", 999 | X32_SYSCALL_BIT) == 999 | X32_SYSCALL_BIT
    assert call_number("x86_64", 999 | X32_SYSCALL_BIT) is None


def test_native_is_this_machine() -> None:
    assert covered(("native", "x86_64"), AUDIT_ARCH_X86_64) == ("x86_64",)
    assert covered(("native",), syscalls.ARCHES["aarch64"]) == ()
