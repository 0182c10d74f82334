"""Whose rule numbers a recording has: those of the policy that it was run under, which may have been edited since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from core.policy.model import Rule


class RunRules:
    """The run's rules beside the rules as they are now."""

    def __init__(self, run: Sequence[Rule], now: Sequence[Rule]) -> None:
        """A rule is the same one while its calls, its action and its tests are; its note, its place and its tick may change."""
        self._numbers = dict(_pairs(run, now))
        self._rows = {number: row for row, number in self._numbers.items()}
        self.edited = [_essence(rule) for rule in run if rule.enabled] != [_essence(rule) for rule in now if rule.enabled]
        """Whether the rules that count are others now, or stand in another order."""

    def number(self, row: int) -> int | None:
        """The number that the rule in this row had in the run; None: it did not count there."""
        return self._numbers.get(row)

    def row(self, number: int) -> int | None:
        """Where the run's rule `number` stands now; None: it is gone."""
        return self._rows.get(number)


def _pairs(run: Sequence[Rule], now: Sequence[Rule]) -> Iterator[tuple[int, int]]:
    # (row now, number in the run). Those that kept their place first: of two alike, each is then itself.
    left = {number: _essence(rule) for number, rule in enumerate(run, start=1) if rule.enabled}
    waiting = []
    for row, rule in enumerate(now):
        if left.get(row + 1) == _essence(rule):
            del left[row + 1]
            yield row, row + 1
        else:
            waiting.append((row, _essence(rule)))
    for row, essence in waiting:
        number = next((number for number, other in left.items() if other == essence), None)
        if number is not None:
            del left[number]
            yield row, number


def _essence(rule: Rule) -> Rule:
    return msgspec.structs.replace(rule, note="", enabled=True)
