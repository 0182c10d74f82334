"""Changes to a policy, as fixes make them. Rules are numbered from 1, as in `core.policy.rules`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import msgspec

from core.policy.action import parse_action
from core.policy.model import Policy, Rule
from core.policy.rules import expand


def with_rules(policy: Policy, rules: Iterable[Rule]) -> Policy:
    """The policy with other rules."""
    return msgspec.structs.replace(policy, seccomp=msgspec.structs.replace(policy.seccomp, rules=tuple(rules)))


def insert(policy: Policy, after: int, rules: Iterable[Rule]) -> Policy:
    """New rules behind rule `after`; 0: in front of all."""
    old = policy.seccomp.rules
    return with_rules(policy, (*old[:after], *rules, *old[after:]))


def replace(policy: Policy, number: int, rules: Iterable[Rule]) -> Policy:
    """Other rules in the place of one."""
    old = policy.seccomp.rules
    return with_rules(policy, (*old[: number - 1], *rules, *old[number:]))


def remove(policy: Policy, number: int) -> Policy:
    """The policy without that rule."""
    return replace(policy, number, ())


def amend(policy: Policy, number: int, names: Collection[str], change: Callable[[Rule], Rule]) -> Policy:
    """The rule changed for these of its calls; for the others it stays, in front."""
    rule = policy.seccomp.rules[number - 1]
    calls = expand(rule)
    if all(call in names for call in calls):
        return replace(policy, number, [change(rule)])
    stays = msgspec.structs.replace(rule, syscalls=tuple(call for call in calls if call not in names))
    changed = change(msgspec.structs.replace(rule, syscalls=tuple(call for call in calls if call in names)))
    return replace(policy, number, [stays, changed])


def without_calls(policy: Policy, number: int, names: Collection[str]) -> Policy:
    """The rule without these calls, its groups spelled out where need be; the policy without the rule where no call is left."""
    rule = policy.seccomp.rules[number - 1]
    calls = expand(rule)
    left = tuple(call for call in calls if call not in names)
    if len(left) == len(calls):
        return policy
    return replace(policy, number, [msgspec.structs.replace(rule, syscalls=left)] if left else ())


def decide(policy: Policy, calls: Collection[str], action: str) -> Policy:
    """Every one of these calls is answered with `action`, whatever its arguments: by a rule in front, or by the default where that says so."""
    for number in range(len(policy.seccomp.rules), 0, -1):
        if policy.seccomp.rules[number - 1].enabled:
            policy = without_calls(policy, number, calls)
    if parse_action(action) == parse_action(policy.seccomp.default):
        return policy
    return insert(policy, 0, [Rule(syscalls=tuple(calls), action=action)])
