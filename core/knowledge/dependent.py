"""Calls in which one argument says what another means: fcntl, prctl, socket, open, clone, ...

Each function takes the call's six arguments and the words found for them one by one, and gives the words as they are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from core.knowledge.arguments import Formatter, hexadecimal, octal, pointer, signal, signed, symbols_of, unsigned
from core.knowledge.constants import constant, constant_set

Arguments = Sequence[int]
Words = list[str]
Rewrite = Callable[[Arguments, Words], Words]

_BITS_32: Final = 0xFFFFFFFF
_PERMISSIONS: Final = 0o7777
_FORMAT: Final = 0o170000
_CREATING: Final = constant("O_CREAT") | (constant("O_TMPFILE") & ~constant("O_DIRECTORY"))
_DEVICES: Final = (constant("S_IFCHR"), constant("S_IFBLK"))


def _open(flags: int) -> Rewrite:
    """Mode (and what follows it) only where a file may be made."""
    return lambda args, words: words if args[flags] & _CREATING else words[: flags + 1]


def _fcntl(args: Arguments, words: Words) -> Words:
    write = _FCNTL.get(words[1], pointer)
    return words[:2] if write is None else [*words[:2], write(args[2])]


_FCNTL: Final[Mapping[str, Formatter | None]] = MappingProxyType(
    {
        **dict.fromkeys(["F_GETFD", "F_GETFL", "F_GETOWN", "F_GETSIG", "F_GETLEASE", "F_GETPIPE_SZ", "F_GET_SEALS"]),
        **dict.fromkeys(["F_DUPFD", "F_DUPFD_CLOEXEC", "F_SETOWN", "F_SETPIPE_SZ", "F_DUPFD_QUERY"], signed),
        "F_SETFD": symbols_of("fd_flags"),
        "F_SETFL": symbols_of("open_flags"),
        "F_SETSIG": signal,
        "F_SETLEASE": symbols_of("lease_type"),
        "F_ADD_SEALS": symbols_of("seal_flags"),
        "F_NOTIFY": hexadecimal,
    }
)
"""What writes the argument of a command; None: it takes none; not here: it takes a pointer."""


def _socket(args: Arguments, words: Words) -> Words:
    match words[0]:
        case "AF_INET" | "AF_INET6":
            protocol = constant_set("ip_protocol").describe(args[2] & _BITS_32)
        case "AF_NETLINK":
            protocol = constant_set("netlink_protocol").describe(args[2] & _BITS_32)
        case "AF_PACKET":
            swapped = int.from_bytes((args[2] & 0xFFFF).to_bytes(2, "little"), "big")
            protocol = f"htons({constant_set('ethernet_protocol').describe(swapped)})"
        case _:
            protocol = signed(args[2])
    return [*words[:2], protocol, *words[3:]]


_OPTION_SETS: Final = MappingProxyType(
    {
        "SOL_SOCKET": "socket_option",
        "SOL_IP": "ip_option",
        "SOL_IPV6": "ipv6_option",
        "SOL_TCP": "tcp_option",
        "SOL_NETLINK": "netlink_option",
        "SOL_PACKET": "packet_option",
    }
)


def _socket_option(args: Arguments, words: Words) -> Words:
    name = _OPTION_SETS.get(words[1])
    option = constant_set(name).describe(args[2] & _BITS_32) if name else signed(args[2])
    return [*words[:2], option, *words[3:]]


def _clone(args: Arguments, words: Words) -> Words:
    flags, names = args[0] & ~0xFF, constant_set("clone_flags").values
    parts = [constant_set("clone_flags").describe(flags)] if flags or not args[0] & 0xFF else []
    if args[0] & 0xFF:
        parts.append(signal(args[0] & 0xFF))
    shown = [f"child_stack={words[1]}", f"flags={'|'.join(parts)}"]
    if flags & (names["CLONE_PARENT_SETTID"] | names["CLONE_PIDFD"]):
        shown.append(f"parent_tid={words[2]}")
    return shown


# tls and child_tid stand the other way round on x86 and aarch64 (the kernel's CONFIG_CLONE_BACKWARDS).
def _clone_64(args: Arguments, words: Words) -> Words:
    return _clone(args, words) + _clone_rest(args[0], child=words[3], tls=words[4])


def _clone_32(args: Arguments, words: Words) -> Words:
    return _clone(args, words) + _clone_rest(args[0], child=words[4], tls=words[3])


def _clone_rest(flags: int, *, child: str, tls: str) -> Words:
    names = constant_set("clone_flags").values
    shown = [f"tls={tls}"] if flags & names["CLONE_SETTLS"] else []
    if flags & (names["CLONE_CHILD_SETTID"] | names["CLONE_CHILD_CLEARTID"]):
        shown.append(f"child_tidptr={child}")
    return shown


def _prctl(args: Arguments, words: Words) -> Words:
    writers = _PRCTL.get(words[0])
    if writers is None:
        return words
    # A name that was captured is there as a string already.
    return [
        words[0],
        *(word if word.startswith('"') else write(value) for write, value, word in zip(writers, args[1:], words[1:], strict=False)),
    ]


_PRCTL: Final[Mapping[str, tuple[Formatter, ...]]] = MappingProxyType(
    {
        **dict.fromkeys(["PR_GET_DUMPABLE", "PR_GET_KEEPCAPS", "PR_GET_SECCOMP", "PR_GET_SECUREBITS", "PR_GET_TIMERSLACK"], ()),
        **dict.fromkeys(["PR_SET_NAME", "PR_GET_NAME", "PR_GET_PDEATHSIG", "PR_GET_CHILD_SUBREAPER", "PR_GET_TID_ADDRESS"], (pointer,)),
        **dict.fromkeys(["PR_SET_DUMPABLE", "PR_SET_KEEPCAPS", "PR_SET_TIMERSLACK", "PR_SET_CHILD_SUBREAPER"], (unsigned,)),
        **dict.fromkeys(["PR_SET_NO_NEW_PRIVS", "PR_GET_NO_NEW_PRIVS", "PR_SET_THP_DISABLE", "PR_GET_THP_DISABLE"], (unsigned,) * 4),
        **dict.fromkeys(["PR_CAPBSET_READ", "PR_CAPBSET_DROP"], (symbols_of("capability"),)),
        "PR_SET_PDEATHSIG": (signal,),
        "PR_SET_SECUREBITS": (symbols_of("securebits"),),
        "PR_SET_SECCOMP": (symbols_of("seccomp_mode"), pointer),
        "PR_CAP_AMBIENT": (symbols_of("ambient_operation"), symbols_of("capability"), hexadecimal, hexadecimal),
    }
)
"""What writes the arguments behind an operation, as many as it takes; all in hexadecimal where it is not here."""


def _make_node(mode: int) -> Rewrite:
    def rewrite(args: Arguments, words: Words) -> Words:
        kind = args[mode] & _FORMAT
        shown = f"{constant_set('file_type').describe(kind)}|{octal(args[mode] & _PERMISSIONS)}" if kind else octal(args[mode])
        if kind not in _DEVICES:
            return [*words[:mode], shown]
        device = args[mode + 1]
        major, minor = device >> 8 & 0xFFF, device & 0xFF | device >> 12 & 0xFFF00
        return [*words[:mode], shown, f"makedev({hexadecimal(major)}, {hexadecimal(minor)})"]

    return rewrite


def _ipc_get(flags: int, symbols: str) -> Rewrite:
    def rewrite(args: Arguments, words: Words) -> Words:
        named = args[flags] & _BITS_32 & ~0o777
        mode = octal(args[flags] & 0o777)
        return [*words[:flags], f"{constant_set(symbols).describe(named)}|{mode}" if named else mode]

    return rewrite


_FUTEX_ARGUMENTS: Final = MappingProxyType({0: 4, 1: 3, 6: 4, 7: 2, 8: 2})
"""Arguments that an operation of futex takes, where fewer than all."""
_FUTEX_COMMAND: Final = 0x7F
_FUTEX_BITSETS: Final = {constant("FUTEX_WAIT_BITSET"): 4, constant("FUTEX_WAKE_BITSET"): 3}
"""Operations that end in a set of bits, and how many arguments they take before that."""


def _futex(args: Arguments, words: Words) -> Words:
    command = args[1] & _FUTEX_COMMAND
    if command in _FUTEX_BITSETS:
        bits = "FUTEX_BITSET_MATCH_ANY" if args[5] & _BITS_32 == _BITS_32 else words[5]
        return [*words[: _FUTEX_BITSETS[command]], bits]
    return words[: _FUTEX_ARGUMENTS.get(command, len(words))]


def _ioctl(args: Arguments, words: Words) -> Words:
    return [*words[:2], signed(args[2])] if words[1] in _NUMBERED else words


_NUMBERED: Final = ("FICLONE", "TIOCSCTTY", "TCFLSH", "TCSBRK", "TCXONC")
"""Requests of ioctl whose argument is a plain number."""


def _umask(args: Arguments, _words: Words) -> Words:
    return [octal(args[0])]


def _personality(args: Arguments, words: Words) -> Words:
    return ["0xffffffff"] if args[0] & _BITS_32 == _BITS_32 else words


def _io_priority(args: Arguments, words: Words) -> Words:
    kind, level = constant_set("ioprio_class").describe(args[2] >> 13 & 7), args[2] & 0x1FFF
    return [*words[:2], f"IOPRIO_PRIO_VALUE({kind}, {level})"]


REWRITES: Final[Mapping[str, Rewrite]] = MappingProxyType(
    {
        "clone": _clone_64,
        "x86:clone": _clone_32,
        "aarch64:clone": _clone_32,
        "fcntl": _fcntl,
        "fcntl64": _fcntl,
        "futex": _futex,
        "futex_time64": _futex,
        "getsockopt": _socket_option,
        "ioctl": _ioctl,
        "ioprio_set": _io_priority,
        "mknod": _make_node(1),
        "mknodat": _make_node(2),
        "mq_open": _open(1),
        "msgget": _ipc_get(1, "ipc_get_flags"),
        "open": _open(1),
        "openat": _open(2),
        "personality": _personality,
        "prctl": _prctl,
        "semget": _ipc_get(2, "ipc_get_flags"),
        "setsockopt": _socket_option,
        "shmget": _ipc_get(2, "shm_get_flags"),
        "socket": _socket,
        "socketpair": _socket,
        "umask": _umask,
    }
)
"""Call (architecture:call where it differs there) to what rewrites its words."""
