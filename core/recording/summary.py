"""What a run came to, counted as it goes."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from core.judge.match import among
from core.judge.verdict import Check, Gate, Outcome
from core.knowledge.capabilities import capability_name
from core.recording.rows import CALL_ROW, Rows, capability_refusals

STOPPED: Final = (Outcome.DENIED, Outcome.KILLED, Outcome.TRAPPED)
"""The outcomes that count as "a gate said no"."""


@dataclasses.dataclass(frozen=True, slots=True)
class Summary:
    """The counts of a run."""

    calls: int
    denied: Mapping[str, int]
    """By the gate's word."""
    capabilities_used: Mapping[str, int]
    """Granted checks by capability, noise not among them."""
    capabilities_refused: Mapping[str, int]
    """Refused ones; where no check was seen, refusals inferred from errnos."""
    lost: int

    def to_json(self) -> dict[str, Any]:
        """The object of the last JSON line."""
        return {
            "kind": "summary",
            "calls": self.calls,
            "denied": dict(self.denied),
            "capabilities_used": sorted(self.capabilities_used),
            "capabilities_refused": sorted(self.capabilities_refused),
            "lost": self.lost,
        }

    @property
    def sentence(self) -> str:
        """One line for a terminal, in the words of the window."""
        gates = ", ".join(f"{count:,} {gate}" for gate, count in self.denied.items() if count)
        parts = [
            f"{self.calls:,} call{'' if self.calls == 1 else 's'}",
            f"{sum(self.denied.values()):,} denied" + (f": {gates}" if gates else ""),
        ]
        if self.capabilities_used:
            parts.append("capabilities used: " + " ".join(sorted(self.capabilities_used)))
        if self.capabilities_refused:
            parts.append("capabilities refused: " + " ".join(sorted(self.capabilities_refused)))
        parts.append(f"lost {self.lost:,}")
        return " · ".join(parts)


class Tally:
    """Counts rows as they are appended."""

    def __init__(self) -> None:
        self._calls = 0
        self._denied = dict.fromkeys((gate for gate in Gate if gate is not Gate.NONE), 0)
        self._granted: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()

    def add(self, rows: Rows, checks: Mapping[int, tuple[Check, ...]]) -> None:
        """`checks`: by the row's place in `rows`."""
        calls = rows["kind"] == CALL_ROW
        self._calls += int(np.count_nonzero(calls))
        stopped = among(rows["outcome"], STOPPED) & calls
        gates = np.bincount(rows["gate"][stopped], minlength=len(Gate))
        for gate in self._denied:
            self._denied[gate] += int(gates[gate])
        for check in (check for several in checks.values() for check in several):
            (self._granted if check.granted else self._refused)[check.capability] += 1
        for place in capability_refusals(rows):
            if place not in checks:
                self._refused[capability_name(int(rows["capability"][place]))] += 1

    def summary(self, lost: int) -> Summary:
        denied = {gate.word or "": count for gate, count in self._denied.items()}
        return Summary(self._calls, denied, dict(self._granted), dict(self._refused), lost)
