"""What capabilities that are kept lead to, how dropped ones come back, and which stand beside a seccomp rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from core.knowledge.capabilities import BY_NAME, CAPABILITIES, capability_name, parse_capability
from core.lint.edit import with_filter
from core.lint.finding import Finding, Fix
from core.lint.guards import guards
from core.lint.subject import Part, Subject, refuses, series
from core.policy.action import parse_action
from core.policy.model import ArgumentTest, Capabilities, Policy, Rule
from core.policy.stack import layers

_NEWUSER: Final = ArgumentTest(index=0, op="&==", mask="CLONE_NEWUSER", value="CLONE_NEWUSER")
_NEWUSER_BITS: Final = 0x10000000
_NO_NAMESPACES: Final = (
    Rule(syscalls=("unshare", "clone"), action="errno:EPERM", args=(_NEWUSER,)),
    Rule(syscalls=("clone3",), action="errno:ENOSYS", note="Its flags lie in memory; programs fall back to clone."),
)
_FEW: Final = 5


def check(policy: Policy) -> Iterator[Finding]:
    """What can be said without a filter."""
    if policy.capabilities is None:
        return
    yield from _root_equivalent(policy.capabilities)
    if policy.seccomp.mode == "off" and (lost := _lost(policy.capabilities)):
        yield _namespace(policy, lost, ["unshare", "clone", "clone3"])


def check_filters(subject: Subject) -> Iterator[Finding]:
    """What the filters make of user namespaces."""
    capabilities = subject.policy.capabilities
    if capabilities is not None and (lost := _lost(capabilities)) and (ways := _ways_into_namespaces(subject)):
        yield _namespace(subject.policy, lost, ways)


def check_rules(part: Part) -> Iterator[Finding]:
    """The capabilities that guard what its rules refuse."""
    for number, rule in part.rules():
        if refuses(parse_action(rule.action)):
            yield from _guarded(part, number)


# ── kept ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _root_equivalent(capabilities: Capabilities) -> Iterator[Finding]:
    names = [capabilities.keep, capabilities.permitted, capabilities.ambient]
    named = {BY_NAME[capability_name(parse_capability(name))] for given in names if given for name in given if name != "ALL"}
    for capability in sorted(named, key=lambda one: one.number):
        if capability.root_equivalent:
            message = f"{capability.name} leads to full root: {capability.path_to_root} ({capability.source})"
            yield Finding("root-equivalent", "info", None, message)


# ── dropped ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _lost(capabilities: Capabilities) -> tuple[str, ...]:
    """The names of those that the policy takes away."""
    everything = {capability.name for capability in CAPABILITIES}
    if capabilities.drop is not None:
        gone = _names(capabilities.drop, everything)
    else:
        limits = [names for names in (capabilities.keep, capabilities.bounding, capabilities.permitted) if names is not None]
        gone = {name for names in limits for name in everything - _names(names, everything)}
    return tuple(sorted(gone, key=lambda name: BY_NAME[name].number))


def _names(given: Sequence[str], everything: set[str]) -> set[str]:
    return everything if "ALL" in given else {capability_name(parse_capability(name)) for name in given}


def _ways_into_namespaces(subject: Subject) -> list[str]:
    args = (_NEWUSER_BITS, 0, 0, 0, 0, 0)
    ways = []
    for call, arguments in (("unshare", args), ("clone", args), ("clone3", (0,) * 6)):
        answers = [subject.answer(table, call, arguments) for table in subject.tables()]
        if any(answer is not None and not refuses(answer) for answer in answers):
            ways.append(call)
    return ways


def _namespace(policy: Policy, lost: Sequence[str], ways: Sequence[str]) -> Finding:
    names = series(lost) if len(lost) <= _FEW else f"{len(lost)} capabilities"
    message = (
        f"The policy takes {names} away, but {series(ways)} can make a user namespace (where the machine lets ordinary users), and its maker holds every "
        "capability there: over that namespace's own networks, mounts and host name, though not over the machine's. Much kernel code is reached only so."
    )
    return Finding("namespace-regains", "warning", None, message, _without_namespaces(policy))


def _without_namespaces(policy: Policy) -> Fix | None:
    # Where a default refuses, some rule lets them run, or switching the filter on would do more: what is meant is for its author to say.
    if any(refuses(parse_action(layer.filter.default)) for layer in layers(policy.seccomp)):
        return None
    old = policy.seccomp.rules
    if policy.seccomp.mode != "filter":
        if policy.seccomp.stacked:
            return None
        old = tuple(msgspec.structs.replace(rule, enabled=False) for rule in old)
        policy = with_filter(policy, 1, mode="filter")
    fixed = with_filter(policy, 1, rules=(*_NO_NAMESPACES, *old))
    return Fix("Refuse new user namespaces: unshare and clone with CLONE_NEWUSER, and clone3.", fixed)


# ── beside a rule ─────────────────────────────────────────────────────────────────────────────────────────────────


def _guarded(part: Part, number: int) -> Iterator[Finding]:
    found: set[int] = set()
    for section in part.meaning.sections:
        found.update(guards(part.resolved(section, number), section.arch))
    if found:
        names = [capability_name(capability) for capability in sorted(found)]
        what = series(names) if len(names) <= _FEW else f"{', '.join(names[:_FEW])} and {len(names) - _FEW} more"
        one = len(names) == 1
        message = (
            f"{what} also {'guards' if one else 'guard'} {'what' if one else 'calls that'} this rule refuses: without {'it' if one else 'them'} the kernel would say no too, "
            "but inside the call, after the filter."
        )
        yield Finding("also-guarded", "info", number, message)
