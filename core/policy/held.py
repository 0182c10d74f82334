"""What the observer holds, and so can give; capability masks and their names."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Final

from core.knowledge.capabilities import NAMES, capability_name, parse_capability
from core.policy.error import PolicyError, quoted, suggestion
from core.ways import COMMAND_LINE, Ways, capitalised

_SETPCAP: Final = 1 << 8


@dataclasses.dataclass(frozen=True, slots=True)
class Held:
    """What the observer holds and can hand on: masks with bit n for capability n, as in /proc/PID/status, and its securebits."""

    bounding: int
    permitted: int
    effective: int = 0
    inheritable: int = 0
    ambient: int = 0
    securebits: int = 0
    ways: Ways = dataclasses.field(default=COMMAND_LINE, compare=False)
    """How whoever is told gets what the observer does not hold."""

    @classmethod
    def everything(cls, last_capability: int, ways: Ways = COMMAND_LINE) -> Held:
        """What the creator of a user namespace holds in it: all capabilities up to `last_capability`."""
        full = (2 << last_capability) - 1
        return cls(bounding=full, permitted=full, effective=full, ways=ways)

    @property
    def giveable(self) -> int:
        """What survives an exec: no rule of the kernel carries a capability over that is outside the bounding set."""
        return self.permitted & self.bounding

    @property
    def may_set(self) -> bool:
        """Whether the bounding set and the securebits may be changed."""
        return bool(self.permitted & _SETPCAP)


def mask(names: Iterable[str], key: str, everything: int) -> int:
    """The mask of capability names; "ALL" stands for `everything`. Raises `PolicyError` at the entry of `key` that is no capability."""
    bits = 0
    for index, name in enumerate(names):
        bits |= everything if name == "ALL" else 1 << _number(name, f"{key}[{index}]")
    return bits


def _number(name: str, key: str) -> int:
    try:
        return parse_capability(name)
    except ValueError as err:
        close = suggestion(name, (*NAMES, "ALL"))
        raise PolicyError(
            key, f"{quoted(name)} is not a capability{close or '.'} Allowed: the names of capabilities(7), such as NET_RAW, and ALL."
        ) from err


def names_of(bits: int) -> str:
    """The capabilities in a mask as a list in words: "NET_ADMIN, NET_RAW"."""
    return ", ".join(capability_name(number) for number in range(bits.bit_length()) if bits >> number & 1)


def not_held(missing: int, held: Held) -> str:
    """The sentence for capabilities that the observer cannot give, with how to get them."""
    what = f"{names_of(missing)} cannot be given: the observer does not hold {it(missing)}"
    if held.may_set:
        namespace = capitalised(held.ways.namespace)
        return f"{what}, privileged as it is: the container or machine withholds {it(missing)}. {namespace} to hold {it(missing)} in a namespace of its own."
    return f"{what}. {capitalised(held.ways.more)} to hold {it(missing)} in a namespace of its own."


def it(bits: int) -> str:
    """The pronoun for the capabilities in a mask."""
    return "it" if bits.bit_count() == 1 else "them"
