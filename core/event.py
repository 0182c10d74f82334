"""The events of a run, as the log, the JSON Lines and the recording show them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from core.judge.verdict import Check, Verdict


@dataclasses.dataclass(frozen=True, slots=True)
class CallEvent:
    """One system call, judged."""

    seq: int
    """Number in the run, from 1, over all events."""
    time_ns: int
    """Entry (return, where the entry was not seen), since the start of the run."""
    pid: int
    tid: int
    comm: str
    syscall: str
    nr: int
    arch: str
    """As in policies: "x86_64", "x86", "x32"."""
    args: tuple[int, int, int, int, int, int]
    text: str
    """The arguments decoded, without the parentheses."""
    ret: int | None
    """As the kernel returned it (-errno on failure); None where the call did not return, or its return says nothing (killed, trapped)."""
    errno: str | None
    duration_ns: int | None
    verdict: Verdict
    checks: tuple[Check, ...]
    """All capability checks inside the call, noise not among them, in their order."""

    def to_json(self) -> dict[str, Any]:
        """The object of one JSON line."""
        verdict = self.verdict
        return {
            "seq": self.seq,
            "time_ns": self.time_ns,
            "kind": "call",
            "pid": self.pid,
            "tid": self.tid,
            "comm": self.comm,
            "syscall": self.syscall,
            "nr": self.nr,
            "arch": self.arch,
            "args": list(self.args),
            "text": self.text,
            "ret": self.ret,
            "errno": self.errno,
            "duration_ns": self.duration_ns,
            "gate": verdict.gate.word,
            "outcome": verdict.outcome.word,
            "evidence": verdict.evidence.word,
            "reason": verdict.reason,
            "rule": verdict.rule,
            "capability": verdict.capability,
            "alternatives": list(verdict.alternatives),
            "checks": [{**dataclasses.asdict(check), "stack": list(check.stack)} for check in self.checks],
        }


@dataclasses.dataclass(frozen=True, slots=True)
class ProcessEvent:
    """A fork, an exec or an exit."""

    seq: int
    time_ns: int
    pid: int
    tid: int
    comm: str
    event: str
    """fork, exec, exit."""
    data: dict[str, Any]
    """fork: `{child, child_tid, thread}`; exec: `{argv, uids, gids, capabilities: {bounding, …: names}, securebits, no_new_privs, seccomp, file,
    before, predicted, agrees, reason, rules, rule_sets}` (`file`: the path of what runs, a script's interpreter; the rest as `AtExec` reads it);
    exit: `{status | signal, thread, seccomp, last_calls}`, the last only with a signal: the numbers of the thread's last calls, at most five."""

    def to_json(self) -> dict[str, Any]:
        """The object of one JSON line; `data` is spread into it."""
        return {
            "seq": self.seq,
            "time_ns": self.time_ns,
            "kind": "process",
            "pid": self.pid,
            "tid": self.tid,
            "comm": self.comm,
            "event": self.event,
            **self.data,
        }


Event = CallEvent | ProcessEvent


def ending(data: Mapping[str, Any]) -> str:
    """How a process or thread ended, from its exit's data."""
    if "signal" in data:
        return f"killed by {data['signal']}{' (seccomp)' if data['seccomp'] else ''}"
    return f"status {data['status']}"
