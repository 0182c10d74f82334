"""How one argument is written, by its C type, its name, and the symbolic values that it takes: in strace's words."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

from core.knowledge.constants import ConstantSet, constant_set, decoding_set
from core.knowledge.syscalls import Parameter, Syscall

Formatter = Callable[[int], str]
"""From a register's 64 bits, unsigned, to text."""

_BITS_32: Final = 0xFFFFFFFF
_BITS_64: Final = 0xFFFFFFFFFFFFFFFF
_CACHED: Final = 1024
_FIRST_REAL_TIME_SIGNAL: Final = 32

_SIGNED_32: Final = frozenset({"int", "pid_t", "clockid_t", "timer_t", "__s32", "mqd_t", "key_serial_t", "enum landlock_rule_type"})
_SIGNED_LONG: Final = frozenset({"long", "off_t", "__kernel_old_time_t"})
_UNSIGNED_32: Final = frozenset({"unsigned int", "unsigned", "u32", "__u32", "key_t", "rwf_t"})
_IDS: Final = frozenset({"uid_t", "gid_t", "qid_t"})
_DESCRIPTORS: Final = frozenset(
    [
        "fd",
        "fildes",
        "oldfd",
        "newfd",
        "epfd",
        "in_fd",
        "out_fd",
        "fd_in",
        "fd_out",
        "fdin",
        "fdout",
        "ufd",
        "pidfd",
        "group_fd",
        "fs_fd",
        "fs_mnt_fd",
        "ruleset_fd",
        "fanotify_fd",
        "mqdes",
        "kernel_fd",
        "initrd_fd",
        "mountdirfd",
        "uffd",
        "fd1",
        "fd2",
    ]
)
_DIRECTORIES: Final = frozenset({"dfd", "olddfd", "newdfd", "from_dfd", "to_dfd"})
_BIT_PATTERNS: Final = frozenset({"mask", "sig", "rseq_len"})
_ADDRESSES: Final = frozenset({"addr", "start", "brk", "newsp", "new_addr", "cmdline_ptr"})
_COUNTS: Final = frozenset(
    [
        "len",
        "length",
        "size",
        "count",
        "vlen",
        "old_len",
        "new_len",
        "liovcnt",
        "riovcnt",
        "nr_segs",
        "nr_pages",
        "nr_segments",
        "maxnode",
        "bytecount",
        "num",
        "cmdline_len",
        "vec_len",
    ]
)


def formatter(call: Syscall, index: int, *, wide: bool) -> Formatter:
    """What writes argument `index` of a call. `wide`: a long has 64 bits."""
    parameter = call.parameters[index]
    symbols = decoding_set(call.name, index)
    if symbols is not None:
        return _cached(_symbolic(symbols, parameter, wide=wide))
    return by_type(parameter, wide=wide)


def is_descriptor(parameter: Parameter) -> bool:
    """Whether it takes a file descriptor."""
    return parameter.name in _DIRECTORIES or parameter.name in _DESCRIPTORS


def by_type(parameter: Parameter, *, wide: bool) -> Formatter:
    """What writes a parameter that takes no symbolic values."""
    name, kind = parameter.name, parameter.type.removeprefix("const ")
    mask = _BITS_64 if wide else _BITS_32
    if parameter.is_pointer or (name in _ADDRESSES and kind == "unsigned long"):
        return pointer if wide else lambda value: pointer(value & _BITS_32)
    if name in _DIRECTORIES:
        return _cached(directory)
    if name in _DESCRIPTORS:
        return _cached(signed)
    if kind == "umode_t":
        return octal
    return _number(name, kind, mask)


def _number(name: str, kind: str, mask: int) -> Formatter:
    if "flag" in name:
        return hexadecimal
    if kind in _SIGNED_32:
        return signed
    if kind in _SIGNED_LONG:
        return signed_long if mask == _BITS_64 else signed
    if kind == "loff_t":
        return signed_long
    if kind in _IDS:
        return identity
    if kind in _UNSIGNED_32:
        return hexadecimal if name in _BIT_PATTERNS else unsigned
    if kind == "size_t" or name in _COUNTS:
        return lambda value: str(value & mask)
    return lambda value: hexadecimal(value & mask)


def pointer(value: int) -> str:
    """An address; NULL for 0."""
    return hex(value) if value else "NULL"


def hexadecimal(value: int) -> str:
    """Hexadecimal; a plain 0 for 0."""
    return hex(value) if value else "0"


def signed(value: int) -> str:
    """A C int."""
    value &= _BITS_32
    return str(value - 2**32 if value >> 31 else value)


def signed_long(value: int) -> str:
    """A 64-bit signed integer."""
    return str(value - 2**64 if value >> 63 else value)


def unsigned(value: int) -> str:
    """A C unsigned int."""
    return str(value & _BITS_32)


def identity(value: int) -> str:
    """A uid or gid; -1 where it means "leave it"."""
    value &= _BITS_32
    return "-1" if value == _BITS_32 else str(value)


def octal(value: int) -> str:
    """Permission bits: 0644, 000."""
    return f"0{value & _BITS_32:o}".zfill(3)


def directory(value: int) -> str:
    """A directory's descriptor; AT_FDCWD for the current one."""
    text = signed(value)
    return "AT_FDCWD" if text == "-100" else text


def signal(value: int) -> str:
    """A signal; SIGRT_1 for the one behind SIGRTMIN, up to SIGRT_32."""
    value &= _BITS_32
    if _FIRST_REAL_TIME_SIGNAL < value <= 2 * _FIRST_REAL_TIME_SIGNAL:
        return f"SIGRT_{value - _FIRST_REAL_TIME_SIGNAL}"
    named = constant_set("signal").describe(value)
    return signed(value) if named.startswith("0x") else named


def symbols_of(name: str) -> Formatter:
    """What writes a C int in the symbols of a set."""
    symbols = constant_set(name)
    return lambda value: symbols.describe(value & _BITS_32)


def _symbolic(symbols: ConstantSet, parameter: Parameter, *, wide: bool) -> Formatter:
    if symbols.name == "signal":
        return signal
    negative = any(value < 0 for value in symbols.values.values()) and not symbols.is_flags
    if negative:
        return lambda value: _signed_symbol(symbols, value & _BITS_32)
    long = wide and ("long" in parameter.type or parameter.type in {"u64", "__u64", "size_t"})
    mask = _BITS_64 if long else _BITS_32
    return lambda value: symbols.describe(value & mask)


def _signed_symbol(symbols: ConstantSet, value: int) -> str:
    number = value - 2**32 if value >> 31 else value
    named = symbols.describe(number)
    return str(number) if named.startswith("0x") else named


def _cached(function: Formatter) -> Formatter:
    return functools.lru_cache(_CACHED)(function)
