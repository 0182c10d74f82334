"""Actions that have another effect than they seem to have."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from core import resources
from core.knowledge.errnos import errno_number
from core.lint.edit import decide, replace
from core.lint.finding import Finding, Fix, Severity
from core.lint.subject import Subject, refuses
from core.policy.action import ActionKind, parse_action
from core.policy.model import Policy, Rule

_ENOSYS = errno_number("ENOSYS")


def check(subject: Subject) -> Iterator[Finding]:
    """The default's action and each enabled rule's, and calls that libc falls back from."""
    yield from _action(subject, None, subject.policy.seccomp.default)
    for number, rule in subject.rules():
        yield from _action(subject, number, rule.action)
    yield from _fallbacks(subject)


def _action(subject: Subject, number: int | None, word: str) -> Iterator[Finding]:
    action = parse_action(word)
    if action.kind is ActionKind.ERRNO and action.data == 0:
        message = (
            "errno:0 tells the program that the call succeeded, without running it: open would give descriptor 0, which is stdin, "
            "and setuid would seem to have dropped root."
        )
        yield Finding(
            "errno-zero", "warning", number, message, Fix("Answer with errno:EPERM.", _with_action(subject.policy, number, "errno:EPERM"))
        )
    elif action.kind is ActionKind.LOG:
        message = (
            "log lets the call run and only tells the kernel's audit log (journalctl -k, ausearch -m SECCOMP), which takes root to read, leaves out "
            'what comes too fast, and says nothing where /proc/sys/kernel/seccomp/actions_logged lacks "log". Gatescope\'s own log shows these calls anyhow.'
        )
        yield Finding("log-unread", "info", number, message)
    elif action.kind is ActionKind.TRACE:
        message = "trace waits for a tracer that asked for it, and Gatescope's does not: the call does not run and gets ENOSYS."
        yield Finding(
            "trace-unanswered",
            "warning",
            number,
            message,
            Fix("Answer with errno:ENOSYS.", _with_action(subject.policy, number, "errno:ENOSYS")),
        )


def _with_action(policy: Policy, number: int | None, action: str) -> Policy:
    if number is None:
        return msgspec.structs.replace(policy, seccomp=msgspec.structs.replace(policy.seccomp, default=action))
    rule: Rule = policy.seccomp.rules[number - 1]
    return replace(policy, number, [msgspec.structs.replace(rule, action=action)])


def _fallbacks(subject: Subject) -> Iterator[Finding]:
    for call, older, severity, failure in resources.rows("lint/fallbacks.tsv"):
        for _, table in subject.tables():
            answer = subject.answer(table, call)
            if answer is None or not refuses(answer) or not subject.may_run(table, older):
                continue
            if answer.kind is not ActionKind.TRACE and (answer.kind is not ActionKind.ERRNO or answer.data != _ENOSYS):
                grave: Severity = "error" if severity == "error" else "warning"
                message = (
                    f"{call} gets {answer.word} while {older} runs: libc tries {call} first and falls back on {older} only at ENOSYS. "
                    f"As it is, {failure}."
                )
                fix = Fix(f"Answer {call} with errno:ENOSYS.", decide(subject.policy, [call], "errno:ENOSYS"))
                yield Finding("fallback-needs-enosys", grave, None, message, fix)
                break
