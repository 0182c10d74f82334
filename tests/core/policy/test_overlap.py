"""Witnesses for rules that contradict each other, held against trying."""

from __future__ import annotations

import typing

from hypothesis import given
from hypothesis import strategies as st

from core.policy.action import Action, ActionKind
from core.policy.model import Operator
from core.policy.overlap import Overlap, overlapping, witness
from core.policy.rules import U64, ResolvedRule, ResolvedTest

SMALL = 16


def _tests(limit: int, **fixed: typing.Any) -> st.SearchStrategy[ResolvedTest]:
    numbers = st.integers(0, limit)
    index = st.just(fixed["index"]) if "index" in fixed else st.integers(0, 5)
    plain = st.builds(ResolvedTest, index, st.sampled_from([op for op in typing.get_args(Operator) if op != "&=="]), numbers)
    masked = st.builds(ResolvedTest, index, st.just("&=="), numbers, numbers)
    return plain | masked


@given(st.lists(_tests(SMALL - 1, index=0), max_size=5))
def test_the_smallest_number_is_the_one_that_trying_finds(tests: list[ResolvedTest]) -> None:
    # Beyond the tests' own numbers only "large" matters, so twice their range holds a number if any does.
    tried = next((value for value in range(2 * SMALL) if all(test.holds(value) for test in tests)), None)
    found = witness(tests)
    assert (found and found[0]) == tried


@given(st.lists(_tests(U64), max_size=4))
def test_a_witness_passes_every_test(tests: list[ResolvedTest]) -> None:
    found = witness(tests)
    if found is not None:
        assert len(found) == 6
        assert all(0 <= value <= U64 for value in found)
        assert all(test.holds(found[test.index]) for test in tests)


@given(st.lists(_tests(U64), max_size=4), st.lists(st.integers(0, U64), min_size=6, max_size=6))
def test_where_there_is_no_witness_nothing_passes(tests: list[ResolvedTest], args: list[int]) -> None:
    if all(test.holds(args[test.index]) for test in tests):
        assert witness(tests) is not None


def test_the_end_of_the_numbers() -> None:
    assert witness([ResolvedTest(0, ">", U64)]) is None
    assert witness([ResolvedTest(0, "<", 0)]) is None
    assert witness([ResolvedTest(0, ">=", U64), ResolvedTest(0, "!=", U64)]) is None


def _rule(number: int, nrs: set[int], kind: ActionKind, *tests: ResolvedTest) -> ResolvedRule:
    return ResolvedRule(number, frozenset(nrs), Action(kind), tests)


def test_rules_overlap_where_calls_and_arguments_do_and_actions_differ() -> None:
    rules = [
        _rule(1, {1, 2}, ActionKind.ALLOW),
        _rule(2, {2, 3}, ActionKind.TRAP, ResolvedTest(0, ">", 4)),
        _rule(4, {2}, ActionKind.TRAP),
        _rule(5, {3}, ActionKind.LOG, ResolvedTest(0, "<=", 4)),
    ]
    assert list(overlapping(rules)) == [Overlap(1, 2, 2, (5, 0, 0, 0, 0, 0)), Overlap(1, 4, 2, (0, 0, 0, 0, 0, 0))]
