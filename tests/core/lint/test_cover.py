"""Whether one rule's tests hold wherever another's do, against trying it out."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from core.lint.cover import implies, negations, opposite
from core.policy.model import Operator
from core.policy.rules import ResolvedTest

SMALL = range(8)
TESTS = st.builds(
    ResolvedTest, index=st.integers(0, 1), op=st.sampled_from(("==", "!=", "<", "<=", ">", ">=")), value=st.integers(0, 7)
) | st.builds(
    lambda index, value, mask: ResolvedTest(index, "&==", value & mask, mask), st.integers(0, 1), st.integers(0, 7), st.integers(0, 7)
)
BOUND = (ResolvedTest(0, "<=", 7), ResolvedTest(1, "<=", 7))
"""What is tried is all that there is."""


def _passing(tests: tuple[ResolvedTest, ...]) -> set[tuple[int, int]]:
    return {args for args in itertools.product(SMALL, SMALL) if all(test.holds(args[test.index]) for test in tests)}


@given(st.lists(TESTS, max_size=3).map(tuple), st.lists(TESTS, max_size=2).map(tuple))
def test_implication_is_inclusion(tests: tuple[ResolvedTest, ...], others: tuple[ResolvedTest, ...]) -> None:
    assert implies((*tests, *BOUND), others) == (_passing(tests) <= _passing(others))


@given(TESTS)
def test_negations_hold_exactly_where_the_test_does_not(test: ResolvedTest) -> None:
    for args in itertools.product(SMALL, SMALL):
        assert any(one.holds(args[one.index]) for one in negations(test)) != test.holds(args[test.index])


@given(st.sampled_from(("==", "!=", "<", "<=", ">", ">=")), st.integers(0, 7), st.integers(0, 7))
def test_an_opposite_holds_where_the_comparison_does_not(op: Operator, value: int, argument: int) -> None:
    other = opposite(op)
    assert other is not None
    assert ResolvedTest(0, op, value).holds(argument) != ResolvedTest(0, other, value).holds(argument)


def test_a_masked_comparison_has_no_single_opposite() -> None:
    assert opposite("&==") is None
