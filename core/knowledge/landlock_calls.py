"""What calls need of Landlock: which rights, on which path or port.

Sources: security/landlock/fs.c and net.c of Linux 6.18.
"""

from __future__ import annotations

import dataclasses
import posixpath
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from core.knowledge.landlock import RIGHT
from core.observer.wire import MAX_CAPTURE, NO_LENGTH, CaptureKind

_PORT: Final = struct.Struct("!2xH")
_AF_INET, _AF_INET6 = 2, 10
_ACCESS_MODE, _WRITE_ONLY, _READ_WRITE, _TRUNCATE, _DIRECTORY = 0o3, 0o1, 0o2, 0o1000, 0o200000
_REMOVE_DIRECTORY: Final = 0x200
_FILE_TYPE: Final = 0o170000
_MADE: Final = {0o020000: "make_char", 0o060000: "make_block", 0o010000: "make_fifo", 0o140000: "make_sock"}

TOPOLOGY: Final = frozenset({"mount", "move_mount", "umount2", "pivot_root", "fsmount", "mount_setattr"})
"""Calls that Landlock refuses with EPERM to everybody whose access to files it restricts."""


@dataclasses.dataclass(frozen=True, slots=True)
class Need:
    """What one call needs."""

    fs: int = 0
    """LANDLOCK_ACCESS_FS_*, on `path`."""
    net: int = 0
    """LANDLOCK_ACCESS_NET_*, on `port`."""
    path: str = ""
    """As the call has it, or the directory in which it makes or removes something; where it is relative, it depends on what is not known."""
    argument: int = 0
    """The one that points to the path."""
    beside: bool = False
    """The rights are needed on the directory that holds what the argument names."""
    port: int = 0


def need(call: str, args: Sequence[int], data: Mapping[int, bytes]) -> Need | None:
    """The rights that a call with these arguments needs; None where Landlock has no say, or the path is not known.

    `data`: by the argument's index what it points to, as far as it was captured.
    """
    if call in ("bind", "connect"):
        return _socket_need(call, data.get(1, b""))
    form = _FORMS.get(call)
    if form is None or form.path not in data:
        return None
    path = data[form.path].decode(errors="replace")
    names, beside = form.rights(args)
    place = posixpath.normpath(path)
    return Need(
        fs=sum(RIGHT[name].bit for name in names), path=posixpath.dirname(place) if beside else place, argument=form.path, beside=beside
    )


def place_capture(call: str) -> tuple[int, int, int, int, bool] | None:
    """What to read of a call, as a plan has it, to know where the path that counts leads; None where Landlock has no say."""
    form = _FORMS.get(call)
    return None if form is None else (form.path, int(CaptureKind.PLACE), MAX_CAPTURE, form.folder, False)


def writes(call: str, args: Sequence[int]) -> bool:
    """Whether a call with these arguments changes a file, or what is in a directory."""
    form = _FORMS.get(call)
    return form is not None and any(RIGHT[name].kind == "write" for name in form.rights(args)[0])


def _socket_need(call: str, address: bytes) -> Need | None:
    if len(address) < _PORT.size or int.from_bytes(address[:2], "little") not in (_AF_INET, _AF_INET6):
        return None
    (port,) = _PORT.unpack_from(address)
    return Need(net=RIGHT[f"{call}_tcp"].bit, port=port)


_Rights = Callable[[Sequence[int]], tuple[tuple[str, ...], bool]]
# Of a call's arguments: the rights' names, and whether they are needed on the directory that holds the path.


@dataclasses.dataclass(frozen=True, slots=True)
class _Form:
    path: int
    rights: _Rights
    folder: int = NO_LENGTH
    # The argument with the descriptor that the path is relative to.


def _always(*names: str, beside: bool = False) -> _Rights:
    def rights(_: Sequence[int]) -> tuple[tuple[str, ...], bool]:
        return names, beside

    return rights


def _opening(flags: int) -> _Rights:
    def rights(args: Sequence[int]) -> tuple[tuple[str, ...], bool]:
        mode = args[flags] & _ACCESS_MODE
        names = ["write_file"] if mode in (_WRITE_ONLY, _READ_WRITE) else []
        if mode != _WRITE_ONLY:
            names.append("read_dir" if args[flags] & _DIRECTORY else "read_file")
        if args[flags] & _TRUNCATE:
            names.append("truncate")
        return tuple(names), False

    return rights


def _making(mode: int) -> _Rights:
    def rights(args: Sequence[int]) -> tuple[tuple[str, ...], bool]:
        return (_MADE.get(args[mode] & _FILE_TYPE, "make_reg"),), True

    return rights


def _removing(args: Sequence[int]) -> tuple[tuple[str, ...], bool]:
    return ("remove_dir" if args[2] & _REMOVE_DIRECTORY else "remove_file",), True


_FORMS: Final[Mapping[str, _Form]] = {
    "open": _Form(0, _opening(1)),
    "openat": _Form(1, _opening(2), folder=0),
    "creat": _Form(0, _always("write_file", "truncate")),
    "truncate": _Form(0, _always("truncate")),
    "execve": _Form(0, _always("execute")),
    "execveat": _Form(1, _always("execute"), folder=0),
    "mkdir": _Form(0, _always("make_dir", beside=True)),
    "mkdirat": _Form(1, _always("make_dir", beside=True), folder=0),
    "mknod": _Form(0, _making(1)),
    "mknodat": _Form(1, _making(2), folder=0),
    "symlink": _Form(1, _always("make_sym", beside=True)),
    "symlinkat": _Form(2, _always("make_sym", beside=True), folder=1),
    "unlink": _Form(0, _always("remove_file", beside=True)),
    "unlinkat": _Form(1, _removing, folder=0),
    "rmdir": _Form(0, _always("remove_dir", beside=True)),
    "rename": _Form(1, _always("refer", beside=True)),
    "renameat": _Form(3, _always("refer", beside=True), folder=2),
    "renameat2": _Form(3, _always("refer", beside=True), folder=2),
    "link": _Form(1, _always("refer", beside=True)),
    "linkat": _Form(3, _always("refer", beside=True), folder=2),
}
