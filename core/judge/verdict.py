"""The vocabulary of verdicts: at which gate a call was stopped, what became of it, and how that is known."""

from __future__ import annotations

import dataclasses
import enum


class Gate(enum.IntEnum):
    """Where a call can be stopped."""

    NONE = 0
    """Nowhere: no gate said no."""
    SECCOMP = 1
    """A seccomp filter (or strict mode), before the call ran."""
    CAPABILITY = 2
    """A capability check, somewhere inside the call."""
    OTHER = 3
    """File permissions, an LSM, the arguments: everything else that makes a call fail."""

    @property
    def word(self) -> str | None:
        """As the events' JSON has it; None for NONE."""
        return None if self is Gate.NONE else self.name.lower()


class Outcome(enum.IntEnum):
    """What became of a call."""

    OK = 0
    DENIED = 1
    KILLED = 2
    TRAPPED = 3
    ANSWERED = 4
    """By the user or another notifier, instead of the kernel."""
    FAILED = 5
    """An ordinary errno that no check explains."""
    UNFINISHED = 6
    """The thread ended inside the call, or the recording did."""

    @property
    def word(self) -> str:
        return self.name.lower()


class Evidence(enum.IntEnum):
    """How a verdict is known."""

    UNKNOWN = 0
    OBSERVED = 1
    """The kernel said so: a tracepoint fired, or did not."""
    COMPUTED = 2
    """The recorded call was put through the recorded filter."""
    INFERRED = 3
    """From the errno, and what is known of the call and of the sets held."""

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """One capability check inside a call."""

    capability: str
    """Without CAP_: "NET_RAW"; a number as text where it has no name yet."""
    granted: bool
    decisive: bool
    """Whether this refusal is why the call failed."""
    namespace: int
    """Inode number of the user namespace that the capability was asked against."""
    stack: tuple[str, ...]
    """Kernel functions, cap_capable's caller first; `0x…` where the name is not known."""


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one call, who decided, and the evidence."""

    gate: Gate
    outcome: Outcome
    evidence: Evidence
    reason: str
    """A sentence that a learner can read; empty for a call that just worked."""
    rule: int | None = None
    """The number of the policy's seccomp rule that decided, from 1; None where none did (or the default action)."""
    capability: str | None = None
    """The capability whose refusal decided."""
    alternatives: tuple[str, ...] = ()
    """Capabilities each of which would have done."""
    own_filter: int | None = None
    """The number, from 1, of the seccomp filter that decided (or logged) where the target installed it itself (`Recording.own_filters`)."""
    conflict: bool = False
    """What was observed and what was computed disagree; `reason` says how."""
    judged: bool = True
    """Whether the policy's filters, where it has some, judged the call; False: it came before the moment from which they do."""
