"""What the rule table does to a filter: pure steps from one to the next."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from core.policy.model import Filter, Rule

F = TypeVar("F", bound=Filter)


def inserted(one: F, row: int, rule: Rule) -> F:
    """With the rule at `row`."""
    return _with_rules(one, (*one.rules[:row], rule, *one.rules[row:]))


def replaced(one: F, row: int, rule: Rule) -> F:
    """With the rule at `row` in the place of the one there."""
    return _with_rules(one, (*one.rules[:row], rule, *one.rules[row + 1 :]))


def removed(one: F, rows: set[int]) -> F:
    """Without the rules in these rows."""
    return _with_rules(one, tuple(rule for row, rule in enumerate(one.rules) if row not in rows))


def moved(one: F, source: int, target: int) -> F:
    """With the rule of row `source` in row `target`; a row outside of the table means its nearest end."""
    rest = (*one.rules[:source], *one.rules[source + 1 :])
    target = max(0, min(target, len(rest)))
    return _with_rules(one, (*rest[:target], one.rules[source], *rest[target:]))


def enabled(one: F, rows: set[int], on: bool) -> F:
    """With the rules in these rows counting, or not."""
    return _with_rules(one, tuple(msgspec.structs.replace(rule, enabled=on) if row in rows else rule for row, rule in enumerate(one.rules)))


def _with_rules(one: F, rules: tuple[Rule, ...]) -> F:
    return msgspec.structs.replace(one, rules=rules)
