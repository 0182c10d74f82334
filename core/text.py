"""Events as lines for people: on a terminal, in the clipboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from core.event import CallEvent, Event, ProcessEvent, ending
from core.judge.verdict import Evidence, Gate, Outcome
from core.knowledge.decode import decode_result
from core.knowledge.errnos import errno_meaning
from core.knowledge.syscalls import ARCHES
from core.observer.wire import AUDIT_ARCH_X86_64
from core.predict.at_exec import AtExec

GATE_SIGNS: Final = {Gate.SECCOMP: "◆", Gate.CAPABILITY: "⬢", Gate.OTHER: "●"}
"""The shape that stands beside each gate's colour and word, here and in the window."""

KILLED_SIGN: Final = "✕"

_ANSI: Final = {Gate.SECCOMP: "35", Gate.CAPABILITY: "33", Gate.OTHER: "36"}
_ANSI_KILLED: Final = "31"
_ANSI_MUTED: Final = "2"

Paint = Callable[[str, str], str]
"""(text, ANSI codes) to the text as it is written."""


def plain(text: str, codes: str) -> str:  # noqa: ARG001  # a Paint that paints nothing
    """For files, and terminals that asked for no colour."""
    return text


def coloured(text: str, codes: str) -> str:
    """With ANSI escape sequences."""
    return f"\x1b[{codes}m{text}\x1b[0m"


def result_text(event: CallEvent) -> str:
    """What the call came to: "3", "EPERM", "killed", "?"."""
    match event.verdict.outcome:
        case Outcome.KILLED | Outcome.TRAPPED as outcome:
            return outcome.word
        case Outcome.UNFINISHED:
            return "?"
        case _ if event.ret is None:
            return "?"
        case _:
            return event.errno or decode_result(ARCHES.get(event.arch, AUDIT_ARCH_X86_64), event.nr, event.ret)


def event_line(event: Event, paint: Paint = plain, native: str = "x86_64") -> str:
    """One line, without its end. A call of another architecture than the `native` one bears its name: "x86:getpid() = 7"."""
    head = paint(f"{event.time_ns / 1e9:10.6f} {event.comm}[{event.tid}]", _ANSI_MUTED)
    return f"{head} {_call_text(event, paint, native) if isinstance(event, CallEvent) else _process_text(event, paint)}"


def _call_text(event: CallEvent, paint: Paint, native: str) -> str:
    call = f"{'' if event.arch == native else f'{event.arch}:'}{event.syscall}({event.text}) = {_return_text(event)}"
    verdict = event.verdict
    if verdict.gate is Gate.NONE or verdict.outcome is Outcome.FAILED:
        return f"{call}  {paint(verdict.reason, _ANSI_MUTED)}" if verdict.reason and verdict.outcome is not Outcome.FAILED else call
    killed = verdict.outcome is Outcome.KILLED
    sign = KILLED_SIGN if killed else GATE_SIGNS[verdict.gate]
    chip = paint(f"{sign} {verdict.gate.word} {verdict.outcome.word}", _ANSI_KILLED if killed else _ANSI[verdict.gate])
    doubt = "" if verdict.evidence is Evidence.OBSERVED else f" ({verdict.evidence.word})"
    return f"{call}  {chip}: {verdict.reason}{doubt}"


def _return_text(event: CallEvent) -> str:
    if event.errno is not None and event.ret is not None:
        return f"-1 {event.errno} ({errno_meaning(-event.ret)})"
    return result_text(event)


def _process_text(event: ProcessEvent, paint: Paint) -> str:
    data = event.data
    match event.event:
        case "fork":
            return f"+++ new {'thread' if data['thread'] else 'process'} {data['child_tid']} +++"
        case "exec":
            return f"+++ runs {' '.join(data['argv']) or event.comm} +++{_exec_text(event, paint)}"
        case _:
            what = f"thread {event.tid}" if data["thread"] else "process"
            return f"+++ {what} ended: {ending(data)} +++"


def _exec_text(event: ProcessEvent, paint: Paint) -> str:
    at_exec = AtExec.of(event.data)
    if at_exec is None:
        return ""
    if at_exec.agrees is False:
        return f"  {paint(f'{KILLED_SIGN} {at_exec.gist}', _ANSI_KILLED)}"
    return f"  {paint(at_exec.gist, _ANSI_MUTED)}"
