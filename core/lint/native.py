"""Filters that leave out this machine's own architecture: every ordinary program's calls get the bad-architecture action."""

from __future__ import annotations

from collections.abc import Iterator

from core.lint.edit import with_filter
from core.lint.finding import Finding, Fix, Severity
from core.lint.subject import Part, refuses, series
from core.policy.action import Action
from core.policy.architectures import NATIVE


def check(part: Part) -> Iterator[Finding]:
    """For a filter whose architectures do not have the native one among them."""
    tables = [table for _, table in part.tables()]
    if NATIVE in tables:
        return
    layer = part.layer
    closed = refuses(Action.from_value(part.meaning.bad_arch))
    severity: Severity = "warning" if closed or not part.refuses_something else "error"
    outcome = (
        "no program of this machine's kind gets as far as its first call"
        if closed
        else "no rule speaks of what programs of this machine do"
    )
    message = (
        f"{part.prefix}{NATIVE}, this machine's own architecture, is not covered: its calls get {layer.filter.bad_arch} one and all, so {outcome}. "
        f"That is right only for a program that is built for {series(tables, 'or')}."
    )
    covering = with_filter(part.policy, layer.number, architectures=("native", *layer.filter.architectures))
    yield Finding("native-uncovered", severity, None, message, Fix("Cover the native architecture too.", covering))
