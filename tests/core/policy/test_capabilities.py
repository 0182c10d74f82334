"""Masks for each kind of observer and target, and the sentences where they cannot be given."""

from __future__ import annotations

import pytest

from core.observer.wire import CapabilitySets
from core.policy.capabilities import effective_after_exec, target_sets
from core.policy.error import PolicyError
from core.policy.held import Held
from core.policy.model import Capabilities
from core.policy.securebits import SECUREBITS, target_securebits
from tests.core.policy.callers import FULL, HELD_BY_ROOT, LAST, ORDINARY_CALLER, ROOT_CALLER, bit

NET_RAW = bit(13)
ROOT = ROOT_CALLER.held
ORDINARY = ORDINARY_CALLER.held
NAMESPACE = Held.everything(LAST)

MORE = "Run the observer as root (--observer sudo), or set identity.user_namespace = true"


def test_absent_capabilities_are_left_as_they_are() -> None:
    assert target_sets(None, ROOT, uid=0, no_new_privs=True) == CapabilitySets()
    assert target_securebits(None, ROOT) is None


def test_root_keeps_through_the_bounding_set_without_the_ambient_one() -> None:
    sets = target_sets(Capabilities(keep=("NET_RAW",)), ROOT, uid=0, no_new_privs=True)
    assert sets == CapabilitySets(bounding=NET_RAW, permitted=NET_RAW, effective=NET_RAW, inheritable=0, ambient=0)


def test_anyone_else_keeps_through_the_ambient_set() -> None:
    sets = target_sets(Capabilities(keep=("NET_RAW",)), ROOT, uid=1000, no_new_privs=True)
    assert sets == CapabilitySets(NET_RAW, NET_RAW, NET_RAW, NET_RAW, NET_RAW)


def test_so_does_root_where_the_observer_runs_under_noroot() -> None:
    held = Held(bounding=FULL, permitted=FULL, securebits=SECUREBITS["noroot"])
    assert target_sets(Capabilities(keep=("NET_RAW",)), held, uid=0, no_new_privs=True).ambient == NET_RAW


@pytest.mark.parametrize(
    ("capabilities", "kept"),
    [
        (Capabilities(keep=("ALL",)), HELD_BY_ROOT),
        (Capabilities(keep=("ALL", "NET_RAW")), HELD_BY_ROOT),
        (Capabilities(drop=()), HELD_BY_ROOT),
        (Capabilities(drop=("NET_RAW", "SYS_RESOURCE")), HELD_BY_ROOT & ~NET_RAW),
        (Capabilities(drop=("ALL",)), 0),
        (Capabilities(keep=()), 0),
    ],
)
def test_all_means_what_is_held(capabilities: Capabilities, kept: int) -> None:
    sets = target_sets(capabilities, ROOT, uid=0, no_new_privs=True)
    assert (sets.permitted, sets.effective) == (kept, kept)
    assert sets.bounding == (None if kept == HELD_BY_ROOT else kept)


def test_without_setpcap_the_bounding_set_is_left_to_no_new_privs() -> None:
    sets = target_sets(Capabilities(drop=("NET_RAW",)), ORDINARY, uid=1000, no_new_privs=True)
    assert sets == CapabilitySets(bounding=None, permitted=0, effective=0, inheritable=0, ambient=0)


def test_dropping_nothing_asks_for_nothing() -> None:
    sets = target_sets(Capabilities(drop=()), ORDINARY, uid=1000, no_new_privs=False)
    assert sets.bounding is None


def test_without_setpcap_and_no_new_privs_the_promise_cannot_be_kept() -> None:
    with pytest.raises(PolicyError) as error:
        target_sets(Capabilities(drop=("NET_RAW",)), ORDINARY, uid=1000, no_new_privs=False)
    assert str(error.value) == (
        "identity.no_new_privs: must be true for this policy: without it, a setuid program or file capabilities could bring a dropped "
        "capability back, and taking it from the bounding set needs SETPCAP, which the observer does not hold. Set it so. "
        "Or: run the observer as root (--observer sudo), or set identity.user_namespace = true."
    )


def test_a_user_namespace_has_them_all() -> None:
    assert target_sets(Capabilities(keep=("SYS_RESOURCE",)), NAMESPACE, uid=1000, no_new_privs=True).ambient == bit(24)


@pytest.mark.parametrize(
    ("capabilities", "held", "message"),
    [
        (
            Capabilities(keep=("NET_RAW",)),
            ORDINARY,
            f"capabilities.keep: NET_RAW cannot be given: the observer does not hold it. {MORE} to hold it in a namespace of its own.",
        ),
        (
            Capabilities(keep=("NET_RAW", "CHOWN")),
            ORDINARY,
            f"capabilities.keep: CHOWN, NET_RAW cannot be given: the observer does not hold them. {MORE} to hold them in a namespace of its own.",
        ),
        (
            Capabilities(keep=("ALL", "SYS_RESOURCE")),
            ROOT,
            (
                "capabilities.keep: SYS_RESOURCE cannot be given: the observer does not hold it, privileged as it is: the container or machine withholds it. "
                "Set identity.user_namespace = true to hold it in a namespace of its own."
            ),
        ),
        (
            Capabilities(keep=("CHOWN",)),
            Held(bounding=FULL, permitted=FULL, securebits=SECUREBITS["no-cap-ambient-raise"]),
            "capabilities.keep: CHOWN cannot be kept over exec: the observer runs with the securebit no-cap-ambient-raise. Start the observer elsewhere.",
        ),
        (
            Capabilities(bounding=("SYS_RESOURCE",)),
            ROOT,
            "capabilities.bounding: SYS_RESOURCE cannot be added: the observer's bounding set lacks it, and it only ever shrinks.",
        ),
        (
            Capabilities(bounding=("NET_RAW",)),
            ORDINARY,
            f"capabilities.bounding: dropping from the bounding set needs SETPCAP, which the observer does not hold. {MORE}, or leave capabilities.bounding out.",
        ),
        (
            Capabilities(permitted=("NET_RAW",)),
            ORDINARY,
            f"capabilities.permitted: NET_RAW cannot be given: the observer does not hold it. {MORE} to hold it in a namespace of its own.",
        ),
        (
            Capabilities(permitted=("CHOWN",), effective=("CHOWN", "NET_RAW")),
            ROOT,
            "capabilities.effective: NET_RAW cannot be effective: the kernel wants effective ⊆ permitted. Add it to capabilities.permitted too.",
        ),
        (
            Capabilities(bounding=("CHOWN",), inheritable=("NET_RAW",)),
            ROOT,
            (
                "capabilities.inheritable: NET_RAW cannot become inheritable: the kernel wants what is added to be in the bounding set. "
                "Add it to capabilities.bounding too."
            ),
        ),
        (
            Capabilities(inheritable=("NET_RAW",)),
            ORDINARY,
            f"capabilities.inheritable: NET_RAW cannot be given: the observer does not hold it. {MORE} to hold it in a namespace of its own.",
        ),
        (
            Capabilities(permitted=("CHOWN",), inheritable=("NET_RAW",), ambient=("NET_RAW",)),
            ROOT,
            "capabilities.ambient: NET_RAW cannot be ambient: the kernel wants ambient ⊆ permitted ∩ inheritable. Add it to capabilities.permitted too.",
        ),
        (
            Capabilities(ambient=("NET_RAW",)),
            ROOT,
            "capabilities.ambient: NET_RAW cannot be ambient: the kernel wants ambient ⊆ permitted ∩ inheritable. Add it to capabilities.inheritable too.",
        ),
        (
            Capabilities(inheritable=("NET_RAW",), ambient=("NET_RAW",), securebits=("no-cap-ambient-raise",)),
            ROOT,
            "capabilities.ambient: NET_RAW cannot be raised under the securebit no-cap-ambient-raise. Leave one of the two out.",
        ),
    ],
)
def test_what_the_kernel_would_refuse_is_refused_with_its_rule(capabilities: Capabilities, held: Held, message: str) -> None:
    with pytest.raises(PolicyError) as error:
        target_sets(capabilities, held, uid=1000, no_new_privs=True)
    assert str(error.value) == message


def test_expert_sets_that_are_not_given_are_left() -> None:
    sets = target_sets(Capabilities(inheritable=("CHOWN",)), ROOT, uid=0, no_new_privs=True)
    assert sets == CapabilitySets(inheritable=bit(0))


def test_what_is_no_longer_permitted_is_no_longer_effective() -> None:
    assert target_sets(Capabilities(permitted=("CHOWN",)), ROOT, uid=0, no_new_privs=True) == CapabilitySets(
        permitted=bit(0), effective=bit(0)
    )


def test_all_in_an_expert_set_is_all_that_it_can_have() -> None:
    everything = Capabilities(bounding=("ALL",), permitted=("ALL",), effective=("ALL",), inheritable=("ALL",), ambient=("ALL",))
    sets = target_sets(everything, ROOT, uid=0, no_new_privs=True)
    assert sets == CapabilitySets(None, HELD_BY_ROOT, HELD_BY_ROOT, HELD_BY_ROOT, HELD_BY_ROOT)


def test_securebits_by_name() -> None:
    assert target_securebits(Capabilities(securebits=("noroot", "noroot-locked", "keep-caps")), ROOT) == 0b10011
    assert target_securebits(Capabilities(securebits=()), ORDINARY) == 0


@pytest.mark.parametrize(
    ("names", "held", "message"),
    [
        (
            ("noroot",),
            ORDINARY,
            f"capabilities.securebits: setting securebits needs SETPCAP, which the observer does not hold. {MORE}.",
        ),
        (
            (),
            Held(bounding=FULL, permitted=FULL, securebits=0b11),
            "capabilities.securebits: noroot, noroot-locked cannot be changed: the observer runs with the lock set. Start the observer elsewhere.",
        ),
    ],
)
def test_securebits_that_cannot_be_set(names: tuple[str, ...], held: Held, message: str) -> None:
    with pytest.raises(PolicyError) as error:
        target_securebits(Capabilities(securebits=names), held)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("sets", "uid", "securebits", "uid_changes", "after"),
    [
        (CapabilitySets(), 0, 0, False, HELD_BY_ROOT),
        (CapabilitySets(bounding=1, permitted=0, effective=0), 0, 0, False, 1),
        (CapabilitySets(bounding=1, inheritable=2), 0, 0, False, 3),
        (CapabilitySets(), 0, SECUREBITS["noroot"], False, 0),
        (CapabilitySets(permitted=3, effective=3), 1000, 0, True, 0),
        (CapabilitySets(permitted=3, effective=3, inheritable=3, ambient=3), 1000, 0, True, 3),
    ],
)
def test_what_is_effective_after_exec(sets: CapabilitySets, uid: int, securebits: int, uid_changes: bool, after: int) -> None:
    assert effective_after_exec(sets, ROOT, uid=uid, securebits=securebits, uid_changes=uid_changes) == after


def test_an_observers_own_ambient_set_lasts_until_the_uid_changes() -> None:
    held = Held(bounding=FULL, permitted=7, inheritable=7, ambient=7)
    assert effective_after_exec(CapabilitySets(), held, uid=1000, securebits=0, uid_changes=False) == 7
    assert effective_after_exec(CapabilitySets(inheritable=3), held, uid=1000, securebits=0, uid_changes=False) == 3
    assert effective_after_exec(CapabilitySets(), held, uid=1000, securebits=0, uid_changes=True) == 0
