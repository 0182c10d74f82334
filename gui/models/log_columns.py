"""The columns of the log, and what an event says in each of them."""

from __future__ import annotations

import dataclasses
import enum
from typing import Final

from core.event import CallEvent, Event, ProcessEvent
from core.judge.verdict import Evidence, Outcome, Verdict
from core.predict.at_exec import AtExec
from core.text import KILLED_SIGN, result_text


class Column(enum.IntEnum):
    """The columns, in the order in which they stand at first."""

    NUMBER = 0
    TIME = 1
    PID = 2
    PROCESS = 3
    SYSCALL = 4
    ARGUMENTS = 5
    RESULT = 6
    GATE = 7
    REASON = 8
    DURATION = 9
    TID = 10
    EVIDENCE = 11


@dataclasses.dataclass(frozen=True, slots=True)
class ColumnInfo:
    """What is known of a column without any event."""

    title: str
    width: int
    """In pixels, at first."""
    field: str
    """Its name in the filter's grammar."""
    right: bool = False
    mono: bool = False
    hidden: bool = False
    tip: str = ""


COLUMNS: Final[dict[Column, ColumnInfo]] = {
    Column.NUMBER: ColumnInfo("No.", 52, "number", right=True, tip="Number of the event in the run"),
    Column.TIME: ColumnInfo("Time", 62, "time", right=True, tip="Seconds since the target started"),
    Column.PID: ColumnInfo("PID", 60, "pid", right=True, tip="Process"),
    Column.PROCESS: ColumnInfo("Process", 74, "process", tip="Name of the process"),
    Column.SYSCALL: ColumnInfo("Syscall", 96, "syscall", tip="The system call"),
    Column.ARGUMENTS: ColumnInfo("Arguments", 146, "args", mono=True, tip="What it was called with"),
    Column.RESULT: ColumnInfo("Result", 74, "errno", tip="What it returned"),
    Column.GATE: ColumnInfo("Gate", 100, "gate", tip="Which gate said no"),
    Column.REASON: ColumnInfo("Reason", 60, "reason", tip="Why, in a sentence"),
    Column.DURATION: ColumnInfo("Duration", 80, "duration", right=True, hidden=True, tip="From entry to return"),
    Column.TID: ColumnInfo("TID", 56, "tid", right=True, hidden=True, tip="Thread"),
    Column.EVIDENCE: ColumnInfo("Evidence", 84, "evidence", hidden=True, tip="How the verdict is known"),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One event, worded for the log."""

    seq: int
    cells: tuple[str, ...]
    """One text a column, in the order of `Column`."""
    verdict: Verdict | None
    """None for a process event."""
    alarm: bool = False
    """The kernel did something else at an exec than was predicted."""
    brief: str = ""
    """The reason without what the columns beside it say: that column may be narrow, and what is particular comes first."""

    def shown(self, column: Column) -> str:
        """The text as the log paints it."""
        return self.brief if column is Column.REASON else self.cells[column]


def row_of(event: Event) -> Row:
    """What the event says in each column."""
    if isinstance(event, CallEvent):
        return Row(event.seq, _call_cells(event), event.verdict, brief=_brief(event))
    cells = _process_cells(event)
    return Row(event.seq, cells, None, alarm=event.data.get("agrees") is False, brief=cells[Column.REASON])


def duration_text(duration_ns: int | None) -> str:
    """With the unit in which it reads best; empty where it is not known."""
    if duration_ns is None:
        return ""
    for limit, divisor, unit in ((1_000_000, 1_000, "µs"), (1_000_000_000, 1_000_000, "ms")):
        if duration_ns < limit:
            return f"{duration_ns / divisor:.1f} {unit}"
    return f"{duration_ns / 1_000_000_000:.2f} s"


def _call_cells(event: CallEvent) -> tuple[str, ...]:
    verdict = event.verdict
    gate = (verdict.gate.word or "") if verdict.outcome not in (Outcome.OK, Outcome.FAILED) else ""
    return (
        str(event.seq),
        f"{event.time_ns / 1e9:.4f}",
        str(event.pid),
        event.comm,
        event.syscall,
        event.text,
        result_text(event),
        "—" if verdict.outcome is Outcome.FAILED else gate,
        verdict.reason,
        duration_text(event.duration_ns),
        str(event.tid),
        "" if verdict.evidence is Evidence.UNKNOWN and verdict.outcome is Outcome.OK else verdict.evidence.word,
    )


def _brief(event: CallEvent) -> str:
    brief = event.verdict.reason
    for beside in (f"{event.errno}: ", "the kernel asked for ", "seccomp "):
        brief = brief.removeprefix(beside)
    return brief


def _process_cells(event: ProcessEvent) -> tuple[str, ...]:
    arguments, result, reason = _process_words(event)
    number, time = str(event.seq), f"{event.time_ns / 1e9:.4f}"
    return (number, time, str(event.pid), event.comm, event.event, arguments, result, "", reason, "", str(event.tid), "")


def _process_words(event: ProcessEvent) -> tuple[str, str, str]:
    data = event.data
    match event.event:
        case "fork":
            kind = "thread" if data.get("thread") else "process"
            return "", str(data.get("child_tid" if data.get("thread") else "child", "")), f"a new {kind}"
        case "exec":
            return " ".join(data.get("argv") or ()), *_exec_words(event)
        case "exit":
            word = str(data["signal"]) if data.get("signal") else f"status {data.get('status', '?')}"
            kind = "thread" if data.get("thread") else "process"
            return "", word, f"killed by seccomp ({kind})" if data.get("seccomp") else f"the {kind} ended"
        case _:
            return "", "", event.event


def _exec_words(event: ProcessEvent) -> tuple[str, str]:
    at_exec = AtExec.of(event.data)
    if at_exec is None:
        return "", "a new program"
    # In the alarm the alarming comes first: the column may be narrow.
    return (f"{KILLED_SIGN} differs", at_exec.verdict) if at_exec.agrees is False else ("", at_exec.gist)
