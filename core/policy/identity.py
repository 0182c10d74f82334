"""Who runs a target: from the policy's names to ids, and to the maps of a user namespace."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Final

from core.policy.error import PolicyError, quoted
from core.policy.held import Held
from core.policy.model import Identity

_SETGID: Final = 1 << 6
_SETUID: Final = 1 << 7

IdMap = tuple[tuple[int, int, int], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class User:
    """An entry of the user database, with the groups that a login would give."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()


ROOT: Final = User(0, 0)


@dataclasses.dataclass(frozen=True, slots=True)
class Caller:
    """Who asks (`me`), what the observer runs as and holds, and the user database as functions, so that nothing is read here."""

    me: User
    """The invoking user, also where the observer was started through sudo or pkexec."""
    observer: User
    held: Held
    last_capability: int
    """/proc/sys/kernel/cap_last_cap."""
    find_user: Callable[[str | int], User | None]
    """By name or uid; None where there is none."""
    find_group: Callable[[str], int | None]
    """The gid of a name; None where there is none."""

    @property
    def may_set_ids(self) -> bool:
        """Whether the observer may take on other uids and gids."""
        return self.held.permitted & (_SETUID | _SETGID) == _SETUID | _SETGID


@dataclasses.dataclass(frozen=True, slots=True)
class Ids:
    """The identity's part of a LaunchSpec; None leaves what the observer has."""

    uid: int | None
    gid: int | None
    groups: tuple[int, ...] | None
    uid_map: IdMap = ()
    gid_map: IdMap = ()
    target_uid: int = 0
    """What the target runs as in the end, inside its user namespace."""


def resolve_identity(identity: Identity, caller: Caller) -> Ids:
    """The ids to set and to map. Raises `PolicyError` for an unknown name, or one that the observer may not take on."""
    user = _user(identity, caller)
    groups = (
        None if identity.groups is None else tuple(_gid(f"identity.groups[{i}]", group, caller) for i, group in enumerate(identity.groups))
    )
    if identity.user_namespace:
        return _in_namespace(user, groups, caller)
    return _outside(identity, user, groups, caller)


def _user(identity: Identity, caller: Caller) -> User:
    user = _find_user(identity, caller)
    return user if identity.group is None else dataclasses.replace(user, gid=_gid("identity.group", identity.group, caller))


def _find_user(identity: Identity, caller: Caller) -> User:
    name = identity.user
    if name == "me" or name == caller.me.uid:
        return caller.me
    if name in ("root", 0):
        return ROOT
    found = caller.find_user(name)
    if found is not None:
        return caller.me if found.uid == caller.me.uid else found
    if isinstance(name, str):
        raise PolicyError("identity.user", f'there is no user {quoted(name)} here. Allowed: "me", "root", a name or a uid.')
    if identity.group is None:
        raise PolicyError("identity.user", f"uid {name} is not in the user database, so its group is not known. Set identity.group too.")
    return User(name, 0)  # its gid is the policy's


def _gid(key: str, group: str | int, caller: Caller) -> int:
    gid = caller.find_group(group) if isinstance(group, str) else group
    if gid is None:
        raise PolicyError(key, f"there is no group {quoted(group)} here. Allowed: a name or a gid.")
    return gid


def _outside(identity: Identity, user: User, groups: tuple[int, ...] | None, caller: Caller) -> Ids:
    own = caller.observer
    uid = None if user.uid == own.uid else user.uid
    gid = None if user.gid == own.gid else user.gid
    if groups is None and uid is not None:
        groups = user.groups
    elif groups is not None and set(groups) == set(own.groups):
        groups = None
    if not caller.may_set_ids:
        _refuse(identity, uid, gid, groups, caller)
    return Ids(uid, gid, groups, target_uid=user.uid)


def _refuse(identity: Identity, uid: int | None, gid: int | None, groups: tuple[int, ...] | None, caller: Caller) -> None:
    has = f"the observer runs as uid {caller.observer.uid} and may not change {{}}. Run the observer as root (--as root), or {{}}"
    if uid is not None:
        inside = "set identity.user_namespace = true, in which it is mapped to your own."
        raise PolicyError("identity.user", f"{quoted(identity.user)} cannot be taken on: {has.format('its uid', inside)}")
    if gid is not None:
        inside = "set identity.user_namespace = true, in which it is mapped to your own."
        raise PolicyError("identity.group", f"{quoted(identity.group)} cannot be taken on: {has.format('its gid', inside)}")
    if groups is not None:
        raise PolicyError("identity.groups", f"cannot be set: {has.format('its groups', 'leave groups out.')}")


def _in_namespace(user: User, groups: tuple[int, ...] | None, caller: Caller) -> Ids:
    if not caller.may_set_ids:
        if groups is not None:
            raise PolicyError(
                "identity.groups",
                "cannot be set in a user namespace that an ordinary user makes: the kernel denies setgroups there. "
                "Leave groups out, or run the observer as root (--as root).",
            )
        # The kernel lets an ordinary user map a single id, his own; the mapping alone makes him that user inside.
        own = caller.observer
        return Ids(None, None, None, ((user.uid, own.uid, 1),), ((user.gid, own.gid, 1),), target_uid=user.uid)
    member_of = user.groups if groups is None else groups
    gids = dict.fromkeys((user.gid, *member_of))
    return Ids(user.uid, user.gid, member_of, ((user.uid, user.uid, 1),), tuple((gid, gid, 1) for gid in gids), target_uid=user.uid)
