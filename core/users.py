"""The user database of this machine, and who is asking, as the policy's own types."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from core.observer import database
from core.policy.id_maps import is_own
from core.policy.identity import User
from core.policy.model import Identity


def invoking_user(environment: Mapping[str, str] = os.environ) -> User:
    """Whoever started Gatescope, also where sudo or pkexec made root of them in between."""
    return user_of(database.invoker(environment))


def find_user(name: str | int) -> User | None:
    """By name or uid."""
    ids = database.find_user(name)
    return None if ids is None else user_of(ids)


def find_group(name: str) -> int | None:
    """The gid of a name."""
    return database.find_group(name)


def needs_root(identity: Identity) -> bool:
    """Whether this user cannot make the target who it is to be: that takes an observer which runs as root."""
    if identity.user_namespace:
        maps = ((identity.uid_map, os.getuid()), (identity.gid_map, os.getgid()))
        return any(lines is not None and not is_own(lines, own) for lines, own in maps)
    if identity.user == "me":
        return False
    found = find_user(identity.user)
    if found is None:
        return isinstance(identity.user, int)  # a name that nobody has is refused by any observer: no password need be asked for that
    return found.uid != os.getuid()


def user_of(ids: Mapping[str, Any]) -> User:
    """From the wire's `{uid, gid, groups}`. Raises KeyError or TypeError where it is another thing."""
    return User(ids["uid"], ids["gid"], tuple(ids["groups"]))
