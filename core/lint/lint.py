"""Lint: what in a policy does not do what it seems to, why, and how to mend it."""

from __future__ import annotations

from typing import Final

from core.bpf.error import FilterError
from core.lint import answers, arguments, capabilities, moot, native, privilege, rules, siblings, startup, strict, ways_round
from core.lint.finding import Finding
from core.lint.subject import Subject
from core.policy.check import check
from core.policy.model import Policy

_OF_ALL_FILTERS: Final = (ways_round.check, startup.check, answers.check_fallbacks, capabilities.check_filters)
_OF_EACH_FILTER: Final = (
    native.check,
    siblings.check,
    ways_round.check_tables,
    arguments.check,
    rules.check,
    moot.check,
    answers.check_actions,
    capabilities.check_rules,
)
_OF_POLICIES: Final = (strict.check, privilege.check, capabilities.check)
_SEVERITIES: Final = ("error", "warning", "info")


def lint(policy: Policy) -> tuple[Finding, ...]:
    """All findings, the gravest first, in the rules' order. Raises `PolicyError` for a policy that `check` refuses."""
    check(policy)
    found = [finding for family in _OF_POLICIES for finding in family(policy)]
    if policy.seccomp.mode == "filter":
        try:
            subject = Subject(policy)
        except FilterError as err:
            found.append(Finding("filter-impossible", "error", None, f"No filter can be built of these rules: {err}."))
        else:
            found += [finding for family in _OF_ALL_FILTERS for finding in family(subject)]
            found += [finding for part in subject.filters for family in _OF_EACH_FILTER for finding in family(part)]
    return tuple(sorted(found, key=lambda finding: (_SEVERITIES.index(finding.severity), finding.rule or 0)))
