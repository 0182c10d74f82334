"""What structures in a target's memory say, in strace's words. Layouts: the kernel's UAPI headers."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from core.knowledge.arguments import hexadecimal, identity, octal, pointer, signal
from core.knowledge.constants import constant, constant_set
from core.knowledge.fields import Layout, interval_timespec, interval_timeval, signed_at, timespec, timeval, unsigned_at
from core.knowledge.file_structures import FILE_LAYOUTS
from core.knowledge.process_structures import PROCESS_LAYOUTS
from core.knowledge.quote import quote

_UNSIGNED_PAIR: Final = struct.Struct("<QQ")
_DESCRIPTORS: Final = struct.Struct("<ii")
_OPEN_HOW: Final = struct.Struct("<QQQ")
_CLONE_ARGUMENTS: Final = struct.Struct("<8Q")
_INFINITY: Final = 2**64 - 1


def socket_address(data: bytes) -> str | None:
    """A struct sockaddr of any family; None where it is too short to have one."""
    if len(data) < 2:
        return None
    family = int.from_bytes(data[:2], "little")
    word = constant_set("socket_family").describe(family)
    body = _ADDRESSES.get(word, _raw_address)(data)
    return f"{{sa_family={word}{body}}}"


def endpoint(data: bytes) -> str:
    """A struct sockaddr in a word: 127.0.0.1:80, [::1]:80, "/run/socket", @"abstract"; empty where there is nothing to name."""
    match constant_set("socket_family").describe(int.from_bytes(data[:2], "little")):
        case "AF_INET" if len(data) >= 8:
            return f"{ipaddress.IPv4Address(data[4:8])}:{int.from_bytes(data[2:4], 'big')}"
        case "AF_INET6" if len(data) >= 24:
            return f"[{ipaddress.IPv6Address(data[8:24])}]:{int.from_bytes(data[2:4], 'big')}"
        case "AF_UNIX":
            return _unix(data).removeprefix(", sun_path=")
        case _:
            return ""


def _internet(data: bytes) -> str:
    if len(data) < 8:
        return _raw_address(data)
    return f', sin_port=htons({int.from_bytes(data[2:4], "big")}), sin_addr=inet_addr("{ipaddress.IPv4Address(data[4:8])}")'


def _internet6(data: bytes) -> str:
    if len(data) < 24:
        return _raw_address(data)
    port, flow = int.from_bytes(data[2:4], "big"), int.from_bytes(data[4:8], "big")
    scope = f", sin6_scope_id={int.from_bytes(data[24:28], 'little')}" if len(data) >= 28 else ""
    address = f'inet_pton(AF_INET6, "{ipaddress.IPv6Address(data[8:24])}", &sin6_addr)'
    return f", sin6_port=htons({port}), sin6_flowinfo=htonl({flow}), {address}{scope}"


def _unix(data: bytes) -> str:
    path = data[2:]
    if not path:
        return ""
    # A name that begins with a zero is in the abstract namespace, which strace and ss write with an @.
    if path[0] == 0:
        return f", sun_path=@{quote(path[1:])}"
    return f", sun_path={quote(path.split(bytes(1), 1)[0])}"


def _netlink(data: bytes) -> str:
    if len(data) < 12:
        return _raw_address(data)
    groups = int.from_bytes(data[8:12], "little")
    return f", nl_pid={int.from_bytes(data[4:8], 'little')}, nl_groups={f'{groups:08x}' if not groups else f'{groups:#010x}'}"


def _packet(data: bytes) -> str:
    if len(data) < 12:
        return _raw_address(data)
    protocol = constant_set("ethernet_protocol").describe(int.from_bytes(data[2:4], "big"))
    return f", sll_protocol=htons({protocol}), sll_ifindex={int.from_bytes(data[4:8], 'little')}"


def _raw_address(data: bytes) -> str:
    return f", sa_data={quote(data[2:])}"


_ADDRESSES: Final[Mapping[str, Callable[[bytes], str]]] = MappingProxyType(
    {"AF_INET": _internet, "AF_INET6": _internet6, "AF_UNIX": _unix, "AF_NETLINK": _netlink, "AF_PACKET": _packet}
)


def resource_limit(data: bytes) -> str | None:
    """A struct rlimit64, or a 64-bit struct rlimit."""
    if len(data) < _UNSIGNED_PAIR.size:
        return None
    current, most = _UNSIGNED_PAIR.unpack_from(data)
    return f"{{rlim_cur={_limit(current)}, rlim_max={_limit(most)}}}"


def _limit(value: int) -> str:
    if value == _INFINITY:
        return "RLIM64_INFINITY"
    return f"{value // 1024}*1024" if value > 1024 and not value % 1024 else str(value)


def descriptors(data: bytes) -> str | None:
    """A pair of file descriptors."""
    if len(data) < _DESCRIPTORS.size:
        return None
    first, second = _DESCRIPTORS.unpack_from(data)
    return f"[{first}, {second}]"


def number(data: bytes) -> str | None:
    """An int: `[1]`."""
    return f"[{signed_at(data, 0, 4)}]" if len(data) >= 4 else None


def socket_option(data: bytes) -> str | None:
    """An option's value: nearly all are an int."""
    return number(data) if len(data) <= 4 else quote(data)


def identities(data: bytes) -> str | None:
    """An array of group ids."""
    if len(data) % 4:
        return None
    return f"[{', '.join(identity(unsigned_at(data, place, 4)) for place in range(0, len(data), 4))}]"


def processors(data: bytes) -> str | None:
    """A cpu_set_t."""
    return FILE_LAYOUTS["descriptor-set"](data)


def text(data: bytes) -> str | None:
    """A string that the kernel wrote, with or without its zero."""
    return quote(data.split(b"\0", 1)[0]) if data else None


_RESOLVE: Final = (
    ("RESOLVE_NO_XDEV", 1),
    ("RESOLVE_NO_MAGICLINKS", 2),
    ("RESOLVE_NO_SYMLINKS", 4),
    ("RESOLVE_BENEATH", 8),
    ("RESOLVE_IN_ROOT", 16),
    ("RESOLVE_CACHED", 32),
)


def open_how(data: bytes) -> str | None:
    """A struct open_how of openat2."""
    if len(data) < _OPEN_HOW.size:
        return None
    flags, mode, resolve = _OPEN_HOW.unpack_from(data)
    words = [f"flags={constant_set('open_flags').describe(flags)}"]
    if flags & _CREATING:
        words.append(f"mode={octal(mode)}")
    named = [word for word, bit in _RESOLVE if resolve & bit]
    left = resolve & ~sum(bit for _, bit in _RESOLVE)
    words.append("resolve=" + ("|".join([*named, *([hex(left)] if left else [])]) or "0"))
    return f"{{{', '.join(words)}}}"


_CREATING: Final = constant("O_CREAT") | (constant("O_TMPFILE") & ~constant("O_DIRECTORY"))


def clone_arguments(data: bytes) -> str | None:
    """A struct clone_args of clone3, its first eight fields."""
    if len(data) < _CLONE_ARGUMENTS.size:
        return None
    flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls = _CLONE_ARGUMENTS.unpack_from(data)
    words = [f"flags={constant_set('clone3_flags').describe(flags)}"]
    pointers = {
        "pidfd": (pidfd, "CLONE_PIDFD"),
        "child_tid": (child_tid, "CLONE_CHILD_SETTID|CLONE_CHILD_CLEARTID"),
        "parent_tid": (parent_tid, "CLONE_PARENT_SETTID"),
    }
    words += [f"{name}={pointer(value)}" for name, (value, wanted_by) in pointers.items() if flags & constant(wanted_by)]
    words.append(f"exit_signal={signal(exit_signal)}")
    words.append(f"stack={pointer(stack)}")
    words.append(f"stack_size={hexadecimal(stack_size)}")
    if flags & constant("CLONE_SETTLS"):
        words.append(f"tls={pointer(tls)}")
    return f"{{{', '.join(words)}}}"


LAYOUTS: Final[Mapping[str, Layout]] = MappingProxyType(
    {
        "socket-address": socket_address,
        "timespec": timespec,
        "timeval": timeval,
        "interval-timespec": interval_timespec,
        "interval-timeval": interval_timeval,
        "resource-limit": resource_limit,
        "descriptors": descriptors,
        "open-how": open_how,
        "clone-arguments": clone_arguments,
        "number": number,
        "identities": identities,
        "processors": processors,
        "text": text,
        "socket-option": socket_option,
        **FILE_LAYOUTS,
        **PROCESS_LAYOUTS,
    }
)
"""Layout, as resources/captures/captures.tsv names it, to its reader, which gives None for data too short to be one."""


def requested_layout(request: int, *, failed: bool) -> str:
    """What the argument of a request of ioctl points to; "" where that is not known, or would have been written if the call had not failed."""
    word = constant_set("ioctl_request").describe(request & 0xFFFFFFFF)
    return (_TOLD.get(word) or "") if failed else _TOLD.get(word) or _ASKED.get(word) or ""


_TOLD: Final = MappingProxyType(
    {"TIOCSWINSZ": "window-size", **dict.fromkeys(["TCSETS", "TCSETSW", "TCSETSF"], "terminal")}
    | dict.fromkeys(["FIONBIO", "FIOASYNC", "TIOCSPGRP", "TIOCSPTLCK"], "number")
)
"""Requests whose argument says something to the kernel."""

_ASKED: Final = MappingProxyType(
    {
        "TIOCGWINSZ": "window-size",
        "TCGETS": "terminal",
        **dict.fromkeys(["FIONREAD", "TIOCGPGRP", "TIOCGSID", "TIOCOUTQ", "TIOCGPTN"], "number"),
    }
)
"""Requests whose argument the kernel fills in."""
