"""The securebits: how exec and setuid treat root, and their locks.

Source: capabilities(7); include/uapi/linux/securebits.h; cap_task_prctl in security/commoncap.c.
"""

from __future__ import annotations

from typing import Final

from core.policy.error import PolicyError, quoted, suggestion
from core.policy.held import Held
from core.policy.model import Capabilities
from core.ways import capitalised

NOROOT: Final = 1 << 0
NO_CAP_AMBIENT_RAISE: Final = 1 << 6

SECUREBITS: Final = {
    "noroot": NOROOT,
    "noroot-locked": 1 << 1,
    "no-setuid-fixup": 1 << 2,
    "no-setuid-fixup-locked": 1 << 3,
    "keep-caps": 1 << 4,
    "keep-caps-locked": 1 << 5,
    "no-cap-ambient-raise": NO_CAP_AMBIENT_RAISE,
    "no-cap-ambient-raise-locked": 1 << 7,
}
"""The policy's names and the kernel's bits."""

_LOCKS: Final = 0b10101010


def target_securebits(capabilities: Capabilities | None, held: Held) -> int | None:
    """The securebits to set, None to leave them. Raises `PolicyError` for an unknown name, a locked bit, or without SETPCAP."""
    if capabilities is None or capabilities.securebits is None:
        return None
    bits = 0
    for index, name in enumerate(capabilities.securebits):
        if name not in SECUREBITS:
            sentence = f"{quoted(name)} is not a securebit{suggestion(name, SECUREBITS) or '.'} Allowed: {', '.join(SECUREBITS)}."
            raise PolicyError(f"capabilities.securebits[{index}]", sentence)
        bits |= SECUREBITS[name]
    if bits != held.securebits:
        _check_securebits_change(bits, held)
    return bits


def _check_securebits_change(bits: int, held: Held) -> None:
    locks = held.securebits & _LOCKS
    locked = locks | locks >> 1
    if (bits ^ held.securebits) & locked:
        names = ", ".join(name for name, bit in SECUREBITS.items() if bit & locked & (bits ^ held.securebits))
        raise PolicyError(
            "capabilities.securebits", f"{names} cannot be changed: the observer runs with the lock set. Start the observer elsewhere."
        )
    if not held.may_set:
        raise PolicyError(
            "capabilities.securebits", f"setting securebits needs SETPCAP, which the observer does not hold. {capitalised(held.ways.more)}."
        )
