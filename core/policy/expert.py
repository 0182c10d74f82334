"""The expert form of the capabilities: each set by itself, held against the kernel's rules for combining them.

Source: capabilities(7); cap_capset and cap_task_prctl in the kernel's security/commoncap.c. Launching drops from the bounding set first,
then sets the securebits, then the three sets of capset(2), then the ambient set.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Final, Literal

from core.observer.wire import CapabilitySets
from core.policy.error import PolicyError
from core.policy.held import Held, it, mask, names_of, not_held
from core.policy.model import Capabilities
from core.policy.securebits import NO_CAP_AMBIENT_RAISE
from core.ways import capitalised

SetName = Literal["bounding", "permitted", "effective", "inheritable", "ambient"]

EXPERT_SETS: Final[tuple[SetName, ...]] = ("bounding", "permitted", "effective", "inheritable", "ambient")


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """What the kernel would refuse of one set, and by which rule."""

    set: SetName
    mask: int
    """The capabilities that it is about, bit n for capability n."""
    sentence: str
    add_to: SetName | None = None
    """The set that would have to hold them too; None where adding does not help, or cannot be done."""
    leave: Literal["bounding", "securebits"] | None = None
    """What would have to be left as it is."""


def expert_sets(capabilities: Capabilities, held: Held) -> CapabilitySets:
    """The masks of the expert form. Raises `PolicyError` that gives the kernel's rule for the first thing that it would refuse."""
    for refusal in expert_refusals(capabilities, held):
        raise PolicyError(f"capabilities.{refusal.set}", refusal.sentence)
    asked = expert_masks(capabilities, held)
    return dataclasses.replace(
        asked,
        bounding=None if asked.bounding == held.bounding else asked.bounding,
        effective=_effective(asked, held),
    )


def expert_masks(capabilities: Capabilities, held: Held) -> CapabilitySets:
    """What each set asks for, whether or not it can be had; None: it is left as it is. Raises `PolicyError` for what is no capability."""
    bounding = _mask(capabilities, "bounding", held.bounding)
    permitted = _mask(capabilities, "permitted", held.permitted)
    holds = held.permitted if permitted is None else permitted
    addable = held.inheritable | (held.bounding if bounding is None else bounding)
    inheritable = _mask(capabilities, "inheritable", (held.permitted | held.inheritable) & addable)
    inherits = held.inheritable if inheritable is None else inheritable
    return CapabilitySets(
        bounding=bounding,
        permitted=permitted,
        effective=_mask(capabilities, "effective", holds),
        inheritable=inheritable,
        ambient=_mask(capabilities, "ambient", holds & inherits),
    )


def expert_refusals(capabilities: Capabilities, held: Held) -> Iterator[Refusal]:
    """All that the kernel would refuse, set by set in the order of the launch. Raises `PolicyError` for what is no capability."""
    asked = expert_masks(capabilities, held)
    yield from _of_bounding(asked, held)
    yield from _of_permitted(asked, held)
    yield from _of_effective(asked, held)
    yield from _of_inheritable(asked, held)
    yield from _of_ambient(asked, held, capabilities.securebits or ())


def _mask(capabilities: Capabilities, name: SetName, everything: int) -> int | None:
    names: tuple[str, ...] | None = getattr(capabilities, name)
    return None if names is None else mask(names, f"capabilities.{name}", everything)


def _effective(asked: CapabilitySets, held: Held) -> int | None:
    if asked.effective is None and asked.permitted is not None:
        # What is taken from the permitted set cannot stay effective.
        return held.effective & asked.permitted
    return asked.effective


def _of_bounding(asked: CapabilitySets, held: Held) -> Iterator[Refusal]:
    if asked.bounding is None:
        return
    if outside := asked.bounding & ~held.bounding:
        yield Refusal(
            "bounding",
            outside,
            f"{names_of(outside)} cannot be added: the observer's bounding set lacks {it(outside)}, and it only ever shrinks.",
        )
    if (dropped := held.bounding & ~asked.bounding) and not held.may_set:
        yield Refusal(
            "bounding",
            dropped,
            f"dropping from the bounding set needs SETPCAP, which the observer does not hold. {capitalised(held.ways.more)}, or leave capabilities.bounding out.",
            leave="bounding",
        )


def _of_permitted(asked: CapabilitySets, held: Held) -> Iterator[Refusal]:
    if missing := (asked.permitted or 0) & ~held.permitted:
        yield Refusal("permitted", missing, not_held(missing, held))


def _of_effective(asked: CapabilitySets, held: Held) -> Iterator[Refusal]:
    holds = held.permitted if asked.permitted is None else asked.permitted
    if outside := (asked.effective or 0) & ~holds:
        yield Refusal(
            "effective",
            outside,
            f"{names_of(outside)} cannot be effective: the kernel wants effective ⊆ permitted. Add {it(outside)} to capabilities.permitted too.",
            add_to="permitted",
        )


def _of_inheritable(asked: CapabilitySets, held: Held) -> Iterator[Refusal]:
    if asked.inheritable is None:
        return
    bounding = held.bounding if asked.bounding is None else asked.bounding
    if outside := asked.inheritable & ~(bounding | held.inheritable):
        yield Refusal(
            "inheritable",
            outside,
            f"{names_of(outside)} cannot become inheritable: the kernel wants what is added to be in the bounding set. Add {it(outside)} to capabilities.bounding too.",
            add_to="bounding",
        )
    if not held.may_set and (missing := asked.inheritable & ~(held.permitted | held.inheritable)):
        yield Refusal("inheritable", missing, not_held(missing, held))


def _of_ambient(asked: CapabilitySets, held: Held, securebits: tuple[str, ...]) -> Iterator[Refusal]:
    ambient = asked.ambient or 0
    limits: dict[SetName, int] = {
        "permitted": held.permitted if asked.permitted is None else asked.permitted,
        "inheritable": held.inheritable if asked.inheritable is None else asked.inheritable,
    }
    for name, allowed in limits.items():
        if outside := ambient & ~allowed:
            yield Refusal(
                "ambient",
                outside,
                f"{names_of(outside)} cannot be ambient: the kernel wants ambient ⊆ permitted ∩ inheritable. Add {it(outside)} to capabilities.{name} too.",
                add_to=name,
            )
    raising_is_off = "no-cap-ambient-raise" in securebits
    if ambient and (raising_is_off or held.securebits & NO_CAP_AMBIENT_RAISE):
        sentence = f"{names_of(ambient)} cannot be raised under the securebit no-cap-ambient-raise. Leave one of the two out."
        yield Refusal("ambient", ambient, sentence, leave="securebits" if raising_is_off else None)
