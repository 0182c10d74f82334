"""Which engine and whose privilege a run has, and what is missing for more: from what its observer says of itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Final

from core.host import Ability
from core.observer_command import PREFIXES, is_elsewhere

_ENGINES: Final = {"ebpf": "eBPF", "ptrace": "ptrace"}
_AS_ROOT: Final = "choose Run → Observer → Root, through pkexec or sudo"


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """What is in force."""

    words: str
    """For the badge: "eBPF · root observer"."""
    place: str
    """Where the observer is and how it was started, as a sentence."""
    missing: tuple[Ability, ...]
    """What a better placed observer could do that this one cannot, with how to get it."""


def standing(hello: Mapping[str, Any], engine: str, prefix: str, own_uid: int) -> Standing:
    """`prefix`: what the observer was started through. Raises KeyError or TypeError where HELLO is not whole."""
    uid = int(hello["uid"])
    far = is_elsewhere(prefix)
    who = "root" if uid == 0 else "your own" if uid == own_uid and not far else f"uid {uid}"
    return Standing(
        words=f"{_ENGINES[engine]} · {who} observer{' elsewhere' if far else ''}",
        place=f"The observer runs as {'root' if uid == 0 else f'uid {uid}'}{_through(prefix)}, on Linux {hello['kernel']}.",
        missing=tuple(_missing(hello, uid)),
    )


def _through(prefix: str) -> str:
    return "" if prefix == "none" else f", started through {prefix if prefix in PREFIXES else f'“{prefix}”'}"


def _missing(hello: Mapping[str, Any], uid: int) -> Iterator[Ability]:
    engines = hello["engines"]
    remedy = _AS_ROOT if uid else ""
    if engines["ebpf"] is not None:
        yield Ability("capability checks", False, f"ptrace does not see them: {engines['ebpf']}", remedy)
    if engines["ptrace"] is not None:
        yield Ability("ptrace", False, str(engines["ptrace"]))
    if not hello["capabilities"]["permitted"]:
        yield Ability(
            "capabilities",
            False,
            "the observer holds none, so a policy can keep none and take on no other user",
            f"{_AS_ROOT}, or a user namespace in the panel “Identity”",
        )
    if not hello["landlock"]:
        yield Ability(
            "Landlock", False, "the kernel has none, so a policy can have no paths", "boot with lsm=landlock,… on a kernel from 5.13 on"
        )
