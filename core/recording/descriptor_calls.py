"""The calls that open, copy, name and close descriptors, and what each does to a table. Names are those of /proc/PID/fd where there is one."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from core.judge.records import Capture
from core.knowledge.constants import constant, constant_set
from core.knowledge.structures import endpoint
from core.recording.descriptor_tables import CURRENT_FOLDER, OpenFile, Table

_CLOSE_ON_EXEC: Final = constant("O_CLOEXEC")
_KIND: Final = 0xF
_SEQUENCE: Final = {0: "F_DUPFD", 1030: "F_DUPFD_CLOEXEC", 2: "F_SETFD"}
_RANGE_CLOEXEC: Final = constant("CLOSE_RANGE_CLOEXEC")
_NEW_LISTENER: Final = constant("SECCOMP_FILTER_FLAG_NEW_LISTENER")


class Call(NamedTuple):
    """One call that succeeded, as far as it matters here."""

    row: int
    args: list[int]
    ret: int
    captures: tuple[Capture, ...]

    def number(self, index: int) -> int:
        """An argument as a C int."""
        value = self.args[index] & 0xFFFFFFFF
        return value - 2**32 if value >> 31 else value

    def data(self, index: int) -> bytes | None:
        """What an argument points to; None where that was not read."""
        return next((capture.data for capture in self.captures if capture.argument == index and not capture.failed), None)

    def text(self, index: int) -> str | None:
        data = self.data(index)
        return None if data is None else data.split(b"\0", 1)[0].decode(errors="backslashreplace")


Change = Callable[[Table, Call], None]


def path_at(table: Table, folder: int, path: str) -> str:
    """The path as one from the root, where the folder that it starts from is known; links are not followed."""
    base = table.now(folder)
    if not path.startswith("/") and base is not None and base.name.startswith("/"):
        path = posixpath.join(base.name, path)
    return path if ".." in path.split("/") else posixpath.normpath(path)


def _opens(path: int, flags: int | None, folder: int | None = None) -> Change:
    def change(table: Table, call: Call) -> None:
        name = call.text(path)
        if name is None:
            table.close(call.row, call.ret)  # whatever it was open on before, it is not now
            return
        start = CURRENT_FOLDER if folder is None else call.number(folder)
        closed = flags is not None and bool(call.args[flags] & _CLOSE_ON_EXEC)
        table.open(call.row, call.ret, OpenFile(path_at(table, start, name)), closed_by_exec=closed)

    return change


def _opens_how(table: Table, call: Call) -> None:
    name, how = call.text(1), call.data(2)
    if name is not None:
        closed = how is not None and bool(int.from_bytes(how[:8], "little") & _CLOSE_ON_EXEC)
        table.open(call.row, call.ret, OpenFile(path_at(table, call.number(0), name)), closed_by_exec=closed)


def _makes(name: str, flags: int | None = None, bit: int = _CLOSE_ON_EXEC, *, always_closed: bool = False) -> Change:
    def change(table: Table, call: Call) -> None:
        closed = always_closed or (flags is not None and bool(call.args[flags] & bit))
        table.open(call.row, call.ret, OpenFile(name), closed_by_exec=closed)

    return change


def _named(prefix: str, argument: int, flags: int, bit: int) -> Change:
    def change(table: Table, call: Call) -> None:
        closed = bool(call.args[flags] & bit)
        table.open(call.row, call.ret, OpenFile(f"{prefix}{call.text(argument) or ''}"), closed_by_exec=closed)

    return change


def _process(table: Table, call: Call) -> None:
    table.open(call.row, call.ret, OpenFile(f"pid:{call.number(0)}"), closed_by_exec=True)


def _pipe(table: Table, call: Call) -> None:
    _pair(table, call, 0, OpenFile(f"pipe:[#{call.row + 1}]"), call.args[1] if len(call.args) > 1 else 0)


def _plain_pipe(table: Table, call: Call) -> None:
    _pair(table, call, 0, OpenFile(f"pipe:[#{call.row + 1}]"), 0)


def _socket_pair(table: Table, call: Call) -> None:
    protocol = _protocol(call)
    _pair(table, call, 3, OpenFile(f"{protocol}:[#{call.row + 1}]", protocol), call.args[1])


def _pair(table: Table, call: Call, argument: int, file: OpenFile, flags: int) -> None:
    data = call.data(argument)
    if data is not None and len(data) >= 8:
        for place in (0, 4):
            descriptor = int.from_bytes(data[place : place + 4], "little", signed=True)
            table.open(call.row, descriptor, file, closed_by_exec=bool(flags & _CLOSE_ON_EXEC))


# Sockets.


def _socket(table: Table, call: Call) -> None:
    protocol = _protocol(call)
    table.open(call.row, call.ret, OpenFile(protocol, protocol), closed_by_exec=bool(call.args[1] & _CLOSE_ON_EXEC))


def _protocol(call: Call) -> str:
    family = constant_set("socket_family").describe(call.number(0)).removeprefix("AF_")
    kind = constant_set("socket_type").describe(call.args[1] & _KIND).removeprefix("SOCK_")
    internet = {"INET": "", "INET6": "v6"}.get(family)
    if internet is not None:
        return {"STREAM": "TCP", "DGRAM": "UDP"}.get(kind, kind) + internet
    return f"{family}-{kind}" if family == "UNIX" else family


def _bound(table: Table, call: Call) -> None:
    file, address = table.now(call.number(0)), endpoint(call.data(1) or b"")
    if file is not None and file.protocol and address:
        file.local = address
        file.rename(call.row, f"{file.protocol}:[{address}]")


def _connected(table: Table, call: Call) -> None:
    file, peer = table.now(call.number(0)), endpoint(call.data(1) or b"")
    if file is not None and file.protocol and peer:
        file.rename(call.row, f"{file.protocol}:[{file.local}->{peer}]")


def _told_its_name(table: Table, call: Call) -> None:
    file, address = table.now(call.number(0)), endpoint(_counted(call, 1, 2))
    if file is not None and file.protocol and address and "->" not in file.name:
        file.local = address
        file.rename(call.row, f"{file.protocol}:[{address}]")


def _accepted(flags: int | None) -> Change:
    def change(table: Table, call: Call) -> None:
        listener = table.now(call.number(0))
        protocol, local = (listener.protocol, listener.local) if listener is not None else ("socket", "")
        peer = endpoint(_counted(call, 1, 2))
        name = f"{protocol}:[{local}->{peer}]" if peer else f"{protocol}:[{local}]" if local else protocol
        closed = flags is not None and bool(call.args[flags] & _CLOSE_ON_EXEC)
        table.open(call.row, call.ret, OpenFile(name, protocol, local), closed_by_exec=closed)

    return change


def _counted(call: Call, argument: int, counter: int) -> bytes:
    data, count = call.data(argument) or b"", call.data(counter)
    return data[: int.from_bytes(count[:4], "little")] if count else data


# Copies, and ends.


def _copies(to: int | None, flags: int | None = None) -> Change:
    def change(table: Table, call: Call) -> None:
        closed = flags is not None and bool(call.args[flags] & _CLOSE_ON_EXEC)
        if to is None or call.number(to) != call.number(0):
            _copy(table, call, call.ret if to is None else call.number(to), closed_by_exec=closed)

    return change


def _copy(table: Table, call: Call, descriptor: int, *, closed_by_exec: bool) -> None:
    file = table.now(call.number(0))
    if file is None:
        table.close(call.row, descriptor)
    else:
        table.open(call.row, descriptor, file, closed_by_exec=closed_by_exec)


def _controlled(table: Table, call: Call) -> None:
    match _SEQUENCE.get(call.number(1)):
        case "F_DUPFD":
            _copy(table, call, call.ret, closed_by_exec=False)
        case "F_DUPFD_CLOEXEC":
            _copy(table, call, call.ret, closed_by_exec=True)
        case "F_SETFD":
            (table.closed_by_exec.add if call.args[2] & 1 else table.closed_by_exec.discard)(call.number(0))
        case _:
            pass


def _closed(table: Table, call: Call) -> None:
    table.close(call.row, call.number(0))


def _closed_range(table: Table, call: Call) -> None:
    chosen = table.between(call.args[0] & 0xFFFFFFFF, call.args[1] & 0xFFFFFFFF)
    if call.args[2] & _RANGE_CLOEXEC:
        table.closed_by_exec.update(chosen)
    else:
        for descriptor in chosen:
            table.close(call.row, descriptor)


def _moved(table: Table, call: Call) -> None:
    path = call.text(0)
    if path is not None:
        table.open(call.row, CURRENT_FOLDER, OpenFile(path_at(table, CURRENT_FOLDER, path)))


def _moved_to_open(table: Table, call: Call) -> None:
    _copy(table, call, CURRENT_FOLDER, closed_by_exec=False)


def _seccomp(table: Table, call: Call) -> None:
    if call.args[1] & _NEW_LISTENER:
        table.open(call.row, call.ret, OpenFile("anon_inode:seccomp notify"), closed_by_exec=True)


CHANGES: Final[Mapping[str, Change]] = {
    "open": _opens(0, 1),
    "creat": _opens(0, None),
    "openat": _opens(1, 2, 0),
    "openat2": _opens_how,
    "open_tree": _opens(1, 2, 0),
    "fspick": _makes("anon_inode:[fscontext]", 2, 1),
    "fsopen": _makes("anon_inode:[fscontext]", 1, 1),
    "mq_open": _named("/dev/mqueue/", 0, 1, _CLOSE_ON_EXEC),
    "memfd_create": _named("memfd:", 0, 1, constant("MFD_CLOEXEC")),
    "memfd_secret": _makes("/secretmem (deleted)", 0),
    "pipe": _plain_pipe,
    "pipe2": _pipe,
    "eventfd": _makes("anon_inode:[eventfd]"),
    "eventfd2": _makes("anon_inode:[eventfd]", 1),
    "epoll_create": _makes("anon_inode:[eventpoll]"),
    "epoll_create1": _makes("anon_inode:[eventpoll]", 0),
    "signalfd": _makes("anon_inode:[signalfd]"),
    "signalfd4": _makes("anon_inode:[signalfd]", 3),
    "timerfd_create": _makes("anon_inode:[timerfd]", 1),
    "inotify_init": _makes("anon_inode:inotify"),
    "inotify_init1": _makes("anon_inode:inotify", 0),
    "fanotify_init": _makes("anon_inode:[fanotify]", 0, 1),
    "userfaultfd": _makes("anon_inode:[userfaultfd]", 0),
    "perf_event_open": _makes("anon_inode:[perf_event]", 4, 8),
    "io_uring_setup": _makes("anon_inode:[io_uring]", always_closed=True),
    "landlock_create_ruleset": _makes("anon_inode:[landlock-ruleset]", always_closed=True),
    "pidfd_open": _process,
    "seccomp": _seccomp,
    "socket": _socket,
    "socketpair": _socket_pair,
    "bind": _bound,
    "connect": _connected,
    "getsockname": _told_its_name,
    "accept": _accepted(None),
    "accept4": _accepted(3),
    "dup": _copies(None),
    "dup2": _copies(1),
    "dup3": _copies(1, 2),
    "fcntl": _controlled,
    "fcntl64": _controlled,
    "close": _closed,
    "close_range": _closed_range,
    "chdir": _moved,
    "fchdir": _moved_to_open,
}
"""What a call that succeeded did to the table of its process."""
