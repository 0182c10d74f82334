"""The compiled launch carried out: the kernel says whether the target holds exactly what the policy asks for."""

from __future__ import annotations

import dataclasses
import typing

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.knowledge.capabilities import capability_name
from core.observer.wire import CapabilitySets, LaunchSpec
from core.plan import build_filters
from core.policy.capabilities import effective_after_exec
from core.policy.compile import compile_policy
from core.policy.error import PolicyError
from core.policy.expert import EXPERT_SETS
from core.policy.identity import Caller
from core.policy.model import Capabilities, Filter, Identity, Policy, Seccomp
from core.policy.securebits import SECUREBITS
from tests.core.policy.callers import this_process
from tests.core.policy.launched import NOBODY, STATUS, status_after_exec, user_namespaces_for_all
from tests.support.privilege import require, require_root

MASKS = st.integers(0, (2 << 40) - 1)
PIPES: typing.Final = ("pipe", "pipe", "pipe")


@pytest.fixture(autouse=True)
def _root() -> None:
    require_root("launching with chosen capabilities")


def _names(mask: int) -> tuple[str, ...]:
    return tuple(capability_name(number) for number in range(64) if mask >> number & 1)


def _launched(policy: Policy, *, observer_uid: int | None = None) -> dict[str, str]:
    def compiled(caller: Caller) -> LaunchSpec:
        return compile_policy(policy, STATUS, caller, engine="ptrace", stdio=PIPES)

    return status_after_exec(compiled, observer_uid=observer_uid)


def _identity(uid: int, *, no_new_privs: bool) -> Identity:
    return Identity(user=uid, group=uid, no_new_privs=no_new_privs)


def _sets(status: dict[str, str]) -> dict[str, int]:
    return {name: int(status[f"Cap{name}"], 16) for name in ("Bnd", "Prm", "Eff", "Inh", "Amb")}


@settings(max_examples=15)
@given(MASKS, st.sampled_from([0, NOBODY]), st.booleans(), st.booleans())
def test_a_privileged_observer_gives_exactly_what_is_kept(mask: int, uid: int, no_new_privs: bool, dropping: bool) -> None:
    held = this_process().held
    kept = mask & held.giveable
    capabilities = Capabilities(drop=_names(held.bounding & ~kept)) if dropping else Capabilities(keep=_names(kept))
    sets = _sets(_launched(Policy(identity=_identity(uid, no_new_privs=no_new_privs), capabilities=capabilities)))
    holds = 0 if dropping and uid else kept  # an ordinary user has nothing from which to drop
    assert (sets["Bnd"], sets["Prm"], sets["Eff"]) == (kept, holds, holds)
    assert sets["Amb"] == (holds if uid else 0)


@pytest.mark.parametrize(
    ("uid", "capabilities"), [(0, Capabilities(keep=("ALL",))), (NOBODY, Capabilities(keep=("ALL",))), (0, Capabilities(drop=()))]
)
def test_all_is_all_that_is_held(uid: int, capabilities: Capabilities) -> None:
    sets = _sets(_launched(Policy(identity=_identity(uid, no_new_privs=True), capabilities=capabilities)))
    held = this_process().held
    assert (sets["Prm"], sets["Eff"], sets["Bnd"]) == (held.giveable, held.giveable, held.bounding)


@pytest.mark.parametrize("capabilities", [Capabilities(keep=()), Capabilities(drop=("NET_RAW",)), Capabilities(drop=("ALL",))])
def test_an_ordinary_observer_keeps_the_promise_by_no_new_privs(capabilities: Capabilities) -> None:
    status = _launched(Policy(capabilities=capabilities), observer_uid=NOBODY)
    assert (_sets(status)["Prm"], _sets(status)["Eff"], _sets(status)["Amb"]) == (0, 0, 0)
    assert status["NoNewPrivs"] == "1"


@pytest.mark.parametrize("observer_uid", [None, NOBODY])
@pytest.mark.parametrize(("user", "inside"), [("root", 0), ("me", None), (1234, 1234)])
def test_a_user_namespace_gives_exactly_what_is_kept(observer_uid: int | None, user: str | int, inside: int | None) -> None:
    require(observer_uid is None or user_namespaces_for_all(), "this machine does not let ordinary users make user namespaces")
    outside = observer_uid or 0
    if observer_uid is None and isinstance(user, int):
        outside = user  # root can be anyone outside, too
    inside = outside if inside is None else inside
    keep = ("SYS_RESOURCE", "NET_RAW")
    identity = Identity(user=user, group=1234 if isinstance(user, int) else None, user_namespace=True)
    status = _launched(Policy(identity=identity, capabilities=Capabilities(keep=keep)), observer_uid=observer_uid)
    sets = _sets(status)
    assert _names(sets["Prm"]) == _names(sets["Eff"]) == ("NET_RAW", "SYS_RESOURCE")
    assert status["uid_map"] == f"{inside} {outside} 1"
    assert status["Uid"].split()[0] == str(inside)


@pytest.mark.parametrize(
    ("identity", "observer_uid", "shown"),
    [
        (
            Identity(user="root", group=3, uid_map=((0, 1000, 1), (1, 100000, 65536)), gid_map=((3, 7, 1),)),
            None,
            ("0 1000 1 1 100000 65536", "0", "3"),
        ),
        (Identity(user=5, group=0, groups=(9,), uid_map=((0, 70000, 10),), gid_map=((0, 70000, 10),)), None, ("0 70000 10", "5", "0")),
        (Identity(user="me", uid_map=((0, NOBODY, 1),), gid_map=((4, NOBODY, 1),)), NOBODY, (f"0 {NOBODY} 1", "0", "4")),
        (Identity(user=8, group=0, uid_map=((8, NOBODY, 1),)), NOBODY, (f"8 {NOBODY} 1", "8", "0")),
    ],
)
def test_the_kernel_takes_the_maps_of_a_policy(identity: Identity, observer_uid: int | None, shown: tuple[str, str, str]) -> None:
    require(observer_uid is None or user_namespaces_for_all(), "this machine does not let ordinary users make user namespaces")
    inside = msgspec.structs.replace(identity, user_namespace=True)
    status = _launched(Policy(identity=inside), observer_uid=observer_uid)
    uids, gids = (set(status[key].split()) for key in ("Uid", "Gid"))
    assert (status["uid_map"], uids, gids) == (shown[0], {shown[1]}, {shown[2]})
    assert status["Groups"].split() == [str(group) for group in identity.groups or ()] or observer_uid is not None
    keeping = Policy(identity=inside, capabilities=Capabilities(keep=("ALL",)))
    assert _sets(_launched(keeping, observer_uid=observer_uid))["Eff"] == (2 << this_process().last_capability) - 1


@st.composite
def _possible_sets(draw: st.DrawFn) -> Capabilities:
    """The expert form within the kernel's rules, each set given or left."""
    held = this_process().held
    bounding = draw(MASKS) & held.bounding
    permitted = draw(MASKS) & held.permitted
    inheritable = draw(MASKS) & bounding
    masks = (bounding, permitted, draw(MASKS) & permitted, inheritable, draw(MASKS) & permitted & inheritable)
    left = draw(st.sets(st.sampled_from(("bounding", "effective", "ambient"))))
    sets = {name: _names(mask) for name, mask in zip(EXPERT_SETS, masks, strict=True) if name not in left}
    securebits = draw(st.none() | st.lists(st.sampled_from(sorted(SECUREBITS)), unique=True).map(tuple))
    if securebits and "no-cap-ambient-raise" in securebits:
        sets["ambient"] = ()
    return Capabilities(**sets, securebits=securebits)


@given(_possible_sets(), st.sampled_from([0, NOBODY]))
def test_the_kernel_takes_the_expert_form_and_the_target_holds_what_is_foretold(capabilities: Capabilities, uid: int) -> None:
    policy = Policy(identity=_identity(uid, no_new_privs=False), capabilities=capabilities)
    caller = this_process()
    spec = compile_policy(policy, STATUS, caller, engine="ptrace")
    foretold = effective_after_exec(spec.capabilities, caller.held, uid=uid, securebits=spec.securebits or 0, uid_changes=uid != 0)
    assert _sets(_launched(policy))["Eff"] == foretold


_NET_RAW = CapabilitySets(permitted=1 << 13, effective=1 << 13, inheritable=1 << 13, ambient=1 << 13)


@pytest.mark.parametrize(
    ("capabilities", "forced", "stage"),
    [
        (Capabilities(permitted=("CHOWN",), effective=("NET_RAW",)), CapabilitySets(permitted=1, effective=1 << 13), "capset"),
        (Capabilities(bounding=("CHOWN",), inheritable=("NET_RAW",)), CapabilitySets(bounding=1, inheritable=1 << 13), "capset"),
        (Capabilities(permitted=(), ambient=("NET_RAW",)), dataclasses.replace(_NET_RAW, permitted=0, effective=0), "ambient"),
        (Capabilities(ambient=("NET_RAW",)), dataclasses.replace(_NET_RAW, inheritable=0), "ambient"),
        (Capabilities(inheritable=("NET_RAW",), ambient=("NET_RAW",), securebits=("no-cap-ambient-raise",)), _NET_RAW, "ambient"),
    ],
)
def test_what_the_expert_form_refuses_the_kernel_refuses(capabilities: Capabilities, forced: CapabilitySets, stage: str) -> None:
    with pytest.raises(PolicyError):
        compile_policy(Policy(capabilities=capabilities), STATUS, this_process(), engine="ptrace")

    def compiled(caller: Caller) -> LaunchSpec:
        spec = compile_policy(
            Policy(capabilities=Capabilities(securebits=capabilities.securebits)), STATUS, caller, engine="ptrace", stdio=PIPES
        )
        return dataclasses.replace(spec, capabilities=forced)

    with pytest.raises(AssertionError, match=f"LaunchError: {stage}"):
        status_after_exec(compiled)


@pytest.mark.parametrize(
    ("capabilities", "forced", "stage"),
    [
        (Capabilities(permitted=("NET_RAW",)), CapabilitySets(permitted=1 << 13), "capset"),
        (Capabilities(inheritable=("NET_RAW",)), CapabilitySets(inheritable=1 << 13), "capset"),
        (Capabilities(bounding=()), CapabilitySets(bounding=0), "bounding-drop"),
    ],
)
def test_what_an_ordinary_observer_is_refused_the_kernel_refuses(capabilities: Capabilities, forced: CapabilitySets, stage: str) -> None:
    def compiled(caller: Caller) -> LaunchSpec:
        return compile_policy(Policy(capabilities=capabilities), STATUS, caller, engine="ptrace", stdio=PIPES)

    def uncompiled(caller: Caller) -> LaunchSpec:
        return dataclasses.replace(compile_policy(Policy(), STATUS, caller, engine="ptrace", stdio=PIPES), capabilities=forced)

    with pytest.raises(AssertionError, match="PolicyError: capabilities"):
        status_after_exec(compiled, observer_uid=NOBODY)
    with pytest.raises(AssertionError, match=f"LaunchError: {stage}"):
        status_after_exec(uncompiled, observer_uid=NOBODY)


_ALLOW_ALL = bytes.fromhex("060000000000ff7f")
_AT_EXECVE = Seccomp(mode="filter", judge_from="execve")


@pytest.mark.parametrize(
    ("capabilities", "uid"),
    [
        (None, 0),
        (None, NOBODY),
        (Capabilities(keep=("SYS_ADMIN",)), NOBODY),
        (Capabilities(drop=("SYS_ADMIN",)), 0),
        (Capabilities(keep=()), NOBODY),
    ],
)
def test_a_filter_is_refused_without_no_new_privs_exactly_where_the_kernel_refuses_it(capabilities: Capabilities | None, uid: int) -> None:
    def compiled(caller: Caller, *, no_new_privs: bool) -> LaunchSpec:
        policy = Policy(identity=_identity(uid, no_new_privs=no_new_privs), capabilities=capabilities, seccomp=_AT_EXECVE)
        return compile_policy(policy, STATUS, caller, engine="ptrace", filters=(_ALLOW_ALL,), stdio=PIPES)

    assert status_after_exec(lambda caller: compiled(caller, no_new_privs=True))["Seccomp"] == "2"
    try:
        compiled(this_process(), no_new_privs=False)
    except PolicyError:
        with pytest.raises(AssertionError, match="LaunchError: seccomp"):
            status_after_exec(lambda caller: dataclasses.replace(compiled(caller, no_new_privs=True), no_new_privs=False))
    else:
        assert status_after_exec(lambda caller: compiled(caller, no_new_privs=False))["Seccomp"] == "2"


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_kernel_counts_the_stacked_filters(count: int) -> None:
    seccomp = Seccomp(mode="filter", judge_from="execve", stacked=(Filter(),) * (count - 1))
    policy = Policy(seccomp=seccomp)

    def compiled(caller: Caller) -> LaunchSpec:
        return compile_policy(policy, STATUS, caller, engine="ptrace", filters=build_filters(policy), stdio=PIPES)

    before = int(
        status_after_exec(lambda caller: compile_policy(Policy(), STATUS, caller, engine="ptrace", stdio=PIPES))["Seccomp_filters"]
    )
    assert int(status_after_exec(compiled)["Seccomp_filters"]) - before == count
