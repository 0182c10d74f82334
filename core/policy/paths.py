"""The policy's paths and ports: what may stand in them, and the Landlock ruleset that comes of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from core.knowledge.landlock import PATH_KINDS, PORT_KINDS, REFER, SINCE, Kind, mask, newer
from core.observer.wire import Landlock
from core.policy.error import PolicyError, quoted
from core.policy.model import Paths

MAX_PORT: Final = 65535
_PATH_MAX: Final = 4096  # the kernel's, with the final NUL
_PORTS_ABI: Final = 4


def check_paths(paths: Paths) -> None:
    """The paths' part of `core.policy.check.check`. Raises `PolicyError`; whether a path exists is not looked at."""
    for kind in PATH_KINDS:
        _check_list(kind, paths_of(paths, kind) or ())
    for kind in PORT_KINDS:
        _check_ports(kind, ports_of(paths, kind) or ())


def paths_of(paths: Paths, kind: Kind) -> tuple[str, ...] | None:
    """The list of a kind of `PATH_KINDS`."""
    return {"read": paths.read, "write": paths.write, "execute": paths.execute}[kind]


def ports_of(paths: Paths, kind: Kind) -> tuple[int, ...] | None:
    """The list of a kind of `PORT_KINDS`."""
    return {"connect": paths.connect, "bind": paths.bind}[kind]


def _check_list(kind: Kind, listed: tuple[str, ...]) -> None:
    seen: dict[str, str] = {}
    for index, path in enumerate(listed):
        key = f"paths.{kind}[{index}]"
        if problem := path_problem(path):
            raise PolicyError(key, f"{quoted(path)} is not allowed: {problem}")
        plain = os.path.normpath(path)
        if plain in seen:
            raise PolicyError(key, f"{quoted(path)} is listed already, as {quoted(seen[plain])}: take one of them out.")
        seen[plain] = path


def path_problem(path: str) -> str:
    """Why this cannot be a path of a policy, as the end of a sentence; empty where it can."""
    if path.startswith("~"):
        return "write the home folder out: a policy means the same for whoever runs it."
    if not path.startswith("/"):
        return 'it must be an absolute path, such as "/usr".'
    if "\0" in path:
        return "a path has no NUL character."
    if ".." in path.split("/"):
        return 'write the path without "..".'
    if len(os.fsencode(path)) >= _PATH_MAX:
        return f"it is longer than the {_PATH_MAX - 1} bytes that a path may have."
    return ""


def _check_ports(kind: Kind, listed: tuple[int, ...]) -> None:
    for index, port in enumerate(listed):
        key = f"paths.{kind}[{index}]"
        if not 0 <= port <= MAX_PORT:
            raise PolicyError(key, f"{quoted(port)} is not a TCP port: it must be from 0 to {MAX_PORT}.")
        if port in listed[:index]:
            raise PolicyError(key, f"{port} is listed already: take one of them out.")


# ── for the kernel ────────────────────────────────────────────────────────────────────────────────────────────────


def landlock_ruleset(paths: Paths | None, abi: int) -> Landlock | None:
    """The ruleset for a kernel with this Landlock ABI (0: none); None where the policy asks for none.

    Raises `PolicyError` for what this kernel cannot do at all; what it can do only in part, `narrowings` says.
    """
    if paths is None or paths == Paths():
        return None
    _check_abi(paths, abi)
    handled = [kind for kind in PATH_KINDS if paths_of(paths, kind) is not None]
    ports = [kind for kind in PORT_KINDS if ports_of(paths, kind) is not None]
    rights = sum(mask(kind, abi) for kind in handled)
    rules: dict[str, int] = {}
    if handled and "write" not in handled and abi >= _REFER_ABI:
        # A ruleset that says nothing of refer refuses it everywhere (landlock.h), where this policy leaves writing open.
        rights |= REFER
        rules["/"] = REFER
    for kind in handled:
        for path in map(_plain, paths_of(paths, kind) or ()):
            rules[path] = rules.get(path, 0) | mask(kind, abi)
    return Landlock(rights, sum(mask(kind, abi) for kind in ports), tuple(rules.items()), tuple(_port_rules(paths, abi).items()))


_REFER_ABI: Final = 2


def _plain(path: str) -> str:
    return "/" + os.path.normpath(path).lstrip("/")


def _port_rules(paths: Paths, abi: int) -> dict[int, int]:
    rules: dict[int, int] = {}
    for kind in PORT_KINDS:
        for port in ports_of(paths, kind) or ():
            rules[port] = rules.get(port, 0) | mask(kind, abi)
    return rules


def _check_abi(paths: Paths, abi: int) -> None:
    if not abi:
        raise PolicyError(
            "paths",
            "needs Landlock, which the kernel that is to run the target does not have or has not switched on: boot Linux "
            f"{SINCE[1]} or later with lsm=landlock,…, or take the section out.",
        )
    for kind in PORT_KINDS:
        if ports_of(paths, kind) is not None and abi < _PORTS_ABI:
            raise PolicyError(
                f"paths.{kind}",
                f"needs Landlock ABI {_PORTS_ABI} (Linux {SINCE[_PORTS_ABI]}), and the kernel that is to run the target has ABI {abi}: take {kind} out.",
            )


def narrowings(paths: Paths | None, abi: int) -> tuple[str, ...]:
    """What a kernel with this ABI leaves open or closed of what the policy asks for, in sentences; none where it does all."""
    if paths is None or not abi:
        return ()
    return tuple(_narrowings(paths, abi))


def _narrowings(paths: Paths, abi: int) -> Iterator[str]:
    has = f"the kernel has Landlock ABI {abi}"
    if abi < _REFER_ABI and any(paths_of(paths, kind) is not None for kind in PATH_KINDS):
        yield (
            f"paths: {has}, which refuses to move or link files to another directory wherever that is: "
            f"allowing it takes ABI {_REFER_ABI} (Linux {SINCE[_REFER_ABI]})"
        )
    for kind in PATH_KINDS:
        for right in newer(kind, abi) if paths_of(paths, kind) is not None else ():
            if right.bit != REFER:
                yield f"paths.{kind}: {has}, which cannot refuse to {right.doing}, so that stays open: ABI {right.abi} (Linux {SINCE[right.abi]}) can"
