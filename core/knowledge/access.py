"""The calls that ask whether something may be done, and as whom (access(2); fs/open.c: access_override_creds)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from core.knowledge.constants import constant

ACCESS_MODES: Final[Mapping[str, int]] = {"access": 1, "faccessat": 2, "faccessat2": 2}
"""By the call the argument that says what is asked for."""

_EFFECTIVE: Final = constant("AT_EACCESS")


def asks_as_real_user(call: str, args: Sequence[int]) -> bool:
    """Whether it asks as the real user, not the effective one: capabilities count only if that is root."""
    return call in ACCESS_MODES and not (call == "faccessat2" and args[3] & _EFFECTIVE)
