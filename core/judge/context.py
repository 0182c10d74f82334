"""What the judge is told once about a run: the policy's filters and rules, and how the target is watched."""

from __future__ import annotations

import dataclasses

from core.observer.wire import Engine, JudgeFrom, Landlock
from core.policy.model import Seccomp


@dataclasses.dataclass(frozen=True, slots=True)
class JudgeContext:
    """The circumstances of a run, constant while it lasts."""

    engine: Engine
    """What it may take for observed: under `ebpf` a missing enter is seccomp's doing, under `ptrace` that must be computed."""
    filters: tuple[bytes, ...] = ()
    """The policy's filters as the kernel has them, oldest first; judged by from `judge_from` on."""
    flags: int = 0
    """SECCOMP_FILTER_FLAG_* with which they were installed, of all of them together."""
    rules: Seccomp = dataclasses.field(default_factory=Seccomp)
    """The policy's seccomp section: which rule a filter's answer came from."""
    strict: bool = False
    """Seccomp mode 1 instead of filters."""
    judge_from: JudgeFrom = "entry"
    """With `execve` everything is judged, the launch's own execve too; else what comes after a JUDGING record."""
    landlock: Landlock | None = None
    """The ruleset that the target is under, from before its execve on; None: none of the policy's."""
