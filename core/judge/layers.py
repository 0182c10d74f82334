"""All filters that stand over the calls of a batch, put together: what seccomp answers to each, and whose answer that is."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from core.judge.computed import ALLOW, Answer, stricter
from core.judge.own_filters import OwnFilters
from core.judge.stacks import POLICY, Stack


@dataclasses.dataclass(frozen=True, slots=True)
class Answers:
    """Columns aligned with the calls."""

    judged: NDArray[np.bool_]
    """Whether the policy's filters stand over the thread."""
    policy: NDArray[np.uint32]
    """What they answer; ALLOW where they do not judge."""
    values: NDArray[np.uint32]
    """What all filters that are known answer together."""
    own: NDArray[np.int16]
    """The number of the target's own filter whose answer that is; 0: the policy's, or nobody's."""
    unread: NDArray[np.bool_]
    """Whether a filter of the target's own stands over the thread whose program is not known."""


def combine(calls: NDArray[np.void], codes: NDArray[np.intp], stacks: list[Stack], policy: Answer, own: OwnFilters) -> Answers:
    """What the stacks answer; `codes`: for each call the place of its stack in `stacks`."""
    count = len(calls)
    answers = Answers(
        judged=np.array([POLICY in stack for stack in stacks])[codes],
        policy=np.full(count, ALLOW, np.uint32),
        values=np.full(count, ALLOW, np.uint32),
        own=np.zeros(count, np.int16),
        unread=np.zeros(count, np.bool_),
    )
    for code, stack in enumerate(stacks):
        rows = np.flatnonzero(codes == code)
        if stack and len(rows):
            _answer(answers, calls if len(rows) == count else calls[rows], rows, stack, policy, own)
    return answers


def _answer(answers: Answers, calls: NDArray[np.void], rows: NDArray[np.intp], stack: Stack, policy: Answer, own: OwnFilters) -> None:
    values, deciding = np.full(len(rows), ALLOW, np.uint32), np.zeros(len(rows), np.int16)
    for layer in reversed(stack):
        answer = policy if layer == POLICY else own.answer(layer)
        if answer is None:
            answers.unread[rows] = True
            continue
        found = answer(calls)
        if layer == POLICY:
            answers.policy[rows] = found
        wins = stricter(found, values)
        values[wins], deciding[wins] = found[wins], layer
    answers.values[rows] = values
    answers.own[rows] = deciding
