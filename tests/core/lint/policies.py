"""Policies to be linted: short ways to write them, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.lint.finding import Finding
from core.lint.lint import lint
from core.policy.check import check
from core.policy.file import decode, encode
from core.policy.model import ArgumentTest, Filter, Operator, Policy, Rule, Seccomp


def rule(syscalls: str, action: str = "errno:EPERM", *tests: ArgumentTest, **more: Any) -> Rule:
    """A rule for calls parted by spaces; those that are digits are numbers."""
    return Rule(syscalls=tuple(int(word) if word.isdecimal() else word for word in syscalls.split()), action=action, args=tests, **more)


def arg(index: int, op: Operator, value: int | str, mask: int | str | None = None) -> ArgumentTest:
    return ArgumentTest(index=index, op=op, value=value, mask=mask)


def policy(*rules: Rule, **more: Any) -> Policy:
    """In mode "filter"; `more` are fields of the seccomp section."""
    return Policy(seccomp=Seccomp(mode="filter", rules=rules, **more))


def stacked(*rules: Rule, **more: Any) -> Filter:
    return Filter(rules=rules, **more)


def found(asked: Policy, code: str) -> list[Finding]:
    """The findings of this kind."""
    return [finding for finding in lint(asked) if finding.code == code]


def the(asked: Policy, code: str) -> Finding:
    """The one finding of this kind."""
    (finding,) = found(asked, code)
    return finding


def mended(asked: Policy, code: str) -> Policy:
    """The policy after the fix of the one finding of this kind, which is valid and no longer has it."""
    fix = the(asked, code).fix
    assert fix is not None
    check(fix.policy)
    assert decode(encode(fix.policy)) == fix.policy
    assert found(fix.policy, code) == []
    return fix.policy


def is_still_there(finding: Finding, before: Sequence[Finding], fixed: Policy) -> bool:
    """Whether lint still says of the fixed policy what it said among others before. Rules move, and two may be alike: it goes by the words."""
    known_by = _of_family if finding.code in ("sibling-open", "signal-open") else _words

    def alike(findings: Sequence[Finding]) -> int:
        return sum(known_by(one) == known_by(finding) for one in findings)

    return alike(lint(fixed)) >= alike(before)


def _words(finding: Finding) -> tuple[str, str]:
    return finding.code, finding.message


def _of_family(finding: Finding) -> tuple[str, str]:
    # The calls that are refused, and what they do: a way that is still open is told in the same words, whichever it is.
    return finding.message.split(" answered with")[0], finding.message.partition(" which ")[2].partition(" too,")[0]
