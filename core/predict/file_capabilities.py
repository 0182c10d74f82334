"""File capabilities, as the extended attribute security.capability holds them.

Source: include/uapi/linux/capability.h (struct vfs_cap_data, vfs_ns_cap_data); get_vfs_caps_from_disk in security/commoncap.c.
"""

from __future__ import annotations

import dataclasses
import struct
from typing import Final

from core.knowledge.capabilities import capability_names

ATTRIBUTE: Final = "security.capability"

_EFFECTIVE: Final = 0x000001
_REVISION_MASK: Final = 0xFF000000
_LAYOUTS: Final = {0x01000000: (1, False), 0x02000000: (2, False), 0x03000000: (2, True)}
"""Revision to (how many 32-bit words each set has, whether a root uid follows)."""


class FileCapabilityError(ValueError):
    """The attribute is not one that the kernel would accept."""


@dataclasses.dataclass(frozen=True, slots=True)
class FileCapabilities:
    """What an executable grants."""

    permitted: int
    inheritable: int
    effective: bool
    """One bit for the whole file: what becomes permitted becomes effective too."""
    revision: int = 2
    root: int | None = None
    """Version 3: the uid that is root in the user namespace for which the capabilities were set."""

    def __str__(self) -> str:
        """As setcap(8) writes it, a clause a combination."""
        clauses = []
        both, only_permitted, only_inheritable = (
            self.permitted & self.inheritable,
            self.permitted & ~self.inheritable,
            self.inheritable & ~self.permitted,
        )
        for mask, flags in ((both, "ip"), (only_permitted, "p"), (only_inheritable, "i")):
            if mask:
                clauses.append(
                    f"{','.join('cap_' + name.lower() for name in capability_names(mask))}={'e' if self.effective else ''}{flags}"
                )
        return " ".join(clauses) or "="


def decode(data: bytes) -> FileCapabilities:
    """The attribute's value. Raises `FileCapabilityError` where the kernel would answer EINVAL."""
    if len(data) < 4:
        raise FileCapabilityError(f"security.capability has {len(data)} bytes, too few for its revision")
    (magic,) = struct.unpack_from("<I", data)
    layout = _LAYOUTS.get(magic & _REVISION_MASK)
    if layout is None:
        raise FileCapabilityError(f"security.capability has the revision {(magic & _REVISION_MASK) >> 24}, which no kernel knows")
    words, with_root = layout
    if len(data) != 4 + 8 * words + 4 * with_root:
        raise FileCapabilityError(f"security.capability has {len(data)} bytes, which its revision does not have")
    permitted = inheritable = 0
    for word in range(words):
        low, high = struct.unpack_from("<II", data, 4 + 8 * word)
        permitted |= low << 32 * word
        inheritable |= high << 32 * word
    root = struct.unpack_from("<I", data, 20)[0] if with_root else None
    return FileCapabilities(permitted, inheritable, bool(magic & _EFFECTIVE), magic >> 24, root)


def encode(capabilities: FileCapabilities) -> bytes:
    """The attribute's value, in version 2, or 3 where there is a root uid."""
    magic = (3 if capabilities.root is not None else 2) << 24 | (_EFFECTIVE if capabilities.effective else 0)
    sets = [(mask >> shift) & 0xFFFFFFFF for shift in (0, 32) for mask in (capabilities.permitted, capabilities.inheritable)]
    root = struct.pack("<I", capabilities.root) if capabilities.root is not None else b""
    return struct.pack("<5I", magic, *sets) + root
