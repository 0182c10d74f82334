"""The expert form of the capabilities: each set by itself, held against the kernel's rules for combining them.

Source: capabilities(7); cap_capset and cap_task_prctl in the kernel's security/commoncap.c. Launching drops from the bounding set first,
then sets the securebits, then the three sets of capset(2), then the ambient set.
"""

from __future__ import annotations

from typing import Final

from core.observer.wire import CapabilitySets
from core.policy.error import PolicyError
from core.policy.held import MORE_PRIVILEGE, Held, it, mask, names_of, not_held
from core.policy.model import Capabilities
from core.policy.securebits import NO_CAP_AMBIENT_RAISE

EXPERT_SETS: Final = ("bounding", "permitted", "effective", "inheritable", "ambient")


def expert_sets(capabilities: Capabilities, held: Held) -> CapabilitySets:
    """The masks of the expert form. Raises `PolicyError` that gives the kernel's rule for what it would refuse."""
    bounding = _bounding(capabilities, held)
    limit = held.bounding if bounding is None else bounding
    permitted = _permitted(capabilities, held)
    holds = held.permitted if permitted is None else permitted
    effective = _effective(capabilities, holds, changed=permitted is not None, before=held.effective)
    inheritable = _inheritable(capabilities, held, limit)
    inherits = held.inheritable if inheritable is None else inheritable
    ambient = _ambient(capabilities, holds, inherits, held.securebits)
    return CapabilitySets(bounding, permitted, effective, inheritable, ambient)


def _bounding(capabilities: Capabilities, held: Held) -> int | None:
    if capabilities.bounding is None:
        return None
    bits = mask(capabilities.bounding, "capabilities.bounding", held.bounding)
    if outside := bits & ~held.bounding:
        raise PolicyError(
            "capabilities.bounding",
            f"{names_of(outside)} cannot be added: the observer's bounding set lacks {it(outside)}, and it only ever shrinks.",
        )
    if bits == held.bounding:
        return None
    if not held.may_set:
        raise PolicyError(
            "capabilities.bounding",
            f"dropping from the bounding set needs SETPCAP, which the observer does not hold. {MORE_PRIVILEGE}, or leave capabilities.bounding out.",
        )
    return bits


def _permitted(capabilities: Capabilities, held: Held) -> int | None:
    if capabilities.permitted is None:
        return None
    bits = mask(capabilities.permitted, "capabilities.permitted", held.permitted)
    if missing := bits & ~held.permitted:
        raise PolicyError("capabilities.permitted", not_held(missing, held))
    return bits


def _effective(capabilities: Capabilities, permitted: int, *, changed: bool, before: int) -> int | None:
    if capabilities.effective is None:
        # What is taken from the permitted set cannot stay effective.
        return before & permitted if changed else None
    bits = mask(capabilities.effective, "capabilities.effective", permitted)
    if outside := bits & ~permitted:
        raise PolicyError(
            "capabilities.effective",
            f"{names_of(outside)} cannot be effective: the kernel wants effective ⊆ permitted. Add {it(outside)} to capabilities.permitted too.",
        )
    return bits


def _inheritable(capabilities: Capabilities, held: Held, bounding: int) -> int | None:
    if capabilities.inheritable is None:
        return None
    source = held.permitted | held.inheritable
    bits = mask(capabilities.inheritable, "capabilities.inheritable", source & (bounding | held.inheritable))
    if outside := bits & ~(bounding | held.inheritable):
        raise PolicyError(
            "capabilities.inheritable",
            f"{names_of(outside)} cannot become inheritable: the kernel wants what is added to be in the bounding set. Add {it(outside)} to capabilities.bounding too.",
        )
    if not held.may_set and (missing := bits & ~source):
        raise PolicyError("capabilities.inheritable", not_held(missing, held))
    return bits


def _ambient(capabilities: Capabilities, permitted: int, inheritable: int, held_securebits: int) -> int | None:
    if capabilities.ambient is None:
        return None
    bits = mask(capabilities.ambient, "capabilities.ambient", permitted & inheritable)
    for allowed, name in ((permitted, "permitted"), (inheritable, "inheritable")):
        if outside := bits & ~allowed:
            raise PolicyError(
                "capabilities.ambient",
                f"{names_of(outside)} cannot be ambient: the kernel wants ambient ⊆ permitted ∩ inheritable. Add {it(outside)} to capabilities.{name} too.",
            )
    no_raise = "no-cap-ambient-raise" in (capabilities.securebits or ()) or held_securebits & NO_CAP_AMBIENT_RAISE
    if bits and no_raise:
        raise PolicyError(
            "capabilities.ambient", f"{names_of(bits)} cannot be raised under the securebit no-cap-ambient-raise. Leave one of the two out."
        )
    return bits
