"""Calls that failed, and that neither seccomp nor a capability check explains: everything else, or what can be inferred."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from core.judge import landlock, other_gate, wording
from core.judge.cases import numbered
from core.judge.collect import Batch
from core.judge.context import JudgeContext
from core.judge.judged import Finding, Judged
from core.judge.match import among
from core.judge.threads import Threads
from core.judge.verdict import Evidence, Gate, Outcome
from core.knowledge.privileged_calls import privileged_call
from core.knowledge.syscalls import name


@dataclasses.dataclass(frozen=True, slots=True)
class Failed:
    """What is known of the calls of a batch that failed so; columns aligned with its calls."""

    rows: NDArray[np.intp]
    """Which they are."""
    ret: NDArray[np.int64]
    unread: NDArray[np.bool_]
    """Whether a filter that is not known stands over the thread."""
    lost: NDArray[np.int64]
    """How many capability checks were lost in or near its time."""


class Failures:
    """Judges them, one run's."""

    def __init__(self, context: JudgeContext, threads: Threads) -> None:
        self._traced = context.engine == "ptrace"
        self._landlock = context.landlock
        self._threads = threads

    @property
    def may_be_landlock(self) -> bool:
        """Whether a ruleset stands over some thread."""
        return self._landlock is not None or self._threads.restricts_itself

    def judge(self, batch: Batch, failed: Failed, judged: Judged) -> None:
        """Writes their verdicts."""
        rows, ret = failed.rows, failed.ret[failed.rows]
        doubtful = among(ret, other_gate.TELLING) & (self._traced | (failed.lost[rows] > 0))
        if self.may_be_landlock:
            doubtful |= among(ret, landlock.REFUSALS)
        told = numbered(self._doubtful(batch, failed, row) for row in rows[doubtful].tolist())
        judged.settle(rows[doubtful], *told)
        evidence = Evidence.INFERRED if self._traced else Evidence.OBSERVED
        codes, returns = numbered(ret[~doubtful].tolist())
        judged.settle(rows[~doubtful], codes, [_plain(one, evidence) for one in returns])

    def _doubtful(self, batch: Batch, failed: Failed, row: int) -> Finding:
        call, ret, lost = batch.calls[row], int(failed.ret[row]), int(failed.lost[row])
        called, args = name(int(call["arch"]), int(call["nr"])), call["args"].tolist()
        own = bool(self._threads.restricted(int(call["tid"]), int(call["entered_ns"])))
        captures = batch.captures.get(int(call["id"]), ())
        data = {capture.argument: capture.data for capture in captures if not capture.failed}
        if lost and (ret in other_gate.REFUSALS or privileged_call(called, args, -ret, data) is not None):
            return Finding(Gate.OTHER, Outcome.DENIED, Evidence.UNKNOWN, wording.lost(lost, ret))
        if (self._landlock is not None or own) and ret in landlock.REFUSALS:
            finding = landlock.refused(called, args, data, ret, self._landlock, own=own, checked=not self._traced)
            if finding is not None:
                return finding
        if not self._traced:
            return _plain(ret, Evidence.OBSERVED)
        held = self._threads.held(int(call["pid"]), int(call["entered_ns"]))
        return other_gate.inferred(called, args, data, ret, held, own_filter=bool(failed.unread[row])) or other_gate.failed(
            ret, Evidence.INFERRED
        )


def _plain(ret: int, evidence: Evidence) -> Finding:
    return other_gate.refused(ret) if ret in other_gate.REFUSALS else other_gate.failed(ret, evidence)
