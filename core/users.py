"""The user database of this machine, and who is asking, as the policy's own types."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from core.observer import database
from core.policy.identity import User


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


def user_of(ids: Mapping[str, Any]) -> User:
    """From the wire's `{uid, gid, groups}`. Raises KeyError or TypeError where it is another thing."""
    return User(ids["uid"], ids["gid"], tuple(ids["groups"]))
