"""What names mean where the observer is: users, groups, the program; and who asked for it."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.observer.wire import Lookup

Ids = dict[str, Any]
"""A user as the wire has it: `{uid, gid, groups}`."""

_MADE_BY = ("SUDO_UID", "PKEXEC_UID")  # sudo drops pkexec's, pkexec everything: where both are set, sudo came last
_MADE_PREFIXES = ("SUDO_", "PKEXEC_")


def invoker(environment: Mapping[str, str] = os.environ) -> Ids:
    """Whoever asked for this process: where sudo or pkexec made root of somebody, that somebody, with the groups of a login."""
    entry = _invoker_entry(environment)
    return _ids(entry) if entry is not None else {"uid": os.getuid(), "gid": os.getgid(), "groups": os.getgroups()}


def find_user(name: str | int) -> Ids | None:
    """By name or uid, with the groups that a login would give; None where there is none."""
    try:
        return _ids(pwd.getpwnam(name) if isinstance(name, str) else pwd.getpwuid(name))
    except (KeyError, OverflowError):
        return None


def find_group(name: str) -> int | None:
    """The gid of a name; None where there is none."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


def look_up(command: Lookup) -> dict[str, Any]:
    """The FOUND frame's object."""
    return {
        "users": [find_user(name) for name in command.users],
        "groups": [find_group(name) for name in command.groups],
        "program": _find_program(command.program),
        "directory": _directory(),
        "environment": _environment(os.environ),
    }


def _directory() -> str:
    try:
        return str(Path.cwd())
    except FileNotFoundError:
        return "/"  # it was removed under us


def _find_program(name: str) -> str | None:
    path = shutil.which(name) if name else None
    return os.path.abspath(path) if path is not None else None  # noqa: PTH100 # resolve() would follow links, and argv[0] matters


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    """Ours, as the invoker would have it: sudo and pkexec put root's home and name in it."""
    entry = _invoker_entry(own)
    if entry is None:
        return dict(own)
    kept = {name: value for name, value in own.items() if not name.startswith(_MADE_PREFIXES)}
    return {**kept, "HOME": entry.pw_dir, "USER": entry.pw_name, "LOGNAME": entry.pw_name, "SHELL": entry.pw_shell}


def _invoker_entry(environment: Mapping[str, str]) -> pwd.struct_passwd | None:
    """None where nobody was made root in between, or nobody whom the database knows."""
    if os.getuid() != 0:
        return None
    for variable in _MADE_BY:
        if environment.get(variable, "").isdecimal():
            try:
                return pwd.getpwuid(int(environment[variable]))
            except (KeyError, OverflowError):
                return None
    return None


def _ids(entry: pwd.struct_passwd) -> Ids:
    return {"uid": entry.pw_uid, "gid": entry.pw_gid, "groups": os.getgrouplist(entry.pw_name, entry.pw_gid)}
