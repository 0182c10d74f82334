"""The verdicts on a batch of calls, as columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.judge.verdict import Check, Evidence, Gate, Outcome, Verdict
from core.knowledge.capabilities import capability_name


@dataclasses.dataclass(slots=True)
class Judged:
    """Columns aligned with the batch's calls; a fresh one says of every call that it just worked, and that this was observed."""

    gate: NDArray[np.uint8]
    outcome: NDArray[np.uint8]
    evidence: NDArray[np.uint8]
    rule: NDArray[np.int16]
    """The policy's rule that decided, from 1; 0: none. Also set where a rule let the call pass."""
    own_filter: NDArray[np.int16]
    """The number of the target's own filter that decided, or logged, from 1; 0: none."""
    capability: NDArray[np.int16]
    """-1: none."""
    alternatives: NDArray[np.uint64]
    """Bit n: capability n would have done."""
    conflict: NDArray[np.bool_]
    judged: NDArray[np.bool_]
    """Whether the policy's filters stood over the thread."""
    reason: NDArray[np.int32]
    """Index into `reasons`."""
    reasons: list[str]
    """Each sentence once; the first is empty."""
    checks: dict[int, tuple[Check, ...]]
    """By the call's index in the batch: its checks, noise set aside, in their order."""
    _numbers: dict[str, int] = dataclasses.field(default_factory=lambda: {"": 0}, repr=False)

    @classmethod
    def fresh(cls, length: int) -> Judged:
        """For `length` calls."""
        return cls(
            gate=np.full(length, Gate.NONE, np.uint8),
            outcome=np.full(length, Outcome.OK, np.uint8),
            evidence=np.full(length, Evidence.OBSERVED, np.uint8),
            rule=np.zeros(length, np.int16),
            own_filter=np.zeros(length, np.int16),
            capability=np.full(length, -1, np.int16),
            alternatives=np.zeros(length, np.uint64),
            conflict=np.zeros(length, np.bool_),
            judged=np.ones(length, np.bool_),
            reason=np.zeros(length, np.int32),
            reasons=[""],
            checks={},
        )

    def __len__(self) -> int:
        return len(self.gate)

    def settle(self, rows: NDArray[np.intp], codes: NDArray[np.intp], findings: Sequence[Finding]) -> None:
        """Writes to each of `rows` the finding whose place `codes` has."""
        self.gate[rows] = np.array([finding.gate for finding in findings], np.uint8)[codes]
        self.outcome[rows] = np.array([finding.outcome for finding in findings], np.uint8)[codes]
        self.evidence[rows] = np.array([finding.evidence for finding in findings], np.uint8)[codes]
        self.capability[rows] = np.array([finding.capability for finding in findings], np.int16)[codes]
        self.alternatives[rows] = np.array([finding.alternatives for finding in findings], np.uint64)[codes]
        self.conflict[rows] = np.array([finding.conflict for finding in findings], np.bool_)[codes]
        self.reason[rows] = np.array([self.number(finding.reason) for finding in findings], np.int32)[codes]

    def number(self, reason: str) -> int:
        """The place of a sentence in `reasons`, where it is added if it is new."""
        number = self._numbers.setdefault(reason, len(self.reasons))
        if number == len(self.reasons):
            self.reasons.append(reason)
        return number

    def verdict(self, index: int) -> Verdict:
        """The verdict on one call."""
        rule, capability, alternatives = int(self.rule[index]), int(self.capability[index]), int(self.alternatives[index])
        return Verdict(
            gate=Gate(int(self.gate[index])),
            outcome=Outcome(int(self.outcome[index])),
            evidence=Evidence(int(self.evidence[index])),
            reason=self.reasons[self.reason[index]],
            rule=rule or None,
            own_filter=int(self.own_filter[index]) or None,
            capability=capability_name(capability) if capability >= 0 else None,
            alternatives=tuple(capability_name(number) for number in range(64) if alternatives >> number & 1),
            conflict=bool(self.conflict[index]),
            judged=bool(self.judged[index]),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """What the judge found on one case, in the columns' own numbers."""

    gate: Gate
    outcome: Outcome
    evidence: Evidence
    reason: str
    capability: int = -1
    alternatives: int = 0
    conflict: bool = False
    ruled: bool = False
    """The policy's seccomp rule, default or bad-architecture action decided."""
    own_filter: int = 0
    """The number of the target's own filter that decided; 0: none."""
