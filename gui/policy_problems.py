"""Everything that is wrong with a policy at once, so that each field can show its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from core.policy.check import check, check_capabilities, check_rule
from core.policy.error import PolicyError
from core.policy.model import Policy
from core.policy.paths import check_paths
from core.policy.stack import layers


def policy_problems(policy: Policy) -> tuple[PolicyError, ...]:
    """The first problem of each part (identity, capabilities, the filter's head, each rule, the paths), in that order.

    `core.policy.check.check` stops at the first of all; what it says of the whole is among them.
    """
    found = list(_of_parts(policy))
    whole = _problem(partial(check, policy))
    if whole is not None and not any(err.args == whole.args for err in found):
        found.append(whole)
    return tuple(found)


def _of_parts(policy: Policy) -> Iterator[PolicyError]:
    capabilities, seccomp = policy.capabilities, policy.seccomp
    checks: list[Callable[[], None]] = [partial(check, Policy(identity=policy.identity))]
    if capabilities is not None:
        checks.append(partial(check_capabilities, capabilities))
    bare = tuple(msgspec.structs.replace(one, rules=()) for one in seccomp.stacked)
    checks.append(partial(check, Policy(seccomp=msgspec.structs.replace(seccomp, rules=(), stacked=bare))))
    for layer in layers(seccomp):
        checks.extend(partial(check_rule, rule, f"{layer.key}.rules[{index}]") for index, rule in enumerate(layer.filter.rules))
    if policy.paths is not None:
        checks.append(partial(check_paths, policy.paths))
    for one in checks:
        if (problem := _problem(one)) is not None:
            yield problem


def _problem(check_it: Callable[[], None]) -> PolicyError | None:
    try:
        check_it()
    except PolicyError as err:
        return err
    return None
