"""What a run did with capabilities: asked for, granted, refused, by which calls and kernel functions, and what it held in vain."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.judge.verdict import Check
from core.knowledge.capabilities import NAMES, capability_name
from core.knowledge.noise import asking_function
from core.knowledge.syscalls import name
from core.recording.rows import PROCESS_ROW, Rows, capability_refusals

if TYPE_CHECKING:
    from core.recording.recording import Recording


@dataclasses.dataclass(slots=True)
class CapabilityUse:
    """One capability in one run."""

    name: str
    granted: int = 0
    """Checks that the kernel answered with yes; noise is not counted."""
    refused: int = 0
    """Checks that it answered with no; where no checks are seen, refusals inferred from errnos."""
    held: bool = False
    """Whether some program of the run held it (it was in the permitted set after an exec)."""
    calls: Counter[str] = dataclasses.field(default_factory=Counter)
    """The system calls in which it was asked for, and how often."""
    functions: Counter[str] = dataclasses.field(default_factory=Counter)
    """The kernel functions that asked."""

    @property
    def asked(self) -> int:
        return self.granted + self.refused

    @property
    def idle(self) -> bool:
        """Held, and never granted in a check: as far as this run goes, it could be dropped."""
        return self.held and not self.granted


class CapabilityUses:
    """Counts the checks of a recording as they come."""

    def __init__(self) -> None:
        self._uses: dict[str, CapabilityUse] = {}

    def take(self, recording: Recording, start: int, stop: int) -> None:
        """Counts the events of [start, stop)."""
        for first, rows in recording.rows.slices(start, stop):
            self._count_checks(recording, first, rows)
            self._note_held(recording, first, rows)

    def uses(self) -> list[CapabilityUse]:
        """Those that were asked for or held, in the order of their numbers."""
        return sorted(self._uses.values(), key=lambda use: NAMES.index(use.name) if use.name in NAMES else len(NAMES))

    def _use(self, capability: str) -> CapabilityUse:
        return self._uses.setdefault(capability, CapabilityUse(capability))

    def _count_checks(self, recording: Recording, first: int, rows: Rows) -> None:
        checks = recording.details.checks
        for place in range(len(rows)):
            if first + place in checks:
                called = name(int(rows["arch"][place]), int(rows["nr"][place]))
                for check in checks[first + place]:
                    self._count(check, called)
        for place in capability_refusals(rows):
            if first + place not in checks:
                use = self._use(capability_name(int(rows["capability"][place])))
                use.refused += 1
                use.calls[name(int(rows["arch"][place]), int(rows["nr"][place]))] += 1

    def _count(self, check: Check, called: str) -> None:
        use = self._use(check.capability)
        if check.granted:
            use.granted += 1
        else:
            use.refused += 1
        use.calls[called] += 1
        if asker := _asker(check.stack):
            use.functions[asker] += 1

    def _note_held(self, recording: Recording, first: int, rows: Rows) -> None:
        for place in np.flatnonzero(rows["kind"] == PROCESS_ROW).tolist():
            event, data = recording.details.process[first + place]
            if event == "exec":
                for capability in data["capabilities"]["permitted"]:
                    self._use(capability).held = True


def could_be_dropped(recording: Recording, uses: Sequence[CapabilityUse]) -> tuple[tuple[str, ...], str]:
    """The capabilities that this run held in vain, and a sentence on how far that can be known; none where it cannot be."""
    if recording.header.engine != "ebpf":
        return (), "What could be dropped is not known: ptrace does not see the kernel's checks. Run under eBPF to see them."
    idle = tuple(use.name for use in uses if use.idle)
    if lost := recording.lost.get("checks", 0):
        return (), f"What could be dropped is not known: {lost:,} checks were lost, and any of them may have been needed."
    if not any(use.held for use in uses):
        return (), "No program of this run held a capability."
    if not idle:
        return (), "Every capability that was held was also needed."
    held = sum(use.held for use in uses)
    return (
        idle,
        f"{len(idle)} of the {held} capabilities held were never needed in this run: they could be dropped. Another run may need them.",
    )


@functools.lru_cache(4096)
def _asker(stack: tuple[str, ...]) -> str:
    asker = asking_function(stack)
    return "" if asker.startswith("0x") else asker
