"""What a process holds: its ids, its five capability sets, and what limits their change."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Final, Self

from core.knowledge.capabilities import CAPABILITIES, capability_names, parse_capability
from core.policy.id_maps import inside_of
from core.policy.model import IdMap

SETS: Final = ("bounding", "permitted", "effective", "inheritable", "ambient")

_EVERYTHING: Final = (1 << len(CAPABILITIES)) - 1
_FEW: Final = 8
"""Names in a text; of more, those that lack are named, where they are few."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sets:
    """The five capability sets, as masks with bit n for capability n."""

    bounding: int
    permitted: int
    effective: int
    inheritable: int
    ambient: int

    def names(self) -> dict[str, list[str]]:
        """Each set as a sorted list of names."""
        return {name: sorted(capability_names(getattr(self, name))) for name in SETS}

    @classmethod
    def of_names(cls, names: Mapping[str, Iterable[str]]) -> Self:
        """From what `names` gave."""
        return cls(*(sum(1 << parse_capability(name) for name in names[each]) for each in SETS))


@dataclasses.dataclass(frozen=True, slots=True)
class Credentials:
    """What exec looks at. Ids as they are inside the user namespace of the process."""

    sets: Sets
    uid: int
    euid: int
    suid: int
    gid: int
    egid: int
    sgid: int
    groups: frozenset[int] = frozenset()
    securebits: int = 0
    no_new_privs: bool = False
    uid_map: IdMap | None = None
    """Of its user namespace, (inside, outside, count) a line, outside as files show their owners; None: there inside and outside are the same,
    as in the first namespace. Files give their setuid bits and capabilities only to a namespace that knows their ids."""
    gid_map: IdMap | None = None


def inside(number: int, id_map: IdMap | None) -> int | None:
    """What an outer id is called in the user namespace; None where it has no name there."""
    if id_map is None:
        return number
    return inside_of(id_map, number)


def set_text(mask: int, everything: int = _EVERYTHING) -> str:
    """A set in a few words: "all 41", "all but NET_RAW", "CHOWN, KILL", "–". `everything`: what the kernel knows."""
    names, lacking = capability_names(mask), capability_names(everything & ~mask)
    if not lacking:
        return f"all {len(names)}"
    if len(names) > _FEW and len(lacking) <= _FEW:
        return f"all but {', '.join(lacking)}"
    return ", ".join(names) or "–"
