"""The capabilities: numbers and names of the kernel, and what each is for in our own words (resources/capabilities/capabilities.toml)."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import tomllib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

from core.resources import resource_path

NAMES: Final = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
]
"""Names without CAP_, at their numbers. Source: include/uapi/linux/capability.h, Linux 6.18."""

_NUMBERS: Final = {name: number for number, name in enumerate(NAMES)}
_LARGEST: Final = 63

Risk = Literal["root", "serious", "limited"]


@dataclasses.dataclass(frozen=True, slots=True)
class Capability:
    """One capability."""

    number: int
    name: str
    """Without CAP_."""
    governs: str
    """What it is for, at most 60 characters."""
    summary: str
    """Two or three sentences."""
    calls: tuple[str, ...]
    """System calls in which the kernel may ask for it."""
    functions: tuple[str, ...]
    """Kernel functions that ask for it, as `core.knowledge.noise.asking_function` gives them."""
    risk: Risk
    """"root": leads to full root; "serious": reaches into what belongs to others; "limited": its own corner only."""
    source: str
    """Manual page and kernel files that say so."""
    path_to_root: str = ""
    """How it leads to full root; empty where it does not by itself."""

    @property
    def root_equivalent(self) -> bool:
        return self.risk == "root"


def capability_name(number: int) -> str:
    """The name without CAP_; the number as text where it has none yet."""
    return NAMES[number] if 0 <= number < len(NAMES) else str(number)


@functools.lru_cache(maxsize=1024)
def capability_names(mask: int) -> tuple[str, ...]:
    """The names of the capabilities in a mask (bit n for capability n), in the order of their numbers."""
    return tuple(capability_name(number) for number in range(mask.bit_length()) if mask >> number & 1)


def parse_capability(text: str) -> int:
    """The number of a capability: CAP_NET_RAW, NET_RAW, net_raw, 13. Raises ValueError that names close matches."""
    word = text.strip()
    if word.isascii() and word.isdigit() and int(word) <= _LARGEST:
        return int(word)
    name = word.upper().removeprefix("CAP_")
    if name in _NUMBERS:
        return _NUMBERS[name]
    close = difflib.get_close_matches(name, NAMES, n=3, cutoff=0.6)
    hint = f"; did you mean {' or '.join(close)}?" if close else "; names are those of capabilities(7), such as NET_RAW"
    raise ValueError(f"{text!r} is not a capability{hint}")


def _capability(entry: Mapping[str, Any]) -> Capability:
    lists = {key: tuple(entry[key]) for key in ("calls", "functions")}
    return Capability(**{**entry, **lists})


def _load() -> tuple[Capability, ...]:
    entries = tomllib.loads(resource_path("capabilities/capabilities.toml").read_text(encoding="utf-8"))["capability"]
    return tuple(_capability(entry) for entry in entries)


CAPABILITIES: Final[tuple[Capability, ...]] = _load()
"""All capabilities, at their numbers."""

BY_NAME: Final[Mapping[str, Capability]] = MappingProxyType({capability.name: capability for capability in CAPABILITIES})
"""Name without CAP_ to capability."""
