"""Actions that have another effect than they seem to have."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from core import resources
from core.knowledge.errnos import errno_number
from core.lint.edit import decide, replace, with_filter
from core.lint.finding import Finding, Fix, Severity
from core.lint.subject import Part, Subject, refuses
from core.policy.action import ActionKind, parse_action
from core.policy.model import Policy

_ENOSYS = errno_number("ENOSYS")


def check_actions(part: Part) -> Iterator[Finding]:
    """The default's action and each enabled rule's."""
    yield from _action(part, None, part.layer.filter.default)
    for number, rule in part.rules():
        yield from _action(part, number, rule.action)


def _action(part: Part, number: int | None, word: str) -> Iterator[Finding]:
    action = parse_action(word)
    where = part.prefix if number is None else ""
    if action.kind is ActionKind.ERRNO and action.data == 0:
        message = (
            f"{where}errno:0 tells the program that the call succeeded, without running it: open would give descriptor 0, which is stdin, "
            "and setuid would seem to have dropped root."
        )
        yield Finding("errno-zero", "warning", number, message, Fix("Answer with errno:EPERM.", _with_action(part, number, "errno:EPERM")))
    elif action.kind is ActionKind.LOG:
        message = (
            f"{where}log lets the call run and only tells the kernel's audit log (journalctl -k, ausearch -m SECCOMP), which takes root to read, leaves out "
            'what comes too fast, and says nothing where /proc/sys/kernel/seccomp/actions_logged lacks "log". Gatescope\'s own log shows these calls anyhow.'
        )
        yield Finding("log-unread", "info", number, message)
    elif action.kind is ActionKind.TRACE:
        message = f"{where}trace waits for a tracer that asked for it, and Gatescope's does not: the call does not run and gets ENOSYS."
        yield Finding(
            "trace-unanswered",
            "warning",
            number,
            message,
            Fix("Answer with errno:ENOSYS.", _with_action(part, number, "errno:ENOSYS")),
        )


def _with_action(part: Part, number: int | None, action: str) -> Policy:
    if number is None:
        return with_filter(part.policy, part.layer.number, default=action)
    return replace(part.policy, number, [msgspec.structs.replace(part.rule(number), action=action)])


def check_fallbacks(subject: Subject) -> Iterator[Finding]:
    """Calls from which libc falls back only at ENOSYS, and which are answered otherwise."""
    for call, older, severity, failure in resources.rows("lint/fallbacks.tsv"):
        for table in subject.tables():
            answer = subject.answer(table, call)
            if answer is None or not refuses(answer) or not subject.may_run(table, older):
                continue
            if answer.kind is not ActionKind.TRACE and (answer.kind is not ActionKind.ERRNO or answer.data != _ENOSYS):
                grave: Severity = "error" if severity == "error" else "warning"
                message = (
                    f"{call} gets {answer.word} while {older} runs: libc tries {call} first and falls back on {older} only at ENOSYS. "
                    f"As it is, {failure}."
                )
                fix = Fix(f"Answer {call} with errno:ENOSYS.", _answered(subject, call, "errno:ENOSYS"))
                yield Finding("fallback-needs-enosys", grave, None, message, fix)
                break


def _answered(subject: Subject, call: str, action: str) -> Policy:
    # By each filter that refuses it, or another would decide.
    policy = subject.policy
    for part in subject.filters:
        if any(part.refuses_some(table, call) for table in subject.tables()):
            policy = decide(policy, part.layer.number, [call], action)
    return policy
