"""The one obvious mending of what the kernel would refuse of the capability sets: what is missing is added, what cannot be is left alone."""

from __future__ import annotations

import dataclasses
from typing import Final

import msgspec

from core.policy.expert import EXPERT_SETS, Refusal, expert_masks, expert_refusals
from core.policy.forms import as_they_are, with_set
from core.policy.held import Held, it
from core.policy.model import Capabilities

_NO_RAISE: Final = "no-cap-ambient-raise"


@dataclasses.dataclass(frozen=True, slots=True)
class Mending:
    """Other capabilities, under which it can be had."""

    words: str
    """For a button."""
    capabilities: Capabilities | None


def mending(capabilities: Capabilities, held: Held, refusal: Refusal) -> Mending | None:
    """What makes this refusal go away without giving up what was asked for; None where there is no such thing."""
    changed: Capabilities | None = capabilities
    # What is added to a set may be refused there for lack in another: ambient, inheritable, bounding.
    for _ in EXPERT_SETS:
        refused = [one for one in expert_refusals(changed or Capabilities(), held) if one.mask & refusal.mask]
        if not refused:
            return Mending(_words(capabilities, changed or Capabilities(), refusal.mask), changed)
        for one in refused:
            if one.add_to is None and one.leave is None:
                return None
            changed = _mend(changed or Capabilities(), held, one, refusal.mask)
    return None


def _mend(capabilities: Capabilities, held: Held, refusal: Refusal, bits: int) -> Capabilities | None:
    if refusal.leave == "bounding":
        return with_set(capabilities, "bounding", None)
    if refusal.leave == "securebits":
        left = tuple(name for name in capabilities.securebits or () if name != _NO_RAISE)
        return msgspec.structs.replace(capabilities, securebits=left or None)
    assert refusal.add_to is not None
    asked: int | None = getattr(expert_masks(capabilities, held), refusal.add_to)
    there = as_they_are(refusal.add_to, held) if asked is None else asked
    return with_set(capabilities, refusal.add_to, there | refusal.mask & bits)


def _words(before: Capabilities, after: Capabilities, bits: int) -> str:
    if before.bounding is not None and after.bounding is None:
        return "Leave bounding as it is"
    if before.securebits != after.securebits:
        return f"Clear {_NO_RAISE}"
    sets = [name for name in EXPERT_SETS if getattr(before, name) != getattr(after, name)]
    return f"Also add {it(bits)} to {' and '.join(sets)}"
