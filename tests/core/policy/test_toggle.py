"""Single changes to a policy."""

from __future__ import annotations

import pytest

from core.policy.check import check
from core.policy.model import Capabilities, Filter, Identity, Paths, Policy, Rule, Seccomp
from core.policy.toggle import (
    AsRoot,
    CallAllowed,
    DefaultAllows,
    Hold,
    Lack,
    OtherArchitecturesPass,
    PathsOff,
    RootOfNamespace,
    RuleOff,
    SeccompOff,
    Several,
    Toggle,
    UserNamespace,
)

FIRST, SECOND = (Rule(syscalls=(name,), action="errno:EPERM") for name in ("socket", "kill"))
STACKED = Policy(seccomp=Seccomp(mode="filter", rules=(FIRST,), stacked=(Filter(rules=(SECOND,), default="errno:EACCES"),)))


def test_a_rule_is_switched_off_where_it_stands() -> None:
    after = RuleOff(SECOND).apply(STACKED)
    assert [rule.enabled for rule in (*after.seccomp.rules, *after.seccomp.stacked[0].rules)] == [True, False]
    assert after.seccomp.stacked[0].rules[0].syscalls == ("kill",)
    assert RuleOff(SECOND).apply(after) == after


def test_a_call_is_allowed_where_the_default_refuses() -> None:
    after = CallAllowed("ptrace").apply(STACKED)
    assert after.seccomp.rules == (FIRST,)
    assert after.seccomp.stacked[0].rules == (SECOND, Rule(syscalls=("ptrace",), action="allow"))
    assert CallAllowed("ptrace").apply(after) == after


@pytest.mark.parametrize(("before", "after"), [
    (None, Capabilities(keep=("CHOWN", "NET_RAW"))),
    (Capabilities(keep=("KILL",)), Capabilities(keep=("KILL", "NET_RAW"))),
    (Capabilities(drop=("CAP_NET_RAW", "KILL")), Capabilities(drop=("KILL",))),
    (Capabilities(drop=("NET_RAW",)), Capabilities(drop=())),
    (Capabilities(drop=("ALL",)), Capabilities(keep=("NET_RAW",))),
    (Capabilities(drop=("KILL",)), Capabilities(keep=("CHOWN", "NET_RAW"))),  # an ordinary user lacks what nobody dropped
    (
        Capabilities(permitted=("KILL",), effective=()),
        Capabilities(permitted=("KILL", "NET_RAW"), effective=("NET_RAW",), inheritable=("CHOWN", "NET_RAW"), ambient=("CHOWN", "NET_RAW")),
    ),
])  # fmt: skip
def test_holding(before: Capabilities | None, after: Capabilities) -> None:
    assert Hold("NET_RAW", ("CHOWN",)).apply(Policy(capabilities=before)) == Policy(capabilities=after)


@pytest.mark.parametrize("capabilities", [None, Capabilities(drop=("KILL",)), Capabilities(drop=())])
def test_what_no_policy_takes_away_any_more_is_held(capabilities: Capabilities | None) -> None:
    assert Hold("NET_RAW").apply(Policy(capabilities=capabilities)) == Policy(capabilities=capabilities)


@pytest.mark.parametrize(("before", "after"), [
    (None, Capabilities(drop=("NET_RAW",))),
    (Capabilities(keep=("KILL", "NET_RAW")), Capabilities(keep=("KILL",))),
    (Capabilities(keep=("ALL",)), Capabilities(drop=("NET_RAW",))),
    (Capabilities(drop=("KILL",)), Capabilities(drop=("KILL", "NET_RAW"))),
    (
        Capabilities(bounding=("NET_RAW",), permitted=("NET_RAW",)),
        Capabilities(bounding=("NET_RAW",), permitted=(), effective=("CHOWN",), inheritable=("CHOWN",), ambient=("CHOWN",)),
    ),
])  # fmt: skip
def test_lacking(before: Capabilities | None, after: Capabilities) -> None:
    assert Lack("NET_RAW", ("CHOWN", "NET_RAW")).apply(Policy(capabilities=before)) == Policy(capabilities=after)


@pytest.mark.parametrize(("toggle", "after"), [
    (DefaultAllows(), Policy(seccomp=Seccomp(mode="filter", default="allow"))),
    (OtherArchitecturesPass(), Policy(seccomp=Seccomp(mode="filter", default="trap", bad_arch="allow"))),
    (SeccompOff(), Policy(seccomp=Seccomp(mode="off", default="trap"))),
    (AsRoot(), Policy(identity=Identity(user="root"), seccomp=Seccomp(mode="filter", default="trap"))),
    (UserNamespace(own=True), Policy(identity=Identity(user_namespace=True), seccomp=Seccomp(mode="filter", default="trap"))),
    (RootOfNamespace(), Policy(identity=Identity(user="root", user_namespace=True), seccomp=Seccomp(mode="filter", default="trap"))),
])  # fmt: skip
def test_one_place_alone_changes(toggle: Toggle, after: Policy) -> None:
    changed = toggle.apply(Policy(seccomp=Seccomp(mode="filter", default="trap")))
    assert changed == after
    check(changed)


def test_several_in_their_order() -> None:
    after = Several((PathsOff(), Hold("KILL", ()), Lack("KILL"))).apply(Policy(paths=Paths(read=("/usr",))))
    assert after == Policy(capabilities=Capabilities(keep=()))
