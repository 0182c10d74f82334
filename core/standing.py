"""Which engine and whose privilege a run has, and what is missing for more: from what its observer says of itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Final

from core.host import Ability
from core.observer_command import PREFIXES, is_elsewhere
from core.recording.header import RunHeader
from core.ways import Ways

_ENGINES: Final = {"ebpf": "eBPF", "ptrace": "ptrace"}
_AS_ROOT_THERE: Final = "start it as root there, as in: ssh root@host"


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """What is in force."""

    words: str
    """For the badge: "eBPF · root observer"."""
    place: str
    """Where the observer is and how it was started, as a sentence."""
    missing: tuple[Ability, ...]
    """What a better placed observer could do that this one cannot, with how to get it."""


def standing(hello: Mapping[str, Any], engine: str, prefix: str, own_uid: int, ways: Ways) -> Standing:
    """`prefix`: what the observer was started through. Raises KeyError or TypeError where HELLO is not whole."""
    uid = int(hello["uid"])
    far = is_elsewhere(prefix)
    who = "root" if uid == 0 else "your own" if uid == own_uid and not far else f"uid {uid}"
    return Standing(
        words=f"{_ENGINES[engine]} · {who} observer{' elsewhere' if far else ''}",
        place=f"The observer runs as {'root' if uid == 0 else f'uid {uid}'}{_through(prefix)}, on Linux {hello['kernel']}.",
        missing=tuple(_missing(hello, engine, "" if uid == 0 else _AS_ROOT_THERE if far else f"choose {ways.root}", ways)),
    )


def recorded_standing(header: RunHeader) -> Standing:
    """The same for a run whose observer has gone long ago."""
    missing = () if header.sees_checks else (Ability("capability checks", False, "ptrace does not see them, and is what watched this run"),)
    return Standing(
        words=f"recorded by {_ENGINES.get(header.engine, header.engine)}",
        place=f"What is shown was recorded by uid {header.uid} on Linux {header.kernel or 'of an unknown version'}.",
        missing=missing,
    )


def _through(prefix: str) -> str:
    return "" if prefix == "none" else f", started through {prefix if prefix in PREFIXES else f'“{prefix}”'}"


def _missing(hello: Mapping[str, Any], engine: str, as_root: str, ways: Ways) -> Iterator[Ability]:
    engines = hello["engines"]
    if (lacking := engines["ebpf"]) is not None:
        why, remedy = f"ptrace does not see them: {lacking['reason']}", as_root if lacking["root_helps"] else ""
        yield Ability("capability checks", False, why, remedy)
    elif engine == "ptrace":
        yield Ability("capability checks", False, "ptrace does not see them, and is what was chosen", "choose Run → Engine → Automatic")
    if engines["ptrace"] is not None:
        yield Ability("ptrace", False, str(engines["ptrace"]["reason"]))
    if not hello["capabilities"]["permitted"]:
        what = "the observer holds none, so a policy can keep none and take on no other user"
        yield Ability("capabilities", False, what, f"{as_root}, or {ways.namespace}" if as_root else ways.namespace)
    if not hello["landlock"]:
        why = "the kernel has none, so a policy can have no paths"
        yield Ability("Landlock", False, why, "boot with lsm=landlock,… on a kernel from 5.13 on")
