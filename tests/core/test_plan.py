"""From a policy to the launch that fits an observer: what the observer's kernel has its say in."""

from __future__ import annotations

import os
from typing import Any, Literal

import pytest

from core.bpf.build import build_filter
from core.observer.abilities import hello
from core.observer.database import look_up
from core.plan import Plan, UsageProblem, make_plan
from core.policy.model import Filter, Identity, Paths, Policy, Rule, Seccomp
from core.policy.paths import landlock_ruleset
from core.policy.stack import layers

USR = Policy(paths=Paths(read=("/usr",), write=()))


def _hello(**changes: Any) -> dict[str, Any]:
    return hello() | changes


def _plan(policy: Policy) -> Plan:
    return make_plan(policy, ["/bin/true"], engine="ptrace")


@pytest.mark.parametrize("abi", [1, 4, 7])
def test_the_ruleset_is_the_one_for_the_observers_kernel(abi: int) -> None:
    launched = _plan(USR).launch(_hello(landlock=abi))
    assert launched.spec.landlock == landlock_ruleset(USR.paths, abi)
    assert launched.context.landlock == launched.spec.landlock
    assert any("send ioctls to devices" in note for note in launched.notes) == (abi < 5)


def test_without_landlock_there_the_launch_is_refused_with_the_sentence() -> None:
    with pytest.raises(UsageProblem, match=r"^paths: needs Landlock"):
        _plan(USR).launch(_hello(landlock=0))
    assert _plan(Policy()).launch(_hello(landlock=0)).spec.landlock is None


def test_stacked_filters_are_built_checked_and_loaded_in_their_order() -> None:
    rule = Rule(syscalls=("getppid",), action="errno:EPERM")
    stacked = (Filter(flags=("log",), rules=(rule,)), Filter(default="log", flags=("spec-allow",)))
    seccomp = Seccomp(mode="filter", stacked=stacked)
    launched = _plan(Policy(seccomp=seccomp)).launch(_hello())
    assert [one.program for one in launched.spec.filters] == [build_filter(layer.filter) for layer in layers(seccomp)]
    assert [one.flags for one in launched.spec.filters] == [0, 2, 4]
    assert launched.context.filters == tuple(one.program for one in launched.spec.filters)
    assert launched.context.flags == 6


def test_a_filter_that_cannot_be_stacked_is_refused_before_there_is_a_process() -> None:
    refusing = Seccomp(mode="filter", default="errno:EPERM", stacked=(Filter(),))
    with pytest.raises(UsageProblem, match=r"^seccomp\.stacked\[0\] cannot be loaded"):
        _plan(Policy(seccomp=refusing))


@pytest.mark.parametrize(
    ("identity", "needed"),
    [
        (Identity(), False),
        (Identity(user=os.getuid()), False),
        (Identity(user=os.getuid() + 1), True),
        (Identity(user="nobody-has-this-name"), False),
        (Identity(user="root", user_namespace=True), False),
        (Identity(user="root", user_namespace=True, uid_map=((0, os.getuid(), 1),), gid_map=((0, os.getgid(), 1),)), False),
        (Identity(user="root", user_namespace=True, uid_map=((0, os.getuid() + 1, 1),)), True),
        (Identity(user="root", user_namespace=True, gid_map=((0, os.getgid(), 2),)), True),
    ],
)
def test_who_can_be_made_only_by_root_is_known_beforehand(identity: Identity, needed: bool) -> None:
    assert _plan(Policy(identity=identity)).needs_root == needed


@pytest.mark.parametrize(
    ("identity", "user", "sentence"),
    [
        (Identity(user="nobody-has-this-name"), None, r"^p\.toml: identity\.user: there is no user"),
        (Identity(group="nobody-has-this-name"), None, r"^p\.toml: identity\.group: there is no group"),
        (Identity(user="root", group="nobody-has-this-name"), "me", r"^p\.toml: identity\.group: there is no group"),
        (Identity(user="me"), "root", r'^identity\.user: "root" cannot be taken on'),
    ],
)
def test_what_only_the_observer_can_refuse_names_the_policys_file_too(
    identity: Identity, user: Literal["me", "root"] | None, sentence: str
) -> None:
    plan = make_plan(Policy(identity=identity), ["/bin/true"], engine="ptrace", user=user, file="p.toml")
    nobody = {
        "uid": 65533,
        "gid": 65533,
        "capabilities": dict.fromkeys(("permitted", "effective", "bounding", "inheritable", "ambient"), 0),
    }
    found = look_up(plan.lookup) if plan.lookup is not None else None
    with pytest.raises(UsageProblem, match=sentence):
        plan.launch(_hello(**nobody), found)


@pytest.mark.parametrize("user", ["me", "root"])
def test_a_map_that_leaves_its_target_out_is_refused_before_anybody_is_asked_for_a_password(user: str) -> None:
    maps = Identity(user=user, user_namespace=True, uid_map=((7, os.getuid() + 70_000, 1),))
    with pytest.raises(UsageProblem, match=r"^p\.toml: identity\.user: .* has no place in identity\.uid_map"):
        make_plan(Policy(identity=maps), ["/bin/true"], file="p.toml")
    make_plan(Policy(identity=maps), ["/bin/true"], elsewhere=True)  # where "me" may be somebody else


def test_why_root_says_how_to_do_without() -> None:
    maps = Identity(user="root", user_namespace=True, uid_map=((0, os.getuid() + 1, 1),))
    plan = make_plan(Policy(identity=maps), ["/bin/true"], file="p.toml")
    assert plan.why_root.startswith("p.toml: identity.uid_map: ")
    assert f"one line: [[0, {os.getuid()}, 1]]. Write that, or run the observer as root" in plan.why_root
