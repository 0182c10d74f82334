"""Landlock's rights: what each one covers, since which ABI the kernel has it, and which kind of a policy's `[paths]` it belongs to.

Source: include/uapi/linux/landlock.h and Documentation/userspace-api/landlock.rst of Linux, where each ABI's novelty is listed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final, Literal

Kind = Literal["read", "write", "execute", "connect", "bind"]
"""What a policy speaks of; `core.policy.model.Paths` has a list for each."""

PATH_KINDS: Final[tuple[Kind, ...]] = ("read", "write", "execute")
PORT_KINDS: Final[tuple[Kind, ...]] = ("connect", "bind")

SINCE: Final[Mapping[int, str]] = {1: "5.13", 2: "5.19", 3: "6.2", 4: "6.7", 5: "6.10", 6: "6.12", 7: "6.15"}
"""The first kernel with each ABI; vendors bring some to older ones, so this is for sentences, never for decisions."""


_COVERED: Final[Mapping[int, str]] = {2: "moves", 3: "truncation", 4: "TCP ports", 5: "devices"}
# What each ABI added that a policy can speak of.


@dataclasses.dataclass(frozen=True, slots=True)
class Right:
    """One LANDLOCK_ACCESS_*."""

    name: str
    """As the header has it, without LANDLOCK_ACCESS_FS_ or LANDLOCK_ACCESS_NET_, in small letters."""
    bit: int
    """Its mask among the rights on files, or among those on the network."""
    kind: Kind
    doing: str
    """What it lets a process do, to be read after "may" or "cannot refuse"."""
    abi: int = 1
    on_files: bool = False
    """Means something of a file itself; the others are rights on the directory that holds it."""


RIGHTS: Final = (
    Right("execute", 1 << 0, "execute", "execute files", on_files=True),
    Right("write_file", 1 << 1, "write", "open files for writing", on_files=True),
    Right("read_file", 1 << 2, "read", "open files for reading", on_files=True),
    Right("read_dir", 1 << 3, "read", "list directories"),
    Right("remove_dir", 1 << 4, "write", "remove directories"),
    Right("remove_file", 1 << 5, "write", "remove files"),
    Right("make_char", 1 << 6, "write", "make character devices"),
    Right("make_dir", 1 << 7, "write", "make directories"),
    Right("make_reg", 1 << 8, "write", "make files"),
    Right("make_sock", 1 << 9, "write", "make sockets"),
    Right("make_fifo", 1 << 10, "write", "make named pipes"),
    Right("make_block", 1 << 11, "write", "make block devices"),
    Right("make_sym", 1 << 12, "write", "make symbolic links"),
    Right("refer", 1 << 13, "write", "move or link files to another directory", abi=2),
    Right("truncate", 1 << 14, "write", "truncate files", abi=3, on_files=True),
    Right("ioctl_dev", 1 << 15, "write", "send ioctls to devices", abi=5, on_files=True),
    Right("bind_tcp", 1 << 0, "bind", "bind TCP ports", abi=4),
    Right("connect_tcp", 1 << 1, "connect", "connect to TCP ports", abi=4),
)
"""Rights on files in the order of their bits, then those on the network."""

RIGHT: Final[Mapping[str, Right]] = {right.name: right for right in RIGHTS}
"""By name."""

REFER: Final = RIGHT["refer"].bit

ON_FILES: Final = sum(right.bit for right in RIGHTS if right.on_files)
"""What a rule on a file, not a directory, may give."""


def mask(kind: Kind, abi: int) -> int:
    """The rights of a kind that this ABI has, 0 where it has none."""
    return sum(right.bit for right in RIGHTS if right.kind == kind and right.abi <= abi)


def permissions(rights: int) -> int:
    """What file permissions must give of a file for these rights on it: 4 (read) | 2 (write) | 1 (execute)."""
    bits = {"read": 4, "write": 2, "execute": 1}
    return sum({bits[right.kind] for right in RIGHTS if right.kind in bits and right.bit & rights})


def newer(kind: Kind, abi: int) -> tuple[Right, ...]:
    """The rights of a kind that this ABI does not have yet."""
    return tuple(right for right in RIGHTS if right.kind == kind and right.abi > abi)


def abi_words(abi: int) -> str:
    """What a kernel with this ABI can refuse, in a sentence; 0: it has no Landlock, or it was not switched on."""
    if not abi:
        return "This kernel has no Landlock, or it is not switched on (lsm=landlock,… on the kernel's command line)."
    return f"This kernel has Landlock {abi_detail(abi)}."


def abi_detail(abi: int) -> str:
    """What a kernel with this ABI, from 1 on, can refuse and what not: "ABI 4: files, …; not yet here: …"."""
    lacking = [right for right in RIGHTS if right.abi > abi]
    missing = ", ".join(f"{right.doing} (ABI {right.abi}, Linux {SINCE[right.abi]})" for right in lacking)
    kinds = ["files and directories", *(word for needed, word in _COVERED.items() if needed <= abi)]
    return f"ABI {abi}: {', '.join(kinds)}" + (f"; not yet here: {missing}" if missing else "")
