"""Plain fields of structures: numbers and times at an offset, in strace's words."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from core.knowledge.arguments import octal
from core.knowledge.constants import constant_set

Layout = Callable[[bytes], str | None]
"""From a structure's bytes to its words; None where they are too few to be one."""

_PAIR: Final = struct.Struct("<qq")
_NOW, _OMIT = 0x3FFFFFFF, 0x3FFFFFFE
_FORMAT: Final = 0o170000
_DEVICES: Final = ("S_IFCHR", "S_IFBLK")
_SPECIAL: Final = (("S_ISUID", 0o4000), ("S_ISGID", 0o2000), ("S_ISVTX", 0o1000))


def unsigned_at(data: bytes, offset: int, size: int) -> int:
    """A little-endian number; 0 where the data ends before it."""
    return int.from_bytes(data[offset : offset + size], "little")


def signed_at(data: bytes, offset: int, size: int) -> int:
    return int.from_bytes(data[offset : offset + size], "little", signed=True)


def timespec(data: bytes) -> str | None:
    """A 64-bit struct timespec."""
    if len(data) < _PAIR.size:
        return None
    seconds, nanoseconds = _PAIR.unpack_from(data)
    return f"{{tv_sec={seconds}, tv_nsec={nanoseconds}}}"


def timeval(data: bytes) -> str | None:
    """A 64-bit struct timeval."""
    if len(data) < _PAIR.size:
        return None
    seconds, microseconds = _PAIR.unpack_from(data)
    return f"{{tv_sec={seconds}, tv_usec={microseconds}}}"


def file_times(data: bytes) -> str | None:
    """The two timespecs of utimensat: of the last access and of the last change."""
    if len(data) < 2 * _PAIR.size:
        return None
    return f"[{_file_time(data[:16])}, {_file_time(data[16:])}]"


def _file_time(data: bytes) -> str:
    special = {_NOW: "UTIME_NOW", _OMIT: "UTIME_OMIT"}.get(unsigned_at(data, 8, 8))
    return special or timespec(data) or ""


def interval_timespec(data: bytes) -> str | None:
    """A struct itimerspec."""
    if len(data) < 2 * _PAIR.size:
        return None
    return f"{{it_interval={timespec(data[:16])}, it_value={timespec(data[16:])}}}"


def interval_timeval(data: bytes) -> str | None:
    """A struct itimerval."""
    if len(data) < 2 * _PAIR.size:
        return None
    return f"{{it_interval={timeval(data[:16])}, it_value={timeval(data[16:])}}}"


def mode_text(mode: int) -> str:
    """A file's type and permissions: S_IFREG|0644, S_IFDIR|S_ISVTX|0777."""
    bits = [word for word, bit in _SPECIAL if mode & bit]
    return "|".join([constant_set("file_type").describe(mode & _FORMAT), *bits, octal(mode & 0o777)])


def is_device(mode: int) -> bool:
    return constant_set("file_type").describe(mode & _FORMAT) in _DEVICES


def device_text(major: int, minor: int) -> str:
    return f"makedev({major:#x}, {minor:#x})"
