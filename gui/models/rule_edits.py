"""What the rule table does to a filter: pure steps from one `Seccomp` to the next."""

from __future__ import annotations

import msgspec

from core.policy.model import Rule, Seccomp


def inserted(seccomp: Seccomp, row: int, rule: Rule) -> Seccomp:
    """With the rule at `row`. A first rule turns the filter on: a rule in another mode would judge nothing."""
    rules = (*seccomp.rules[:row], rule, *seccomp.rules[row:])
    mode = seccomp.mode if seccomp.rules else "filter"
    return msgspec.structs.replace(seccomp, rules=rules, mode=mode)


def replaced(seccomp: Seccomp, row: int, rule: Rule) -> Seccomp:
    """With the rule at `row` in the place of the one there."""
    return _with_rules(seccomp, (*seccomp.rules[:row], rule, *seccomp.rules[row + 1 :]))


def removed(seccomp: Seccomp, rows: set[int]) -> Seccomp:
    """Without the rules in these rows."""
    return _with_rules(seccomp, tuple(rule for row, rule in enumerate(seccomp.rules) if row not in rows))


def moved(seccomp: Seccomp, source: int, target: int) -> Seccomp:
    """With the rule of row `source` in row `target`; a row outside of the table means its nearest end."""
    rest = (*seccomp.rules[:source], *seccomp.rules[source + 1 :])
    target = max(0, min(target, len(rest)))
    return _with_rules(seccomp, (*rest[:target], seccomp.rules[source], *rest[target:]))


def enabled(seccomp: Seccomp, rows: set[int], on: bool) -> Seccomp:
    """With the rules in these rows counting, or not."""
    return _with_rules(
        seccomp, tuple(msgspec.structs.replace(rule, enabled=on) if row in rows else rule for row, rule in enumerate(seccomp.rules))
    )


def _with_rules(seccomp: Seccomp, rules: tuple[Rule, ...]) -> Seccomp:
    return msgspec.structs.replace(seccomp, rules=rules)
