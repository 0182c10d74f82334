"""One form of the capabilities becomes the other, and means the same as far as that other can say it."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.policy.capabilities import effective_after_exec, target_sets
from core.policy.compile import untouched
from core.policy.error import PolicyError
from core.policy.expert import expert_sets
from core.policy.forms import as_they_are, expert_form, launching_held, simple_form, with_set
from core.policy.held import Held, mask
from core.policy.identity import Caller, resolve_identity
from core.policy.model import Capabilities, Identity
from tests.core.policy.callers import FULL, LAST, ORDINARY_CALLER, ROOT_CALLER, SUDO_CALLER, bit
from tests.core.policy.choices import SIMPLE

CALLERS = [(ROOT_CALLER, Identity()), (SUDO_CALLER, Identity()), (SUDO_CALLER, Identity(user="root"))]
CALLERS += [(ORDINARY_CALLER, Identity(user_namespace=True)), (ROOT_CALLER, Identity(user="bob", no_new_privs=False))]


def held_after(capabilities: Capabilities, identity: Identity, caller: Caller) -> int:
    ids, held = resolve_identity(identity, caller), launching_held(identity, caller)
    sets = target_sets(capabilities, held, uid=ids.target_uid, no_new_privs=identity.no_new_privs, untouched=untouched(held, ids))
    after = effective_after_exec(sets, held, uid=ids.target_uid, securebits=0, uid_changes=ids.uid is not None)
    return after & (held.permitted if sets.permitted is None else sets.permitted) if identity.no_new_privs else after


@given(SIMPLE, st.sampled_from(CALLERS))
def test_there_and_back(capabilities: Capabilities, who: tuple[Caller, Identity]) -> None:
    caller, identity = who
    try:
        before = held_after(capabilities, identity, caller)
    except PolicyError:
        return
    sets = expert_form(capabilities, identity, caller)
    assert held_after(sets, identity, caller) == before
    back = simple_form(sets, identity, caller)
    giveable = launching_held(identity, caller).giveable
    assert (giveable if back is None else mask(back.keep or (), "", giveable)) == before


def test_what_this_caller_may_not_have_is_still_what_was_asked_for() -> None:
    sets = expert_form(Capabilities(keep=("NET_RAW",)), Identity(), ORDINARY_CALLER)
    assert sets.ambient == sets.permitted == ("NET_RAW",)
    with pytest.raises(PolicyError, match="SETPCAP"):
        expert_sets(sets, ORDINARY_CALLER.held)


def test_nothing_chosen_is_nothing_chosen() -> None:
    assert simple_form(Capabilities(), Identity(), ROOT_CALLER) is None


def test_everything_is_all() -> None:
    assert simple_form(Capabilities(securebits=()), Identity(), ROOT_CALLER) == Capabilities(keep=("ALL",))


def test_noroot_leaves_root_nothing() -> None:
    assert simple_form(Capabilities(securebits=("noroot",)), Identity(), ROOT_CALLER) == Capabilities(keep=())


def test_an_identity_that_is_wrong_is_no_obstacle() -> None:
    sets = expert_form(Capabilities(keep=("KILL",)), Identity(user="no-such-user"), SUDO_CALLER)
    assert sets.ambient == ("KILL",)


def test_a_name_that_is_none_is_said() -> None:
    with pytest.raises(PolicyError, match="NET_ROW"):
        expert_form(Capabilities(keep=("NET_ROW",)), Identity(), ROOT_CALLER)
    with pytest.raises(PolicyError, match="NET_ROW"):
        simple_form(Capabilities(ambient=("NET_ROW",)), Identity(), ROOT_CALLER)


def test_a_set_is_chosen_and_left() -> None:
    one = with_set(None, "ambient", bit(5))
    assert one == Capabilities(ambient=("KILL",))
    assert with_set(one, "bounding", 0) == Capabilities(ambient=("KILL",), bounding=())
    assert with_set(one, "ambient", None) is None
    assert with_set(Capabilities(securebits=()), "ambient", None) == Capabilities(securebits=())


def test_as_they_are_is_what_the_launcher_holds() -> None:
    caller = dataclasses.replace(ROOT_CALLER, held=Held(bounding=3, permitted=2, inheritable=4))
    held = launching_held(Identity(), caller)
    assert [as_they_are(name, held) for name in ("bounding", "permitted", "effective", "inheritable", "ambient")] == [3, 2, 0, 4, 0]
    assert launching_held(Identity(user_namespace=True), caller) == Held.everything(LAST)
    assert Held.everything(LAST).permitted == FULL
