"""Who runs a target: from the policy's names to ids, and to the maps of a user namespace."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Final

from core.policy.error import PolicyError, quoted
from core.policy.held import Held
from core.policy.id_maps import Kind, check_may_map, has_inside, inside_of
from core.policy.model import Identity, IdMap

_SETGID: Final = 1 << 6
_SETUID: Final = 1 << 7


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
    landlock: int = 0
    """The Landlock ABI of the kernel that the observer runs on; 0: none."""

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
        return _in_namespace(identity, user, groups, caller)
    return _outside(identity, user, groups, caller)


def check_has_place(identity: Identity, me: User) -> None:
    """What no observer could make, root's neither: a target that its own id maps leave out. Raises `PolicyError`.

    Only for whoever is known without the observer's user database: `me`, root and numbers.
    """
    user = me if identity.user == "me" else ROOT if identity.user in ("root", 0) else None
    if not identity.user_namespace or user is None:
        return
    _inside(identity, "uid", user.uid)
    if not isinstance(identity.group, str):
        _inside(identity, "gid", user.gid if identity.group is None else identity.group)


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
    ways = caller.held.ways
    has = f"the observer runs as uid {caller.observer.uid} and may not change {{}}. Run the observer as root ({ways.root}), or {{}}"
    inside = f"{ways.namespace}, in which it is mapped to your own."
    if uid is not None:
        raise PolicyError("identity.user", f"{quoted(identity.user)} cannot be taken on: {has.format('its uid', inside)}")
    if gid is not None:
        raise PolicyError("identity.group", f"{quoted(identity.group)} cannot be taken on: {has.format('its gid', inside)}")
    if groups is not None:
        raise PolicyError("identity.groups", f"cannot be set: {has.format('its groups', 'leave groups out.')}")


def _in_namespace(identity: Identity, user: User, groups: tuple[int, ...] | None, caller: Caller) -> Ids:
    if not caller.may_set_ids and groups is not None:
        raise PolicyError(
            "identity.groups",
            "cannot be set in a user namespace that an ordinary user makes: the kernel denies setgroups there. "
            f"Leave groups out, or run the observer as root ({caller.held.ways.root}).",
        )
    uid = _inside(identity, "uid", user.uid)
    gid = _inside(identity, "gid", user.gid)
    if not caller.may_set_ids:
        # The kernel lets an ordinary user map a single id, his own; the mapping alone makes him that user inside.
        own = caller.observer
        uid_map, gid_map = identity.uid_map or ((uid, own.uid, 1),), identity.gid_map or ((gid, own.gid, 1),)
        _check_maps(identity, uid_map, gid_map, caller)
        return Ids(None, None, None, uid_map, gid_map, target_uid=uid)
    member_of = _member_of(identity, user, groups)
    uid_map = identity.uid_map or ((uid, uid, 1),)
    gid_map = identity.gid_map or tuple((one, one, 1) for one in dict.fromkeys((gid, *member_of)))
    _check_maps(identity, uid_map, gid_map, caller)
    return Ids(uid, gid, member_of, uid_map, gid_map, target_uid=uid)


def _check_maps(identity: Identity, uid_map: IdMap, gid_map: IdMap, caller: Caller) -> None:
    own, default = caller.observer, "identity.user_namespace"
    check_may_map(default if identity.uid_map is None else "identity.uid_map", "uid", uid_map, own.uid, caller.held)
    check_may_map(default if identity.gid_map is None else "identity.gid_map", "gid", gid_map, own.gid, caller.held)


def _inside(identity: Identity, kind: Kind, number: int) -> int:
    # The target's id in the namespace: "me" is who stands for the own id, anyone else is meant as he is called inside.
    lines = identity.uid_map if kind == "uid" else identity.gid_map
    if lines is None:
        return number
    mine = identity.user == "me" and (kind == "uid" or identity.group is None)
    found = inside_of(lines, number) if mine else number if has_inside(lines, number) else None
    if found is None:
        key = "identity.user" if kind == "uid" else "identity.group"
        which, how = f"{kind} {number}", "map it"
        if mine:
            which, how = f"your own {which}", f"map it, as [[{lines[0][0]}, {number}, 1]] does"
        raise PolicyError(key, f"{which} has no place in identity.{kind}_map {quoted(lines)}: {how}, or choose another.")
    return found


def _member_of(identity: Identity, user: User, groups: tuple[int, ...] | None) -> tuple[int, ...]:
    lines = identity.gid_map
    if lines is None:
        return user.groups if groups is None else groups
    if groups is None:
        # What the map leaves out of the user's own groups does not exist inside.
        inside = (inside_of(lines, gid) if identity.user == "me" else gid for gid in user.groups)
        return tuple(gid for gid in inside if gid is not None and has_inside(lines, gid))
    for index, gid in enumerate(groups):
        if not has_inside(lines, gid):
            raise PolicyError(
                f"identity.groups[{index}]", f"gid {gid} has no place in identity.gid_map {quoted(lines)}: map it, or leave it out."
            )
    return groups
