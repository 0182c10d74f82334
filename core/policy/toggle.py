"""Single changes to a policy, each a value of its own: shown, made, undone and tried one at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from core.knowledge.capabilities import capability_name, parse_capability
from core.policy.expert import EXPERT_SETS
from core.policy.model import Capabilities, Filter, Policy, Rule, Seccomp

_ALL: Final = "ALL"


@dataclasses.dataclass(frozen=True, slots=True)
class RuleOff:
    """A seccomp rule is disabled, wherever it stands; a policy without that rule stays as it is."""

    rule: Rule

    def apply(self, policy: Policy) -> Policy:
        return _with_filters(policy, self._without)

    def _without(self, one: Filter) -> dict[str, Any]:
        off = msgspec.structs.replace(self.rule, enabled=False)
        return {"rules": tuple(off if rule == self.rule else rule for rule in one.rules)}


@dataclasses.dataclass(frozen=True, slots=True)
class CallAllowed:
    """A rule that allows one call is added to every filter that does not let pass what it has no rule for."""

    call: str | int

    def apply(self, policy: Policy) -> Policy:
        return _with_filters(policy, self._with)

    def _with(self, one: Filter) -> dict[str, Any]:
        rule = Rule(syscalls=(self.call,), action="allow")
        return {} if rule in one.rules or one.default == "allow" else {"rules": (*one.rules, rule)}


@dataclasses.dataclass(frozen=True, slots=True)
class DefaultAllows:
    """Where no rule speaks, calls pass."""

    def apply(self, policy: Policy) -> Policy:
        return _with_filters(policy, lambda _: {"default": "allow"})


@dataclasses.dataclass(frozen=True, slots=True)
class OtherArchitecturesPass:
    """Calls of architectures that the filter does not cover pass."""

    def apply(self, policy: Policy) -> Policy:
        return _with_filters(policy, lambda _: {"bad_arch": "allow"})


@dataclasses.dataclass(frozen=True, slots=True)
class SeccompOff:
    """No filter, no strict mode."""

    def apply(self, policy: Policy) -> Policy:
        return msgspec.structs.replace(policy, seccomp=msgspec.structs.replace(policy.seccomp, mode="off"))


@dataclasses.dataclass(frozen=True, slots=True)
class Hold:
    """The target holds one capability more."""

    capability: str
    held: tuple[str, ...] | None = None
    """What it holds already, where it lacks the capability though the policy does not take it away; None: the policy does."""

    def apply(self, policy: Policy) -> Policy:
        return msgspec.structs.replace(policy, capabilities=self._of(policy.capabilities))

    def _of(self, before: Capabilities | None) -> Capabilities | None:
        everything = tuple(dict.fromkeys((*(self.held or ()), self.capability)))
        if before is None:
            return None if self.held is None else Capabilities(keep=everything)
        if before.keep is not None:
            return Capabilities(keep=tuple(dict.fromkeys((*before.keep, self.capability))))
        if before.drop is not None:
            if self.capability in _names(before.drop):
                return Capabilities(drop=_without(before.drop, self.capability))
            if _ALL in before.drop:
                return Capabilities(keep=(self.capability,))
            return before if self.held is None else Capabilities(keep=everything)
        given = {name: getattr(before, name) for name in EXPERT_SETS}
        # A set that is left as it is lacks the capability too, but for the bounding set, which only limits.
        sets = {name: everything if names is None else tuple(dict.fromkeys((*names, self.capability))) for name, names in given.items()}
        if given["bounding"] is None:
            del sets["bounding"]
        return msgspec.structs.replace(before, **sets)


@dataclasses.dataclass(frozen=True, slots=True)
class Lack:
    """The target does not hold one capability."""

    capability: str
    held: tuple[str, ...] = ()
    """What it holds now, for policies that did not say so."""

    def apply(self, policy: Policy) -> Policy:
        return msgspec.structs.replace(policy, capabilities=self._of(policy.capabilities))

    def _of(self, before: Capabilities | None) -> Capabilities:
        if before is None:
            return Capabilities(drop=(self.capability,))
        if before.keep is not None:
            whole = _ALL in before.keep
            return Capabilities(drop=(self.capability,)) if whole else Capabilities(keep=_without(before.keep, self.capability))
        if before.drop is not None:
            return Capabilities(drop=tuple(dict.fromkeys((*before.drop, self.capability))))
        sets = {name: _without(self._given(before, name), self.capability) for name in EXPERT_SETS if name != "bounding"}
        return msgspec.structs.replace(before, **sets)

    def _given(self, before: Capabilities, name: str) -> tuple[str, ...]:
        names: tuple[str, ...] | None = getattr(before, name)
        return self.held if names is None or _ALL in names else names


@dataclasses.dataclass(frozen=True, slots=True)
class AsRoot:
    """The target runs as root."""

    def apply(self, policy: Policy) -> Policy:
        return _with_identity(policy, user="root", group=None, groups=None)


@dataclasses.dataclass(frozen=True, slots=True)
class UserNamespace:
    """The target runs in a user namespace of its own, or no longer does; as whom it runs stays."""

    own: bool

    def apply(self, policy: Policy) -> Policy:
        return _with_identity(policy, user_namespace=self.own)


@dataclasses.dataclass(frozen=True, slots=True)
class RootOfNamespace:
    """The target runs as root of a user namespace of its own."""

    def apply(self, policy: Policy) -> Policy:
        return _with_identity(policy, user="root", group=None, groups=None, user_namespace=True)


@dataclasses.dataclass(frozen=True, slots=True)
class PathsOff:
    """Landlock is off."""

    def apply(self, policy: Policy) -> Policy:
        return msgspec.structs.replace(policy, paths=None)


@dataclasses.dataclass(frozen=True, slots=True)
class Several:
    """More than one of them, in order."""

    toggles: tuple[Toggle, ...]

    def apply(self, policy: Policy) -> Policy:
        for toggle in self.toggles:
            policy = toggle.apply(policy)
        return policy


Toggle = (
    RuleOff
    | CallAllowed
    | DefaultAllows
    | OtherArchitecturesPass
    | SeccompOff
    | Hold
    | Lack
    | AsRoot
    | UserNamespace
    | RootOfNamespace
    | PathsOff
    | Several
)
"""`apply` gives the changed policy; a policy that is so already comes back equal."""


def _with_filters(policy: Policy, change: Callable[[Filter], dict[str, Any]]) -> Policy:
    seccomp: Seccomp = msgspec.structs.replace(policy.seccomp, **change(policy.seccomp))
    stacked = tuple(msgspec.structs.replace(one, **change(one)) for one in seccomp.stacked)
    return msgspec.structs.replace(policy, seccomp=msgspec.structs.replace(seccomp, stacked=stacked))


def _with_identity(policy: Policy, **fields: Any) -> Policy:
    return msgspec.structs.replace(policy, identity=msgspec.structs.replace(policy.identity, **fields))


def _names(names: Iterable[str]) -> list[str]:
    """As the kernel's header has them: a policy may also say CAP_NET_RAW, net_raw or 13."""
    return [name if name == _ALL else capability_name(parse_capability(name)) for name in names]


def drops(capabilities: Capabilities | None, capability: str) -> bool:
    """Whether the simple form takes this capability (without CAP_) away."""
    return capabilities is not None and capabilities.drop is not None and bool({_ALL, capability}.intersection(_names(capabilities.drop)))


def _without(names: Iterable[str], capability: str) -> tuple[str, ...]:
    return tuple(name for name in _names(names) if name != capability)
