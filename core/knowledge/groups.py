"""Groups of system calls under the field's known names, nested ones expanded (resources/syscalls/groups.tsv names its source)."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from core import resources


def _expand(group: str, members: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    calls: set[str] = set()
    for member in members[group]:
        calls |= _expand(member, members) if member.startswith("@") else {member}
    return frozenset(calls)


_ROWS: Final = resources.rows("syscalls/groups.tsv")

MEANINGS: Final[Mapping[str, str]] = MappingProxyType({group: meaning for group, meaning, _ in _ROWS})
"""Group to what it is, in a few words."""

NESTED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({group: tuple(members.split()) for group, _, members in _ROWS})
"""Group to its members as they are written down: calls and other groups."""

GROUPS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({group: tuple(sorted(_expand(group, NESTED))) for group in NESTED})
"""Group ("@file-system") to its calls, sorted. Not every architecture has every one of them."""


def group(name: str) -> tuple[str, ...]:
    """The calls of a group. Raises ValueError that names close matches."""
    if name in GROUPS:
        return GROUPS[name]
    close = difflib.get_close_matches(name, GROUPS, n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(close)}?" if close else f"; there are {', '.join(GROUPS)}"
    raise ValueError(f"{name!r} is not a group of system calls{hint}")
