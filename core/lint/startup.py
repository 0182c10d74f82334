"""What every program must be able to call from the moment at which the filter judges: the loader's calls, and the ends of processes, threads and signal handlers."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from typing import Final, get_args

from core import resources
from core.lint.edit import decide
from core.lint.finding import Finding, Fix
from core.lint.subject import Subject, refuses, series
from core.policy.action import ActionKind
from core.policy.architectures import NATIVE, call_number
from core.policy.model import JudgeFrom

_MOMENTS: Final[tuple[JudgeFrom, ...]] = get_args(JudgeFrom)
_END: Final = "exit_group"
_LAST_RESORT: Final = "exit"
_DEADLY: Final = (ActionKind.KILL_PROCESS, ActionKind.KILL_THREAD, ActionKind.TRAP)


@dataclasses.dataclass(frozen=True, slots=True)
class Need:
    """A call that every dynamic program makes (resources/lint/startup.tsv)."""

    call: str
    until: JudgeFrom
    """The last moment from which a filter that judges still meets it."""
    vital: bool
    """Whether the program fails where the call is answered with an errno."""
    purpose: str


@functools.cache
def needs() -> tuple[Need, ...]:
    """In the order in which they are made."""
    rows = resources.rows("lint/startup.tsv")
    moments = {str(moment): moment for moment in _MOMENTS}
    return tuple(Need(call, moments[until], vital == "vital", purpose) for call, until, vital, purpose in rows)


def check(subject: Subject) -> Iterator[Finding]:
    """What is missing at the start, and at the end."""
    if NATIVE not in subject.tables():
        return
    judge_from = subject.policy.seccomp.judge_from
    missing = [need for need in needs() if _MOMENTS.index(need.until) >= _MOMENTS.index(judge_from) and _fails(subject, need)]
    if start := [need.call for need in missing if need.call != _END]:
        yield _start(subject, start, judge_from)
    if any(need.call == _END for need in missing):
        yield _killed_at_its_end(subject)
    elif not any(subject.may_run(NATIVE, call) for call in (_END, _LAST_RESORT)):
        yield _without_an_end(subject)
    yield from _later(subject)


def _fails(subject: Subject, need: Need) -> bool:
    if call_number(NATIVE, need.call) is None or subject.may_run(NATIVE, need.call):
        return False
    answer = subject.answer(NATIVE, need.call)
    return need.vital or (answer is not None and answer.kind in _DEADLY)


def _start(subject: Subject, calls: Sequence[str], judge_from: JudgeFrom) -> Finding:
    who = "the launcher's execve and the dynamic loader" if "execve" in calls else "the dynamic loader"
    message = (
        f'With judge_from = "{judge_from}", {who} and libc\'s start-up are judged too, and {series(calls)} {"is" if len(calls) == 1 else "are"} refused: '
        "no dynamic program gets as far as its own first instruction."
    )
    return Finding("startup-missing", "error", None, message, _allow(subject, calls))


def _killed_at_its_end(subject: Subject) -> Finding:
    message = "exit_group is refused, with which every program ends: it would be killed at its end, and its exit status lost."
    return Finding("exit-missing", "error", None, message, _allow(subject, [_END]))


def _without_an_end(subject: Subject) -> Finding:
    message = (
        "exit_group is refused, with which every program ends, and exit, which libc tries next: no program can end, so libc makes it crash "
        "(glibc: SIGSEGV), and its exit status is lost."
    )
    return Finding("exit-missing", "error", None, message, _allow(subject, [_END]))


_LATER: Final = {"exit": "a thread that ends", "rt_sigreturn": "a signal handler that returns"}


def _later(subject: Subject) -> Iterator[Finding]:
    refused = [call for call in _LATER if call_number(NATIVE, call) is not None and not subject.may_run(NATIVE, call)]
    if refused:
        message = f"{series(refused)} {'is' if len(refused) == 1 else 'are'} refused: {series([_LATER[call] for call in refused])} would fail or be killed."
        yield Finding("runtime-missing", "warning", None, message, _allow(subject, refused))


def _allow(subject: Subject, calls: Sequence[str]) -> Fix:
    policy = subject.policy
    for part in subject.filters:
        refused = [call for call in calls if part.refuses_some(NATIVE, call)]
        if refused:
            action = "allow" if refuses(part.default) else part.layer.filter.default
            policy = decide(policy, part.layer.number, refused, action)
    return Fix(f"Let {series(calls)} run.", policy)
