"""The simple form of a policy's capabilities as a set of names, and back, keeping what the user wrote where it can stay."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Final

import msgspec

from core.knowledge.capabilities import NAMES, capability_name, parse_capability
from core.policy.expert import EXPERT_SETS
from core.policy.file import decode
from core.policy.model import Capabilities
from core.resources import resource_path

EVERYTHING: Final = frozenset(NAMES)
KEEP_ALL: Final = Capabilities(keep=("ALL",))
KEEP_NONE: Final = Capabilities(keep=())


def is_simple(capabilities: Capabilities | None) -> bool:
    """Whether it is `keep` or `drop`, not the sets one by one."""
    return capabilities is not None and (capabilities.keep is not None or capabilities.drop is not None)


def kept_names(capabilities: Capabilities | None) -> frozenset[str] | None:
    """The capabilities that the target is to hold; None where they are left as they are, or set one by one."""
    if capabilities is None or not is_simple(capabilities):
        return None
    if capabilities.keep is not None:
        return _names(capabilities.keep)
    return EVERYTHING - _names(capabilities.drop or ())


def toggled(capabilities: Capabilities | None, name: str) -> Capabilities:
    """The same with this one dropped where it was kept, kept where it was dropped; "all but this one" where nothing was chosen before."""
    kept = kept_names(capabilities)
    if capabilities is None or kept is None:
        return Capabilities(drop=(name,))
    if capabilities.keep is not None:
        if "ALL" in capabilities.keep:
            return Capabilities(drop=(name,))
        return Capabilities(keep=_toggle(capabilities.keep, name))
    if "ALL" in (capabilities.drop or ()):
        return Capabilities(keep=(name,))
    dropped = _toggle(capabilities.drop or (), name)
    return Capabilities(drop=dropped) if dropped else KEEP_ALL


def without(capabilities: Capabilities | None, names: Iterable[str]) -> Capabilities:
    """The same with these dropped; sets that the policy gives one by one lose them one by one."""
    unwanted = frozenset(names)
    kept = kept_names(capabilities)
    if capabilities is not None and kept is None:
        given = {name: getattr(capabilities, name) for name in EXPERT_SETS if getattr(capabilities, name) is not None}
        return msgspec.structs.replace(capabilities, **{name: _in_order(_names(words) - unwanted) for name, words in given.items()})
    left = (EVERYTHING if kept is None else kept) - unwanted
    fewer_dropped = len(left) > len(EVERYTHING) / 2
    return Capabilities(drop=_in_order(EVERYTHING - left)) if fewer_dropped else Capabilities(keep=_in_order(left))


@functools.cache
def container_default() -> Capabilities:
    """What container engines leave to root, from the policy that comes with the program."""
    capabilities = decode(resource_path("presets/policies/container-default.toml").read_text(encoding="utf-8")).capabilities
    return capabilities or KEEP_ALL


def _names(words: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    for word in words:
        found |= EVERYTHING if word == "ALL" else {_canonical(word)}
    return frozenset(found) & EVERYTHING


def _in_order(names: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in NAMES if name in names)


def _canonical(word: str) -> str:
    try:
        return capability_name(parse_capability(word))
    except ValueError:
        return word  # the check says at its key that there is none of this name


def _toggle(words: tuple[str, ...], name: str) -> tuple[str, ...]:
    rest = tuple(word for word in words if _canonical(word) != name)
    return rest if len(rest) < len(words) else (*words, name)
