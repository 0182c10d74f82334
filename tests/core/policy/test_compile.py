"""The whole of a launch from the whole of a policy."""

from __future__ import annotations

import json
import typing

import pytest

from core.observer.wire import CapabilitySets, FilterSpec, LaunchSpec
from core.policy.compile import compile_policy
from core.policy.error import PolicyError
from core.policy.identity import Caller
from core.policy.model import Capabilities, Filter, Flag, Identity, JudgeFrom, Policy, Rule, Seccomp
from core.policy.target import Target
from tests.core.policy.callers import FULL, HELD_BY_ROOT, ORDINARY_CALLER, ROOT_CALLER, SUDO_CALLER, bit

PROGRAM = bytes.fromhex("060000000000ff7f")  # return ALLOW
TARGET = Target("/bin/true", ("true", "x"), {"LANG": "C", "HOME": "/"}, "/tmp")  # noqa: S108  # a directory's name, nothing is written there
ALL_BUT_SYS_ADMIN = Capabilities(drop=("SYS_ADMIN",))


def _filter(judge_from: JudgeFrom = "entry", flags: tuple[Flag, ...] = ()) -> Seccomp:
    return Seccomp(mode="filter", judge_from=judge_from, flags=flags, rules=(Rule(syscalls=("kill",), action="trap"),))


def _compile(policy: Policy, caller: Caller = ROOT_CALLER) -> LaunchSpec:
    filters = (PROGRAM,) if policy.seccomp.mode == "filter" else ()
    return compile_policy(policy, TARGET, caller, engine="ptrace", filters=filters)


def test_a_whole_policy() -> None:
    policy = Policy(
        identity=Identity(user="bob"),
        capabilities=Capabilities(keep=("NET_RAW",)),
        seccomp=_filter("main", ("log", "spec-allow", "tsync", "log")),
    )
    assert _compile(policy) == LaunchSpec(
        executable="/bin/true",
        argv=("true", "x"),
        environment=(("LANG", "C"), ("HOME", "/")),
        directory="/tmp",  # noqa: S108  # as above
        engine="ptrace",
        uid=1001,
        gid=1002,
        groups=(1002,),
        no_new_privs=True,
        capabilities=CapabilitySets(*(bit(13),) * 5),
        filters=(FilterSpec(PROGRAM, 7),),
        judge_from="main",
    )


def test_each_stacked_filter_is_loaded_after_the_first_with_its_own_flags() -> None:
    stacked = (Filter(flags=("spec-allow",)), Filter())
    seccomp = Seccomp(mode="filter", flags=("log",), stacked=stacked)
    programs = (PROGRAM, bytes(8), PROGRAM)
    spec = compile_policy(Policy(seccomp=seccomp), TARGET, ROOT_CALLER, engine="ptrace", filters=programs)
    assert spec.filters == (FilterSpec(PROGRAM, 2), FilterSpec(bytes(8), 4), FilterSpec(PROGRAM, 0))
    with pytest.raises(ValueError, match="all of them"):
        compile_policy(Policy(seccomp=seccomp), TARGET, ROOT_CALLER, engine="ptrace", filters=programs[:2])


def test_what_is_compiled_is_what_the_observer_reads() -> None:
    spec = _compile(Policy(capabilities=ALL_BUT_SYS_ADMIN, seccomp=_filter()))
    assert LaunchSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


def test_the_default_policy_restricts_nothing_but_new_privileges() -> None:
    spec = _compile(Policy(), ORDINARY_CALLER)
    assert (spec.capabilities, spec.filters, spec.strict, spec.uid, spec.no_new_privs) == (CapabilitySets(), (), False, None, True)


def test_strict_mode_has_no_filter() -> None:
    spec = _compile(Policy(seccomp=Seccomp(mode="strict"), identity=Identity(no_new_privs=False)), ORDINARY_CALLER)
    assert (spec.strict, spec.filters) == (True, ())


def test_a_user_namespace_gives_an_ordinary_user_everything_in_it() -> None:
    spec = _compile(Policy(identity=Identity(user="root", user_namespace=True), capabilities=Capabilities(keep=("ALL",))), ORDINARY_CALLER)
    assert spec.user_namespace
    assert spec.uid_map == ((0, 1000, 1),)
    assert spec.capabilities.permitted == FULL


def test_a_bad_value_is_found_before_anything_is_compiled() -> None:
    with pytest.raises(PolicyError, match=r"^seccomp\.default: "):
        _compile(Policy(seccomp=Seccomp(default="nothing")))


@pytest.mark.parametrize(("mode", "filters"), [("filter", ()), ("off", (PROGRAM,)), ("strict", (PROGRAM,))])
def test_filters_come_with_their_mode(mode: typing.Literal["filter", "off", "strict"], filters: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="needs the built filters"):
        compile_policy(Policy(seccomp=Seccomp(mode=mode)), TARGET, ROOT_CALLER, engine="ptrace", filters=filters)


NEW_PRIVS = Identity(no_new_privs=False)


@pytest.mark.parametrize(
    ("policy", "caller"),
    [
        (Policy(identity=NEW_PRIVS, seccomp=_filter()), ROOT_CALLER),
        (Policy(identity=NEW_PRIVS, seccomp=_filter("execve")), ROOT_CALLER),
        (Policy(identity=NEW_PRIVS, seccomp=_filter("execve")), SUDO_CALLER),
        (Policy(identity=NEW_PRIVS, seccomp=_filter("main"), capabilities=Capabilities(keep=("SYS_ADMIN",))), SUDO_CALLER),
        (Policy(identity=Identity(user="root", user_namespace=True, no_new_privs=False), seccomp=_filter()), ORDINARY_CALLER),
        (Policy(seccomp=_filter(), capabilities=ALL_BUT_SYS_ADMIN), ROOT_CALLER),
    ],
)
def test_a_filter_may_be_loaded_under_no_new_privs_or_with_sys_admin(policy: Policy, caller: Caller) -> None:
    assert _compile(policy, caller).filters


@pytest.mark.parametrize(
    ("policy", "caller", "judge_from"),
    [
        (Policy(identity=NEW_PRIVS, seccomp=_filter()), ORDINARY_CALLER, "entry"),
        (Policy(identity=NEW_PRIVS, seccomp=_filter("execve")), ORDINARY_CALLER, "execve"),
        (Policy(identity=NEW_PRIVS, seccomp=_filter()), SUDO_CALLER, "entry"),
        (Policy(identity=NEW_PRIVS, seccomp=_filter("main"), capabilities=ALL_BUT_SYS_ADMIN), ROOT_CALLER, "main"),
        (Policy(identity=NEW_PRIVS, seccomp=_filter("execve"), capabilities=ALL_BUT_SYS_ADMIN), ROOT_CALLER, "execve"),
        (Policy(identity=Identity(user_namespace=True, no_new_privs=False), seccomp=_filter()), ORDINARY_CALLER, "entry"),
    ],
)
def test_otherwise_it_says_which_toggle_to_change(policy: Policy, caller: Caller, judge_from: str) -> None:
    with pytest.raises(PolicyError) as error:
        _compile(policy, caller)
    assert str(error.value) == (
        "identity.no_new_privs: must be true for this policy: the kernel lets a process load a filter only under no_new_privs or with SYS_ADMIN, "
        f'and the target would have neither at judge_from = "{judge_from}". Set no_new_privs = true, or let the target keep SYS_ADMIN.'
    )


def test_held_by_root_lacks_what_the_machine_withholds() -> None:
    assert _compile(Policy(capabilities=Capabilities(keep=("ALL",)))).capabilities.permitted == HELD_BY_ROOT
