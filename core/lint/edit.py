"""Changes to a policy, as fixes make them. Rules and filters are numbered from 1, as in `core.policy.stack`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import msgspec

from core.policy.action import parse_action
from core.policy.architectures import native_name
from core.policy.model import Policy, Rule
from core.policy.rules import expand
from core.policy.stack import all_rules, layers


def with_filter(policy: Policy, place: int, **changes: Any) -> Policy:
    """The policy with other fields in the filter of this number."""
    seccomp = policy.seccomp
    if place == 1:
        changed = msgspec.structs.replace(seccomp, **changes)
    else:
        others = list(seccomp.stacked)
        others[place - 2] = msgspec.structs.replace(others[place - 2], **changes)
        changed = msgspec.structs.replace(seccomp, stacked=tuple(others))
    return msgspec.structs.replace(policy, seccomp=changed)


def replace(policy: Policy, number: int, rules: Iterable[Rule]) -> Policy:
    """Other rules in the place of one."""
    layer = next(layer for layer in layers(policy.seccomp) if number in layer.rule_numbers)
    old, index = layer.filter.rules, number - layer.first_rule
    return with_filter(policy, layer.number, rules=(*old[:index], *rules, *old[index + 1 :]))


def remove(policy: Policy, number: int) -> Policy:
    """The policy without that rule."""
    return replace(policy, number, ())


def amend(policy: Policy, number: int, names: Collection[str], change: Callable[[Rule], Rule]) -> Policy:
    """The rule changed for these of its calls; for the others it stays, in front."""
    rule = all_rules(policy.seccomp)[number - 1]
    calls = expand(rule)
    if all(_is_one(call, names) for call in calls):
        return replace(policy, number, [change(rule)])
    stays = msgspec.structs.replace(rule, syscalls=tuple(call for call in calls if not _is_one(call, names)))
    changed = change(msgspec.structs.replace(rule, syscalls=tuple(call for call in calls if _is_one(call, names))))
    return replace(policy, number, [stays, changed])


def without_calls(policy: Policy, number: int, names: Collection[str]) -> Policy:
    """The rule without these calls, its groups spelled out where need be; the policy without the rule where no call is left."""
    rule = all_rules(policy.seccomp)[number - 1]
    calls = expand(rule)
    left = tuple(call for call in calls if not _is_one(call, names))
    if len(left) == len(calls):
        return policy
    return replace(policy, number, [msgspec.structs.replace(rule, syscalls=left)] if left else ())


def _is_one(call: str | int, names: Collection[str]) -> bool:
    return str(call) in names or (isinstance(call, int) and native_name(call) in names)


def decide(policy: Policy, place: int, calls: Collection[str], action: str) -> Policy:
    """The filter of this number answers every one of these calls with `action`, whatever its arguments: by a rule in front, or by its default
    where that says so."""
    for number in reversed(layers(policy.seccomp)[place - 1].rule_numbers):
        if all_rules(policy.seccomp)[number - 1].enabled:
            policy = without_calls(policy, number, calls)
    one = layers(policy.seccomp)[place - 1].filter
    if parse_action(action) == parse_action(one.default):
        return policy
    return with_filter(policy, place, rules=(Rule(syscalls=tuple(calls), action=action), *one.rules))
