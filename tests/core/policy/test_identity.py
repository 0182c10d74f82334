"""From names to ids, for each kind of observer."""

from __future__ import annotations

import pytest

from core.policy.error import PolicyError
from core.policy.identity import Caller, Ids, resolve_identity
from core.policy.model import Identity
from tests.core.policy.callers import ORDINARY_CALLER, ROOT_CALLER, SUDO_CALLER

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
                f'identity.user: "root" cannot be taken on: {ROOTLESS} its uid. Run the observer as root (--as root), or set '
                "identity.user_namespace = true, in which it is mapped to your own."
            ),
        ),
        (
            Identity(group="audio"),
            ORDINARY_CALLER,
            (
                f'identity.group: "audio" cannot be taken on: {ROOTLESS} its gid. Run the observer as root (--as root), or set '
                "identity.user_namespace = true, in which it is mapped to your own."
            ),
        ),
        (
            Identity(groups=("audio",)),
            ORDINARY_CALLER,
            f"identity.groups: cannot be set: {ROOTLESS} its groups. Run the observer as root (--as root), or leave groups out.",
        ),
        (
            Identity(groups=(), user_namespace=True),
            ORDINARY_CALLER,
            (
                "identity.groups: cannot be set in a user namespace that an ordinary user makes: the kernel denies setgroups there. "
                "Leave groups out, or run the observer as root (--as root)."
            ),
        ),
    ],
)
def test_what_cannot_be_taken_on_says_how_to_get_it(identity: Identity, caller: Caller, message: str) -> None:
    with pytest.raises(PolicyError) as error:
        resolve_identity(identity, caller)
    assert str(error.value) == message
