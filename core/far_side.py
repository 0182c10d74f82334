"""The observer's side, as far as a plan needs it: who asks there, what the observer holds, what names mean there, where programs are."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from core import users
from core.observer.wire import Lookup
from core.policy.held import Held
from core.policy.identity import Caller, User
from core.policy.model import Identity
from core.policy.target import Target
from core.target import TargetError
from core.users import user_of
from core.ways import COMMAND_LINE, Ways

FindUser = Callable[[str | int], User | None]
FindGroup = Callable[[str], int | None]

_KEPT: Final = ("TERM", "COLORTERM")
"""Variables that describe the terminal, which is ours wherever the target runs."""


def lookup(identity: Identity, program: str, *, elsewhere: bool) -> Lookup | None:
    """What has to be asked before a launch; None where nothing has. `program`: argv[0]; `elsewhere`: it is to be found there."""
    users = () if identity.user in ("me", "root", 0) else (identity.user,)
    groups = tuple(dict.fromkeys(group for group in (identity.group, *(identity.groups or ())) if isinstance(group, str)))
    wanted = program if elsewhere and "/" not in program else ""
    return Lookup(users, groups, wanted) if users or groups or elsewhere else None


def finders(asked: Lookup | None, found: Mapping[str, Any]) -> tuple[FindUser, FindGroup]:
    """The user database of the observer's side, as far as it was asked. Raises KeyError, TypeError or ValueError where FOUND is not whole."""
    known = dict(zip(asked.users, found["users"], strict=True)) if asked is not None else {}
    groups = dict(zip(asked.groups, found["groups"], strict=True)) if asked is not None else {}

    def find_user(name: str | int) -> User | None:
        ids = known.get(name)
        return None if ids is None else user_of(ids)

    return find_user, groups.get


def caller_of(
    hello: Mapping[str, Any], find_user: FindUser = users.find_user, find_group: FindGroup = users.find_group, ways: Ways = COMMAND_LINE
) -> Caller:
    """Who asks, and what the observer that said `hello` runs as and holds; names mean what the functions say: by default, what they mean here.

    Raises KeyError or TypeError where HELLO is not whole.
    """
    return Caller(
        me=user_of(hello["invoker"]),
        observer=user_of(hello),
        held=Held(**hello["capabilities"], securebits=hello["securebits"], ways=ways),
        last_capability=hello["last_capability"],
        find_user=find_user,
        find_group=find_group,
        landlock=hello["landlock"],
    )


def unplaced_target(argv: Sequence[str], environment: Mapping[str, str]) -> Target:
    """A target on another machine or in a container: its file, directory and most variables are that side's. Raises `TargetError`."""
    if not argv or not argv[0]:
        raise TargetError("no target: name a command to run, for example: gatescope run -- ls -l")
    return Target("", tuple(argv), {name: environment[name] for name in _KEPT if name in environment}, "")


def placed_target(target: Target, found: Mapping[str, Any]) -> Target:
    """The target of `unplaced_target`, with what FOUND says. Raises `TargetError`; KeyError or TypeError where FOUND is not whole."""
    name, directory, environment = target.argv[0], str(found["directory"]), dict(found["environment"])
    path = str(PurePosixPath(directory) / name) if "/" in name else found["program"]
    if path is None:
        searched = environment.get("PATH", os.defpath)
        raise TargetError(
            f"{name}: no such command where the observer runs; its PATH is {searched}. Give the program's path there, or install it"
        )
    return Target(str(path), target.argv, {**environment, **target.environment}, directory)
