"""What a process holds: its ids, its five capability sets, and what limits their change."""

from __future__ import annotations

import dataclasses
from typing import Final

from core.knowledge.capabilities import capability_names

SETS: Final = ("bounding", "permitted", "effective", "inheritable", "ambient")


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
    in_initial_namespace: bool = True
    """Files on ordinary mounts give their setuid bits and capabilities only to ids that the namespace maps."""
    mapped_uids: frozenset[int] | None = None
    """The uids that its user namespace maps; None: all of them, as the initial one does."""
    mapped_gids: frozenset[int] | None = None
