"""Whose rule numbers a recording has: those of the policy that it was run under, which may have been edited since."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from core.policy.model import Rule, Seccomp
from core.policy.stack import all_rules


class RunRules:
    """The run's rules beside the rules as they are now, by their numbers, which count through all filters."""

    def __init__(self, run: Seccomp, now: Seccomp) -> None:
        """A rule is the same one while its calls, its action and its tests are; its note, its place and its tick may change."""
        before, after = all_rules(run), all_rules(now)
        self._in_run = dict(_pairs(before, after))
        self._now = {number: other for other, number in self._in_run.items()}
        self.edited = _counting(before) != _counting(after)
        """Whether the rules that count are others now, or stand in another order."""

    def in_run(self, number: int) -> int | None:
        """The number that this rule had in the run; None: it did not count there."""
        return self._in_run.get(number)

    def now(self, number: int) -> int | None:
        """The number that the run's rule has now; None: it is gone."""
        return self._now.get(number)


def _counting(rules: tuple[Rule, ...]) -> list[Rule]:
    return [_essence(rule) for rule in rules if rule.enabled]


def _pairs(run: tuple[Rule, ...], now: tuple[Rule, ...]) -> Iterator[tuple[int, int]]:
    # (number now, number in the run). Those that kept their number first: of two alike, each is then itself.
    left = {number: _essence(rule) for number, rule in enumerate(run, start=1) if rule.enabled}
    waiting = []
    for number, rule in enumerate(now, start=1):
        if left.get(number) == _essence(rule):
            del left[number]
            yield number, number
        else:
            waiting.append((number, _essence(rule)))
    for number, essence in waiting:
        found = next((other for other, rule in left.items() if rule == essence), None)
        if found is not None:
            del left[found]
            yield number, found


def _essence(rule: Rule) -> Rule:
    return msgspec.structs.replace(rule, note="", enabled=True)
