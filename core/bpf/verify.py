"""Checking a filter against the rules it was made of: by emulation, where a mistake would show.

The calls tried are every number that a rule names and its neighbours, the edges of the numbers' range, architectures that are not covered; and for
rules with tests, arguments at, just below and just above each value, with the high half changed, with single bits of masks changed, zero and all
ones. libseccomp before 2.6.1 can weaken filters that compare 64-bit arguments (GHSA-4q85-33p6-j5g6): this finds it.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator

import numpy as np

from core.bpf.emulate import Emulator
from core.bpf.error import FilterError
from core.bpf.machine import SeccompData
from core.bpf.meaning import NO_CALL, Meaning, Section, effective
from core.knowledge.syscalls import ARCHES, name
from core.observer.wire import X32_SYSCALL_BIT
from core.policy.action import Action
from core.policy.model import Filter
from core.policy.overlap import overlapping, witness
from core.policy.rules import U64, ResolvedRule, ResolvedTest, deciding_rule

CALLS = np.dtype([("nr", "<u4"), ("arch", "<u4"), ("instruction_pointer", "<u8"), ("args", "<u8", (6,))])
"""The fields that an `Emulator` reads."""

_ORDINARY_NUMBERS = 600
_MOST_STARTS = 64
# Arguments to start from, of one call; more of them find no more.

Arguments = tuple[int, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Conflict:
    """Two rules with different actions that speak of one call."""

    rule_a: int
    rule_b: int
    """Numbers in the file, from 1."""
    witness: SeccompData
    """A call that both match."""
    wins: int | None
    """The rule that decides this call, one of the two or a third; None: the default action."""


def verify(program: bytes, one: Filter) -> None:
    """Raises `FilterError`, naming a call, where the program answers otherwise than the rules mean; `ProgramError` where the kernel would refuse it."""
    check_meaning(program, Meaning.of(one))


def conflicts(program: bytes, one: Filter, first_rule: int = 1) -> tuple[Conflict, ...]:
    """Each pair of a filter's rules with different actions that can both match, once, and which of them its program lets decide."""
    emulator = Emulator([program])
    found: dict[tuple[int, int], Conflict] = {}
    for section in Meaning.of(one, first_rule).sections:
        for overlap in overlapping(section.rules):
            pair = (overlap.first, overlap.second)
            if pair not in found and section.covers(overlap.nr):
                value = emulator.value(section.arch, overlap.nr, 0, overlap.args)
                wins = deciding_rule(section.rules, value, overlap.nr, overlap.args)
                found[pair] = Conflict(*pair, SeccompData(overlap.nr, section.arch, 0, overlap.args), wins)
    return tuple(found[pair] for pair in sorted(found))


def check_meaning(program: bytes, meaning: Meaning) -> None:
    """As `verify`, for rules that are resolved already."""
    cases = list(itertools.chain(_numbers(meaning), *(_tests(section, meaning) for section in meaning.sections)))
    calls = np.zeros(len(cases), CALLS)
    for column, values in zip(("arch", "nr", "args"), zip(*cases, strict=True), strict=True):
        calls[column] = np.array(values, CALLS[column].base)
    answers = Emulator([program]).values(calls)
    for (arch, nr, args), answer in zip(cases, answers.tolist(), strict=True):
        allowed = meaning.answers(arch, nr, args)
        if answer not in allowed:
            raise FilterError(_sentence(arch, nr, args, answer, allowed))


def _sentence(arch: int, nr: int, args: Arguments, answer: int, allowed: Iterable[int]) -> str:
    call = f"{name(arch, nr)}({', '.join(f'{arg:#x}' for arg in args)})"
    meant = " or ".join(sorted(Action.from_value(value).word for value in allowed))
    return f"the built filter answers {call} with {Action.from_value(answer).word}, but the rules mean {meant}"


def _numbers(meaning: Meaning) -> Iterator[tuple[int, int, Arguments]]:
    zeros, ones = (0,) * 6, (U64,) * 6
    for arch in (*dict.fromkeys(ARCHES.values()), 0, 0xFFFFFFFF, *(arch ^ 0x80000000 for arch in ARCHES.values())):
        section = meaning.section(arch)
        for nr in _interesting_numbers(section):
            # An architecture of 32 bits has no arguments above them.
            yield from ((arch, nr, zeros), (arch, nr, ones if arch & 0x80000000 else (0xFFFFFFFF,) * 6))


def _interesting_numbers(section: Section | None) -> set[int]:
    edges = {0, 1, X32_SYSCALL_BIT - 1, X32_SYSCALL_BIT, 0x7FFFFFFF, 0x80000000, NO_CALL - 1, NO_CALL}
    if section is None:
        return edges
    near = {nr + step for nr in section.by_number for step in (-1, 0, 1)}
    return {nr for nr in (edges | near | set(range(_ORDINARY_NUMBERS))) if 0 <= nr <= NO_CALL}


def _tests(section: Section, meaning: Meaning) -> Iterator[tuple[int, int, Arguments]]:
    known: dict[tuple[ResolvedRule, ...], set[Arguments]] = {}
    for nr, rules in section.by_number.items():
        left = effective(rules, meaning.default)
        if left and left[0].tests:
            if left not in known:
                known[left] = set(_interesting_arguments(rules, wide=bool(section.arch & 0x80000000)))
            yield from ((section.arch, nr, args) for args in known[left])


def _interesting_arguments(rules: tuple[ResolvedRule, ...], *, wide: bool) -> Iterator[Arguments]:
    limit = U64 if wide else 0xFFFFFFFF
    values: list[set[int]] = [{0, 1, limit} for _ in range(6)]
    for test in (test for rule in rules for test in rule.tests):
        values[test.index] |= {value for value in _interesting_values(test) if 0 <= value <= limit}
    for start in itertools.islice(_starts(rules, limit), _MOST_STARTS):
        yield start
        for index in range(6):
            for value in values[index]:
                yield (*start[:index], value, *start[index + 1 :])


def _starts(rules: tuple[ResolvedRule, ...], limit: int) -> Iterator[Arguments]:
    # Arguments that satisfy no rule as far as can be, each rule, each pair of rules.
    yield (0,) * 6
    yield (limit,) * 6
    for chosen in itertools.chain(((rule,) for rule in rules), itertools.combinations(rules, 2)):
        found = witness(test for rule in chosen for test in rule.tests)
        if found is not None and max(found) <= limit:
            yield found


def _interesting_values(test: ResolvedTest) -> Iterator[int]:
    value, mask = test.value, test.mask
    for step in (-1, 0, 1, -(1 << 32), 1 << 32, -(1 << 32) - 1, (1 << 32) + 1):
        yield value + step
    low, high = value & 0xFFFFFFFF, value >> 32 << 32
    yield from (low, high, high | 0xFFFFFFFF, low | 0xFFFFFFFF << 32, value ^ 1 << 63, value ^ 1 << 31)
    if test.op == "&==":
        yield from (value | ~mask & U64, mask, ~mask & U64)
        for bit in range(64):
            yield value ^ 1 << bit
