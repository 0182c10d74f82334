"""Verdicts that the kernel's audit log speaks of: what was computed or inferred is observed then."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.judge import wording
from core.judge.audit import AuditEvent, AuditTrail
from core.judge.collect import Batch, ends
from core.judge.judged import Judged
from core.judge.match import among
from core.judge.records import Records
from core.judge.seccomp_gate import outcome_of
from core.judge.verdict import Evidence, Gate, Outcome
from core.knowledge.syscalls import name
from core.observer.wire import CallFlag
from core.policy.action import Action, ActionKind

_EARLIEST_NS: Final = 2_000_000
_LATEST_NS: Final = 25_000_000
# How far before and behind its record's time a call's end may lie: that clock ticks every few milliseconds, and the time is told in whole ones.

_REFUSALS: Final = (-1, -13, -18)  # EPERM, EACCES, EXDEV


class Confirmation:
    """Follows one run's audit log."""

    def __init__(self) -> None:
        self._trail = AuditTrail()

    def confirm(self, batch: Batch, judged: Judged) -> None:
        """Writes into the verdicts what the log says of the batch's calls."""
        self._trail.take(batch.audit)
        times, taken, found = ends(batch.calls), set[int](), set[int]()
        for serial, event in self._trail.waiting():
            first, last = np.searchsorted(times, [max(event.time_ns - _EARLIEST_NS, 0), event.time_ns + _LATEST_NS])
            alike = [row for row in _alike(batch.calls[first:last], event, int(first)) if row not in taken]
            rows = [row for row in alike if _fits(judged, row, event)] or [row for row in alike if _open(judged, row, event)]
            if rows:
                taken.add(rows[0])
                found.add(serial)
                # Calls that are alike and were stopped alike by different filters: which of them the log means cannot be told.
                if len(set(judged.reason[rows].tolist())) == 1 or event.code is None:
                    _write(judged, rows[0], event, batch.calls[rows[0]])
        self._trail.done(found, batch.watermark)


def _alike(calls: Records, event: AuditEvent, first: int) -> list[int]:
    # The rows, of which the slice's first is number `first`, of the calls that the event may be about.
    alike = calls["pid"] == event.pid
    known = {"arch": event.arch, "nr": event.nr, "ret": event.ret, "instruction_pointer": event.instruction_pointer}
    for field, value in known.items():
        if value is not None:
            alike &= calls[field] == value
    if event.refusal:
        alike &= among(calls["ret"], _REFUSALS)
    rows: list[int] = (np.flatnonzero(alike) + first).tolist()
    return rows


def _fits(judged: Judged, row: int, event: AuditEvent) -> bool:
    # Whether the verdict is what the log says.
    if event.code is None:
        return True
    action, stopped, outcome = Action.from_value(event.code), int(judged.gate[row]) == Gate.SECCOMP, int(judged.outcome[row])
    if action.kind is ActionKind.LOG:
        return not stopped and int(judged.reason[row]) != 0
    expected = outcome_of(action)
    # A question that nobody heard, or that was left to a tracer, is a refusal.
    return stopped and (outcome == expected or (expected is Outcome.ANSWERED and outcome == Outcome.DENIED))


def _open(judged: Judged, row: int, event: AuditEvent) -> bool:
    # Whether the verdict may be another than it is.
    return event.code is not None and (int(judged.gate[row]) != Gate.SECCOMP or int(judged.evidence[row]) == Evidence.UNKNOWN)


def _write(judged: Judged, row: int, event: AuditEvent, call: np.void) -> None:
    called = name(int(call["arch"]), int(call["nr"]))
    gate, evidence, reason = int(judged.gate[row]), int(judged.evidence[row]), judged.reasons[judged.reason[row]]
    if event.code is None:
        if gate == Gate.OTHER or evidence != Evidence.OBSERVED:
            _settle(judged, row, Gate.OTHER, Outcome.DENIED, wording.module_refused(int(call["ret"]), event.refusal))
        return
    action = Action.from_value(event.code)
    if gate == Gate.SECCOMP or (action.kind is ActionKind.LOG and reason):
        judged.evidence[row] = Evidence.OBSERVED
        judged.reason[row] = judged.number(wording.audited(reason))
    elif action.kind is ActionKind.LOG:
        judged.reason[row] = judged.number(wording.audited(wording.acted(wording.SOME_FILTER, action, called, 0)))
    elif not call["flags"] & CallFlag.PASSED:
        _settle(judged, row, Gate.SECCOMP, outcome_of(action), wording.audited(wording.some_filter_acted(action, called, int(call["ret"]))))


def _settle(judged: Judged, row: int, gate: Gate, outcome: Outcome, reason: str) -> None:
    judged.gate[row], judged.outcome[row], judged.evidence[row] = gate, outcome, Evidence.OBSERVED
    judged.capability[row], judged.alternatives[row] = -1, 0
    judged.reason[row] = judged.number(reason)
