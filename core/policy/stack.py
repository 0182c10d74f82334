"""The filters of a policy in the order in which they are loaded, each with its place in the file."""

from __future__ import annotations

import dataclasses
from typing import Final

from core.policy.model import Filter, Flag, Rule, Seccomp

FILTER_FLAGS: Final[dict[Flag, int]] = {"tsync": 1, "log": 2, "spec-allow": 4, "wait-killable": 32}
"""SECCOMP_FILTER_FLAG_* of the policy's flags."""


@dataclasses.dataclass(frozen=True, slots=True)
class Layer:
    """One filter of the stack."""

    number: int
    """Its place in the order of loading, from 1: the oldest."""
    key: str
    """Where the file has it: "seccomp", "seccomp.stacked[0]"."""
    filter: Filter
    first_rule: int
    """The number of its first rule: rules are counted through all filters."""

    @property
    def flags(self) -> int:
        """SECCOMP_FILTER_FLAG_*, with which it is loaded."""
        return sum(FILTER_FLAGS[flag] for flag in set(self.filter.flags))

    @property
    def rule_numbers(self) -> range:
        """The numbers of its rules, disabled ones counted."""
        return range(self.first_rule, self.first_rule + len(self.filter.rules))


def layers(seccomp: Seccomp) -> tuple[Layer, ...]:
    """All filters that the mode "filter" loads, oldest first."""
    found: list[Layer] = []
    first_rule = 1
    for number, one in enumerate((seccomp, *seccomp.stacked), start=1):
        key = "seccomp" if number == 1 else f"seccomp.stacked[{number - 2}]"
        found.append(Layer(number, key, one, first_rule))
        first_rule += len(one.rules)
    return tuple(found)


def all_rules(seccomp: Seccomp) -> tuple[Rule, ...]:
    """The rules of all filters: rule n has the place n - 1."""
    return tuple(rule for one in (seccomp, *seccomp.stacked) for rule in one.rules)
