"""Whether one rule's tests hold wherever another's do: exact, as `core.policy.overlap` is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from core.policy.model import Operator
from core.policy.overlap import witness
from core.policy.rules import ResolvedTest

_OPPOSITE: Final[dict[Operator, Operator]] = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def implies(tests: Sequence[ResolvedTest], others: Sequence[ResolvedTest]) -> bool:
    """Whether all arguments that pass `tests` pass `others`."""
    return not any(witness((*tests, negation)) for other in others for negation in negations(other))


def negations(test: ResolvedTest) -> Iterator[ResolvedTest]:
    """Tests of which at least one holds wherever this one does not."""
    if test.op != "&==":
        yield ResolvedTest(test.index, _OPPOSITE[test.op], test.value)
        return
    for position in range(64):
        bit = 1 << position
        if test.mask & bit:
            yield ResolvedTest(test.index, "&==", ~test.value & bit, bit)


def opposite(op: Operator) -> Operator | None:
    """The comparison that holds where this one does not; None where there is no single one."""
    return _OPPOSITE.get(op)
