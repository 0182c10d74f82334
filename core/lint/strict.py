"""The modes without a filter: strict mode's surprises, and rules that nobody applies."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from core.lint.finding import Finding, Fix
from core.policy.model import Policy
from core.policy.stack import all_rules


def check(policy: Policy) -> Iterator[Finding]:
    """Only for the modes "strict" and "off"."""
    mode = policy.seccomp.mode
    if mode == "strict":
        message = (
            "Strict mode leaves read, write, exit and rt_sigreturn. libc ends a process with exit_group, so even a program that returns from main "
            "at once is killed by SIGKILL; only one that makes the bare call exit ends well."
        )
        yield Finding("strict-exit", "info", None, message)
    if mode != "filter" and any(rule.enabled for rule in all_rules(policy.seccomp)):
        message = f'The mode is "{mode}", so the rules are not applied.'
        filtering = msgspec.structs.replace(policy, seccomp=msgspec.structs.replace(policy.seccomp, mode="filter"))
        yield Finding("rules-unused", "warning", None, message, Fix('Set mode = "filter".', filtering))
