"""From names to ids, for each kind of observer."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest

from core.policy.error import PolicyError
from core.policy.identity import Caller, Ids, resolve_identity
from core.policy.model import Identity
from tests.core.policy.callers import HELD_BY_ROOT, ORDINARY_CALLER, ROOT_CALLER, SUDO_CALLER, bit

ROOTLESS = "the observer runs as uid 1000 and may not change"


@pytest.mark.parametrize(
    ("identity", "caller", "ids"),
    [
        (Identity(), ROOT_CALLER, Ids(None, None, None, target_uid=0)),
        (Identity(), ORDINARY_CALLER, Ids(None, None, None, target_uid=1000)),
        (Identity(user="alice"), ORDINARY_CALLER, Ids(None, None, None, target_uid=1000)),
        (Identity(user=1000, groups=("sudo", 1000)), ORDINARY_CALLER, Ids(None, None, None, target_uid=1000)),
        (Identity(), SUDO_CALLER, Ids(1000, 1000, (1000, 27), target_uid=1000)),
        (Identity(user="root"), SUDO_CALLER, Ids(None, None, None, target_uid=0)),
        (Identity(user="bob"), ROOT_CALLER, Ids(1001, 1002, (1002,), target_uid=1001)),
        (Identity(user="bob", group="audio", groups=()), ROOT_CALLER, Ids(1001, 29, (), target_uid=1001)),
        (Identity(user=4242, group=7), ROOT_CALLER, Ids(4242, 7, (), target_uid=4242)),
        (Identity(group="audio"), ROOT_CALLER, Ids(None, 29, None, target_uid=0)),
    ],
)
def test_only_what_differs_from_the_observer_is_set(identity: Identity, caller: Caller, ids: Ids) -> None:
    assert resolve_identity(identity, caller) == ids


@pytest.mark.parametrize(
    ("identity", "caller", "ids"),
    [
        (Identity(user="root"), ORDINARY_CALLER, Ids(None, None, None, ((0, 1000, 1),), ((0, 1000, 1),), 0)),
        (Identity(), ORDINARY_CALLER, Ids(None, None, None, ((1000, 1000, 1),), ((1000, 1000, 1),), 1000)),
        (Identity(user=5, group=6), ORDINARY_CALLER, Ids(None, None, None, ((5, 1000, 1),), ((6, 1000, 1),), 5)),
        (Identity(), SUDO_CALLER, Ids(1000, 1000, (1000, 27), ((1000, 1000, 1),), ((1000, 1000, 1), (27, 27, 1)), 1000)),
        (Identity(user="root"), SUDO_CALLER, Ids(0, 0, (), ((0, 0, 1),), ((0, 0, 1),), 0)),
    ],
)
def test_a_user_namespace_maps_what_the_observer_may_map(identity: Identity, caller: Caller, ids: Ids) -> None:
    inside = Identity(user=identity.user, group=identity.group, user_namespace=True)
    assert resolve_identity(inside, caller) == ids


@pytest.mark.parametrize(
    ("identity", "caller", "message"),
    [
        (Identity(user="carol"), ROOT_CALLER, 'identity.user: there is no user "carol" here. Allowed: "me", "root", a name or a uid.'),
        (
            Identity(user=4242),
            ROOT_CALLER,
            "identity.user: uid 4242 is not in the user database, so its group is not known. Set identity.group too.",
        ),
        (Identity(group="wheel"), ROOT_CALLER, 'identity.group: there is no group "wheel" here. Allowed: a name or a gid.'),
        (Identity(groups=(1, "wheel")), ROOT_CALLER, 'identity.groups[1]: there is no group "wheel" here. Allowed: a name or a gid.'),
        (
            Identity(user="root"),
            ORDINARY_CALLER,
            (
                f'identity.user: "root" cannot be taken on: {ROOTLESS} its uid. Run the observer as root (--observer sudo), or set '
                "identity.user_namespace = true, in which it is mapped to your own."
            ),
        ),
        (
            Identity(group="audio"),
            ORDINARY_CALLER,
            (
                f'identity.group: "audio" cannot be taken on: {ROOTLESS} its gid. Run the observer as root (--observer sudo), or set '
                "identity.user_namespace = true, in which it is mapped to your own."
            ),
        ),
        (
            Identity(groups=("audio",)),
            ORDINARY_CALLER,
            f"identity.groups: cannot be set: {ROOTLESS} its groups. Run the observer as root (--observer sudo), or leave groups out.",
        ),
        (
            Identity(groups=(), user_namespace=True),
            ORDINARY_CALLER,
            (
                "identity.groups: cannot be set in a user namespace that an ordinary user makes: the kernel denies setgroups there. "
                "Leave groups out, or run the observer as root (--observer sudo)."
            ),
        ),
    ],
)
def test_what_cannot_be_taken_on_says_how_to_get_it(identity: Identity, caller: Caller, message: str) -> None:
    with pytest.raises(PolicyError) as error:
        resolve_identity(identity, caller)
    assert str(error.value) == message


UIDS, GIDS = ((0, 1000, 1), (1, 100000, 65536)), ((0, 1000, 1), (5, 27, 1))
MAPS = Identity(user_namespace=True, uid_map=UIDS, gid_map=GIDS)


@pytest.mark.parametrize(
    ("changes", "caller", "ids"),
    [
        (
            {"uid_map": ((0, 1000, 1),), "gid_map": ((7, 1000, 1),)},
            ORDINARY_CALLER,
            Ids(None, None, None, ((0, 1000, 1),), ((7, 1000, 1),), 0),
        ),
        (
            {"user": "root", "uid_map": ((0, 1000, 1),), "gid_map": None},
            ORDINARY_CALLER,
            Ids(None, None, None, ((0, 1000, 1),), ((0, 1000, 1),), 0),
        ),
        ({}, SUDO_CALLER, Ids(0, 0, (0, 5), UIDS, GIDS, 0)),
        ({"user": 7, "group": 5}, ROOT_CALLER, Ids(7, 5, (), UIDS, GIDS, 7)),
        ({"groups": (5,)}, SUDO_CALLER, Ids(0, 0, (5,), UIDS, GIDS, 0)),
        ({"gid_map": None}, SUDO_CALLER, Ids(0, 1000, (1000, 27), UIDS, ((1000, 1000, 1), (27, 27, 1)), 0)),
    ],
)
def test_a_map_says_who_stands_for_whom(changes: dict[str, Any], caller: Caller, ids: Ids) -> None:
    assert resolve_identity(msgspec.structs.replace(MAPS, **changes), caller) == ids


_WITHOUT_SETFCAP = dataclasses.replace(ROOT_CALLER, held=dataclasses.replace(ROOT_CALLER.held, permitted=HELD_BY_ROOT & ~bit(31)))


@pytest.mark.parametrize(
    ("changes", "caller", "message"),
    [
        (
            {"user": "me"},
            ROOT_CALLER,
            "identity.user: your own uid 0 has no place in identity.uid_map [[0, 1000, 1], [1, 100000, 65536]]: map it, as [[0, 0, 1]] does, or choose another.",
        ),
        (
            {"user": 70000, "group": 0},
            ROOT_CALLER,
            "identity.user: uid 70000 has no place in identity.uid_map [[0, 1000, 1], [1, 100000, 65536]]: map it, or choose another.",
        ),
        (
            {"group": 9},
            SUDO_CALLER,
            "identity.group: gid 9 has no place in identity.gid_map [[0, 1000, 1], [5, 27, 1]]: map it, or choose another.",
        ),
        (
            {"groups": (5, 6)},
            SUDO_CALLER,
            "identity.groups[1]: gid 6 has no place in identity.gid_map [[0, 1000, 1], [5, 27, 1]]: map it, or leave it out.",
        ),
        (
            {"gid_map": ((0, 1000, 1),)},
            ORDINARY_CALLER,
            (
                "identity.uid_map: [[0, 1000, 1], [1, 100000, 65536]] cannot be mapped: without SETUID the kernel lets an observer map its own uid "
                "only, one line: [[0, 1000, 1]]. Write that, or run the observer as root (--observer sudo)."
            ),
        ),
        (
            {"uid_map": ((0, 1000, 1),)},
            ORDINARY_CALLER,
            (
                "identity.gid_map: [[0, 1000, 1], [5, 27, 1]] cannot be mapped: without SETGID the kernel lets an observer map its own gid "
                "only, one line: [[0, 1000, 1]]. Write that, or run the observer as root (--observer sudo)."
            ),
        ),
        (
            {"user": 1, "group": 0, "uid_map": ((1, 0, 1),)},
            _WITHOUT_SETFCAP,
            (
                "identity.uid_map: cannot map root (uid 0 outside): the kernel wants SETFCAP for that, and the observer does not hold it. "
                "Leave uid 0 out of the map."
            ),
        ),
        (
            {"uid_map": None, "gid_map": None},
            _WITHOUT_SETFCAP,
            (
                "identity.user_namespace: cannot map root (uid 0 outside): the kernel wants SETFCAP for that, and the observer does not hold it. "
                "Leave uid 0 out of the map."
            ),
        ),
    ],
)
def test_a_map_that_the_observer_may_not_set_says_why(changes: dict[str, Any], caller: Caller, message: str) -> None:
    with pytest.raises(PolicyError) as error:
        resolve_identity(msgspec.structs.replace(MAPS, **changes), caller)
    assert str(error.value) == message
