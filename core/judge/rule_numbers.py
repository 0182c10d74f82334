"""Which of the policy's filters and rules an answer came from, for many calls at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.bpf.emulate import Emulator
from core.judge.computed import ALLOW
from core.judge.match import distinct
from core.knowledge.syscalls import arch_name
from core.policy.action import ACTION_MASK
from core.policy.architectures import covered
from core.policy.model import Seccomp
from core.policy.rules import ResolvedRule, resolve_rules
from core.policy.stack import Layer, layers

_TABLE_SIZE: Final = 1024
# Numbers below this have their place in a table; the last place stands for all others (x32's).


@dataclasses.dataclass(frozen=True, slots=True)
class _Rules:
    # One architecture's rules. Where a call has one rule without tests, the table has it; the rest is looked at rule by rule.
    by_number: dict[int, list[ResolvedRule]]
    numbers: NDArray[np.int16]
    values: NDArray[np.uint32]
    open: NDArray[np.bool_]


class RuleNumbers:
    """The same answer as `core.bpf.stack.decide`, vectorised."""

    def __init__(self, seccomp: Seccomp, filters: Sequence[bytes] = ()) -> None:
        """`filters` are the built ones of a stack; a single filter's answer is the run's own. Raises `ProgramError` for what is no filter."""
        stack = layers(seccomp)
        self._layers = tuple(_LayerRules(layer) for layer in stack)
        self._emulators = tuple(Emulator([program]) for program in filters) if len(stack) > 1 else ()

    def decide(self, calls: NDArray[np.void], values: NDArray[np.uint32]) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
        """For each call that got the answer in `values`: (the rule that gave it, from 1; 0: none, so the default or bad-architecture action,
        the filter that decided, from 1; 0: no single one of several)."""
        if not self._emulators:
            return self._layers[0].numbers(calls, values), np.ones(len(calls), np.uint8)
        rules, deciders = np.zeros(len(calls), np.int16), np.zeros(len(calls), np.uint8)
        left = np.ones(len(calls), np.bool_)
        passed = _actions(values) == ALLOW
        for layer, emulator in zip(reversed(self._layers), reversed(self._emulators), strict=True):
            rows = np.flatnonzero(left)
            answers = emulator.values(calls[rows])
            same = _actions(answers) == _actions(values[rows])
            rows, answers = rows[same], answers[same]
            rules[rows] = layer.numbers(calls[rows], answers)
            deciders[rows] = np.where(passed[rows], 0, layer.number)
            left[rows] = passed[rows] & (rules[rows] == 0)  # all let it pass: the newest rule that says so
        return rules, deciders

    def covers(self, arch: int, nr: int, decider: int) -> bool:
        """Whether the rules of a filter speak of this call's architecture at all; where not, its bad-architecture action answers."""
        return self._layers[max(decider, 1) - 1].covers(arch, nr)

    @property
    def stacked(self) -> bool:
        """Whether there are several filters."""
        return len(self._layers) > 1


def _actions(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    actions: NDArray[np.uint32] = values & np.uint32(ACTION_MASK)
    return actions


class _LayerRules:
    # One filter's rules: the same answer as `core.policy.rules.deciding_rule`.
    def __init__(self, layer: Layer) -> None:
        self.number = layer.number
        self._layer = layer
        self._rules: dict[int, _Rules] = {}

    def numbers(self, calls: NDArray[np.void], values: NDArray[np.uint32]) -> NDArray[np.int16]:
        found = np.zeros(len(calls), np.int16)
        if not self._layer.filter.rules:
            return found
        for arch in distinct(calls["arch"]).tolist():
            rows = np.flatnonzero(calls["arch"] == arch)
            chosen = calls if len(rows) == len(calls) else calls[rows]
            found[rows] = _decide(self._of(arch), chosen["nr"], chosen["args"], values[rows])
        return found

    def covers(self, arch: int, nr: int) -> bool:
        return arch_name(arch, nr) in covered(self._layer.filter.architectures, arch)

    def _of(self, arch: int) -> _Rules:
        if arch not in self._rules:
            self._rules[arch] = _tabulate(resolve_rules(self._layer.filter, arch, self._layer.first_rule))
        return self._rules[arch]


def _tabulate(rules: tuple[ResolvedRule, ...]) -> _Rules:
    by_number: dict[int, list[ResolvedRule]] = {}
    for rule in rules:
        for nr in rule.nrs:
            by_number.setdefault(nr, []).append(rule)
    table = _Rules(by_number, np.zeros(_TABLE_SIZE, np.int16), np.zeros(_TABLE_SIZE, np.uint32), np.zeros(_TABLE_SIZE, np.bool_))
    table.open[-1] = True
    for nr, candidates in by_number.items():
        place = min(nr, _TABLE_SIZE - 1)
        if place == nr and len(candidates) == 1 and not candidates[0].tests:
            table.numbers[place], table.values[place] = candidates[0].number, candidates[0].action.value
        else:
            table.open[place] = True
    return table


def _decide(rules: _Rules, nrs: NDArray[np.uint32], args: NDArray[np.uint64], values: NDArray[np.uint32]) -> NDArray[np.int16]:
    places = np.minimum(nrs, np.uint32(_TABLE_SIZE - 1))
    found = np.where(rules.values[places] == values, rules.numbers[places], np.int16(0))
    left = np.flatnonzero(rules.open[places])
    for nr in distinct(nrs[left]).tolist():
        rows = left[nrs[left] == nr]
        for rule in reversed(rules.by_number.get(nr, [])):  # backwards, so that the first that matches is written last
            found[rows[_matches(rule, args[rows], values[rows])]] = rule.number
    return found


def _matches(rule: ResolvedRule, args: NDArray[np.uint64], values: NDArray[np.uint32]) -> NDArray[np.bool_]:
    matching: NDArray[np.bool_] = values == np.uint32(rule.action.value)
    for test in rule.tests:
        column: Any = args[:, test.index]  # a test's operators work on arrays as on numbers
        matching &= test.holds(column)
    return matching
