"""What would alter a call's fate: one toggle, what it would do, and how that is known."""

from __future__ import annotations

import dataclasses
import enum

from core.bpf.machine import SeccompData
from core.event import CallEvent
from core.judge.verdict import Evidence, Gate
from core.policy.model import Policy
from core.policy.toggle import Several, Toggle


class ChangeKind(enum.Enum):
    """What is changed."""

    RULE = "rule"
    DEFAULT = "default action"
    MODE = "seccomp mode"
    CAPABILITY = "capability"
    USER = "user"
    NAMESPACE = "user namespace"
    PATHS = "paths"
    FILE = "file"
    """Something outside the policy: a file's owner or mode."""
    NOTHING = "nothing"
    """There is nothing to change."""


class Expected(enum.Enum):
    """What the change is said to do; a second run confirms or refutes it."""

    PASSES = "passes"
    """The gate that stopped the call lets it pass."""
    STAYS = "stays"
    """What became of the call stays the same."""
    STOPS = "stops"
    """The gate that let the call pass stops it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One thing to change, or, where it is `Expected.STAYS`, one that would not help: those teach."""

    kind: ChangeKind
    sentence: str
    """What to do, as a button says it: "Switch off rule 2"."""
    effect: str
    """What it would do, as sentences."""
    evidence: Evidence
    """How the effect is known."""
    expected: Expected
    gate: Gate
    """The gate that it is about."""
    toggle: Toggle | None = None
    """None: no toggle of the policy does it."""
    policy_after: Policy | None = None
    """The run's policy with the toggle changed."""

    @property
    def helps(self) -> bool:
        """Whether what became of the call would be another."""
        return self.expected is not Expected.STAYS

    @property
    def provable(self) -> bool:
        """Whether a second run can tell: exactly one toggle is changed."""
        return self.toggle is not None and not isinstance(self.toggle, Several)


@dataclasses.dataclass(frozen=True, slots=True)
class Holding:
    """What a process held after its last exec, so far as that was seen."""

    effective: frozenset[str]
    uid: int
    """The effective one."""
    user_namespace: int = 0
    """Inode number; 0: not known."""


@dataclasses.dataclass(frozen=True, slots=True)
class Situation:
    """A call with all that decided over it."""

    event: CallEvent
    data: SeccompData
    """What the filters saw."""
    policy: Policy
    """The run's."""
    filters: tuple[bytes, ...] = ()
    """The policy's, as they were loaded, oldest first."""
    held: Holding | None = None
    own_filters: tuple[tuple[int, bytes], ...] = ()
    """Number and program of those that the target installed itself and that stood over the thread, oldest first."""

    def changed(
        self, kind: ChangeKind, sentence: str, effect: str, toggle: Toggle, *, evidence: Evidence, gate: Gate, expected: Expected
    ) -> Change:
        """The change that a toggle of the policy makes."""
        return Change(kind, sentence, effect, evidence, expected, gate, toggle, toggle.apply(self.policy))
