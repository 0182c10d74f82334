"""For any call: what would alter its fate, and what would not."""

from __future__ import annotations

from collections.abc import Iterator

from core.judge.capability_changes import capability_changes, failure_changes, granted_changes, permission_changes
from core.judge.change import Change, Situation
from core.judge.seccomp_changes import rules_that_passed, seccomp_changes
from core.judge.verdict import Gate, Outcome


def changes(situation: Situation) -> tuple[Change, ...]:
    """Those that help first, in the order in which one would try them; then those that would not, and why."""
    found = list(_changes(situation))
    return tuple(sorted(found, key=lambda change: not change.helps))


def _changes(situation: Situation) -> Iterator[Change]:
    verdict = situation.event.verdict
    if verdict.outcome is Outcome.OK:
        yield from granted_changes(situation)
    elif verdict.gate is Gate.SECCOMP:
        yield from seccomp_changes(situation)
    elif verdict.gate is Gate.CAPABILITY:
        yield from capability_changes(situation)
        yield from rules_that_passed(situation)
    elif verdict.outcome is Outcome.DENIED:
        yield from permission_changes(situation)
        yield from rules_that_passed(situation)
    elif verdict.outcome is Outcome.FAILED:
        yield from failure_changes(situation)
        yield from rules_that_passed(situation)
