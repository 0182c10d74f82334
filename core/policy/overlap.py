"""Where two rules with different actions speak of the same call: pairs, each with arguments that match both."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence

from core.policy.rules import U64, ResolvedRule, ResolvedTest


@dataclasses.dataclass(frozen=True, slots=True)
class Overlap:
    """Two rules (numbers in the file) that answer this call differently; what the built filter makes of it says which one wins."""

    first: int
    second: int
    nr: int
    args: tuple[int, ...]
    """Six arguments that satisfy both."""


def overlapping(rules: Sequence[ResolvedRule]) -> Iterator[Overlap]:
    """One overlap for each pair of rules and call, in the rules' order; exact: a pair that cannot both match is not among them."""
    for first, second in itertools.combinations(rules, 2):
        if first.action == second.action or not (shared := first.nrs & second.nrs):
            continue
        args = witness((*first.tests, *second.tests))
        if args is not None:
            yield from (Overlap(first.number, second.number, nr, args) for nr in sorted(shared))


def witness(tests: Iterable[ResolvedTest]) -> tuple[int, ...] | None:
    """Six arguments for which all tests hold, each the smallest; None where there are none."""
    by_index: list[list[ResolvedTest]] = [[] for _ in range(6)]
    for test in tests:
        by_index[test.index].append(test)
    args = []
    for alike in by_index:
        value = _smallest(alike)
        if value is None:
            return None
        args.append(value)
    return tuple(args)


def _smallest(tests: Sequence[ResolvedTest]) -> int | None:
    """The smallest number that passes all tests of one argument."""
    low, high, mask, bits = 0, U64, 0, 0
    excluded = set()
    for test in tests:
        match test.op:
            case "==" | "&==":
                if (bits ^ test.value) & mask & test.mask or test.value & ~test.mask:
                    return None
                mask, bits = mask | test.mask, bits | test.value
            case "!=":
                excluded.add(test.value)
            case "<":
                high = min(high, test.value - 1)
            case "<=":
                high = min(high, test.value)
            case ">":
                low = max(low, test.value + 1)
            case ">=":
                low = max(low, test.value)
    value = _next_with_bits(low, mask, bits)
    while value is not None and value in excluded:
        value = _next_with_bits(value + 1, mask, bits)
    return value if value is not None and value <= high else None


def _next_with_bits(low: int, mask: int, bits: int) -> int | None:
    """The smallest 64-bit number from `low` on whose bits under `mask` are `bits`."""
    candidate = low & ~mask | bits
    if candidate >= low:
        # Clearing the free bits below the highest that differs keeps it the smallest.
        top = (candidate ^ low).bit_length()
        free = ~mask & ((1 << top) - 1)
        candidate &= ~free
        return candidate if candidate <= U64 else None
    # Below `low` at the highest differing bit: carry into the lowest free zero bit above it, and clear the free bits beneath.
    top = (candidate ^ low).bit_length()
    for position in range(top, 64):
        bit = 1 << position
        if not mask & bit and not candidate & bit:
            return (candidate | bit) & ~(~mask & (bit - 1))
    return None
