"""What a policy's seccomp rules mean: the oracle that built filters, verdicts and lint are held against.

The rules of one call are libseccomp's: a rule without tests covers the call, rules with tests are alternatives, and all tests of one rule
must hold. Comparisons are of unsigned 64-bit numbers. Where two rules with different actions match, this module takes no side: what the built
filter answers says which one decided (`deciding_rule`).
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from core.knowledge.constants import constant
from core.knowledge.groups import group
from core.policy.action import Action, parse_action
from core.policy.architectures import call_number, covered
from core.policy.model import ArgumentTest, Filter, Operator, Rule

U64: Final = 2**64 - 1

_COMPARE: Final[dict[Operator, Callable[[int, int], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "&==": operator.eq,
}


@dataclasses.dataclass(frozen=True, slots=True)
class ResolvedTest:
    """One comparison, in numbers: `(args[index] & mask) op value`; the mask is full except with `&==`."""

    index: int
    op: Operator
    value: int
    mask: int = U64

    def holds(self, argument: int) -> bool:
        """Whether an argument (as the register's 64 bits) passes."""
        return _COMPARE[self.op](argument & self.mask, self.value)


@dataclasses.dataclass(frozen=True, slots=True)
class ResolvedRule:
    """A rule for one architecture, in numbers."""

    number: int
    """Its place among all rules of the file, of all filters, disabled ones counted, from 1."""
    nrs: frozenset[int]
    """The calls' numbers there; x32's have bit 30 set."""
    action: Action
    tests: tuple[ResolvedTest, ...]


def resolve_rules(one: Filter, arch: int, first: int = 1) -> tuple[ResolvedRule, ...]:
    """A filter's enabled rules in the file's order, for the calls of one AUDIT_ARCH_*; none for an architecture that the filter does not cover.

    `first` is the number of its first rule, where it is not the first filter of a stack. A call that the architecture does not have is left out of `nrs`, which may leave it empty. Raises ValueError for an unknown group, action or
    constant (`core.policy.check.check` says where, and finds names that no architecture has).
    """
    tables = covered(one.architectures, arch)
    if not tables:
        return ()
    return tuple(
        ResolvedRule(number, _numbers(rule, tables), parse_action(rule.action), tuple(resolve_test(test) for test in rule.args))
        for number, rule in enumerate(one.rules, start=first)
        if rule.enabled
    )


def expand(rule: Rule) -> tuple[str | int, ...]:
    """The rule's calls with its groups spelled out, each once, in their order. Raises ValueError for an unknown group."""
    calls: dict[str | int, None] = {}
    for call in rule.syscalls:
        calls.update(dict.fromkeys(group(call) if isinstance(call, str) and call.startswith("@") else (call,)))
    return tuple(calls)


def resolve_test(test: ArgumentTest) -> ResolvedTest:
    """The test in numbers. Raises ValueError for an unknown constant."""
    mask = U64 if test.mask is None else number(test.mask)
    return ResolvedTest(test.index, test.op, number(test.value, mask), mask)


def number(value: int | str, mask: int = U64) -> int:
    """A number or a symbolic constant; a negative one as the register holds it, cut to `mask`. Raises ValueError for an unknown constant.

    A C int is often passed with 32 zero bits in front of it, so AT_FDCWD wants the mask 0xffffffff.
    """
    plain = constant(value) if isinstance(value, str) else value
    return plain & mask if plain < 0 else plain


def matches(rule: ResolvedRule, nr: int, args: Sequence[int]) -> bool:
    """Whether the rule speaks of this call with these six arguments."""
    return nr in rule.nrs and all(test.holds(args[test.index]) for test in rule.tests)


def deciding_rule(rules: Iterable[ResolvedRule], action_value: int, nr: int, args: Sequence[int]) -> int | None:
    """The number of the first matching rule whose action is the one that the filter answered; None: the default action (or the bad-architecture one)."""
    return next((rule.number for rule in rules if rule.action.value == action_value and matches(rule, nr, args)), None)


def _numbers(rule: Rule, tables: Iterable[str]) -> frozenset[int]:
    found = (call_number(table, call) for table in tables for call in expand(rule))
    return frozenset(nr for nr in found if nr is not None)
