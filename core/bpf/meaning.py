"""What a policy's filter must answer to each call: the one reading of the rules that building and verifying share."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence

from core.bpf.error import FilterError
from core.knowledge.syscalls import ARCHES
from core.observer.wire import AUDIT_ARCH_X86_64, X32_SYSCALL_BIT
from core.policy.action import parse_action
from core.policy.architectures import covered
from core.policy.model import Filter
from core.policy.rules import ResolvedRule, matches, resolve_rules

NO_CALL = 0xFFFFFFFF
"""The number -1, by which a tracer skips a call: it belongs to no architecture's table, and a filter must let it come to its default."""


@dataclasses.dataclass(frozen=True)
class Section:
    """The part of a filter that is for one AUDIT_ARCH_*."""

    arch: int
    tables: tuple[str, ...]
    """The policy's names of the call tables that are covered: "x86_64", "x32", both, or another architecture's one."""
    rules: tuple[ResolvedRule, ...]
    """In the file's order, also those that do what the default action does."""

    def covers(self, nr: int) -> bool:
        """Whether the number is in a covered table; x86_64 and x32 share their AUDIT_ARCH and differ in bit 30."""
        if self.arch != AUDIT_ARCH_X86_64 or nr == NO_CALL:
            return True
        return ("x32" if nr >= X32_SYSCALL_BIT else "x86_64") in self.tables

    @functools.cached_property
    def by_number(self) -> Mapping[int, tuple[ResolvedRule, ...]]:
        """The rules that speak of each call, in the file's order."""
        found: dict[int, list[ResolvedRule]] = {}
        for rule in self.rules:
            for nr in rule.nrs:
                found.setdefault(nr, []).append(rule)
        return {nr: tuple(rules) for nr, rules in found.items()}


@dataclasses.dataclass(frozen=True)
class Meaning:
    """A filter's rules, resolved for every architecture that it covers."""

    default: int
    bad_arch: int
    """Both as a filter returns them."""
    sections: tuple[Section, ...]

    @classmethod
    def of(cls, one: Filter, first_rule: int = 1) -> Meaning:
        """`first_rule` is the number of the filter's first rule. Raises `FilterError` for rules that cannot be resolved (`core.policy.check.check` says where)."""
        try:
            default, bad_arch = parse_action(one.default).value, parse_action(one.bad_arch).value
            sections = tuple(_sections(one, first_rule))
        except ValueError as err:
            raise FilterError(f"the filter cannot be built: {err}") from err
        if not sections:
            raise FilterError("the filter covers no architecture: name at least one in its architectures")
        return cls(default, bad_arch, sections)

    def section(self, arch: int) -> Section | None:
        """None: the filter answers with the bad-architecture action."""
        return self._by_arch.get(arch)

    def answers(self, arch: int, nr: int, args: Sequence[int]) -> frozenset[int]:
        """What a right filter may answer: one value, or several where rules with different actions speak of the same call.

        A rule without tests covers its call; the first such rule then decides, whatever the others test.
        """
        section = self.section(arch)
        if section is None or not section.covers(nr):
            return frozenset({self.bad_arch})
        named = section.by_number.get(nr)
        if named is None:
            return self._defaults
        rules = effective(named, self.default)
        found = frozenset(rule.action.value for rule in rules if matches(rule, nr, args))
        return found or self._defaults

    @functools.cached_property
    def _by_arch(self) -> Mapping[int, Section]:
        return {section.arch: section for section in self.sections}

    @functools.cached_property
    def _defaults(self) -> frozenset[int]:
        return frozenset({self.default})


def effective(rules: Sequence[ResolvedRule], default: int) -> tuple[ResolvedRule, ...]:
    """The rules of one call that make a difference: not those that do what the default does, and a rule without tests alone."""
    different = tuple(rule for rule in rules if rule.action.value != default)
    covering = next((rule for rule in different if not rule.tests), None)
    return different if covering is None else (covering,)


def _sections(one: Filter, first_rule: int) -> Iterator[Section]:
    for arch in dict.fromkeys(ARCHES.values()):
        if tables := tuple(covered(one.architectures, arch)):
            yield Section(arch, tables, resolve_rules(one, arch, first_rule))
