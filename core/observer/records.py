"""Process records, packed as `core.observer.wire` lays them out, and what /proc says about a process."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Final

from core.observer import wire
from core.observer.wire import ProcessKind

_RING_LENGTH: Final = wire.PROCESS.size - 8
_STATUS_LINE: Final = re.compile(rb"^(\w+):\t(.*)$", re.MULTILINE)


@dataclasses.dataclass(frozen=True, slots=True)
class Credentials:
    """Who a process is and what it may do, as a process record has it."""

    uids: tuple[int, int, int, int] = (0, 0, 0, 0)
    gids: tuple[int, int, int, int] = (0, 0, 0, 0)
    inheritable: int = 0
    permitted: int = 0
    effective: int = 0
    bounding: int = 0
    ambient: int = 0
    securebits: int = 0
    no_new_privs: int = 0
    user_namespace: int = 0
    seccomp: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Executable:
    """What is to be known of the file that runs, as a process record has it."""

    file: int = 0
    nosuid: bool = False
    unprivileged_tracer: bool = False


_NOBODY: Final = Credentials()
_NO_FILE: Final = Executable()


def read_credentials(pid: int, securebits: int) -> Credentials:
    """From /proc/PID/status, which does not tell securebits; all zero where the process is gone."""
    try:
        status = dict(_STATUS_LINE.findall(Path(f"/proc/{pid}/status").read_bytes()))
    except (FileNotFoundError, ProcessLookupError):
        return _NOBODY
    uids, gids = (tuple(int(word) for word in status[name].split()) for name in (b"Uid", b"Gid"))
    inheritable, permitted, effective, bounding, ambient = (
        int(status[b"Cap" + name], 16) for name in (b"Inh", b"Prm", b"Eff", b"Bnd", b"Amb")
    )
    return Credentials(
        (uids[0], uids[1], uids[2], uids[3]),
        (gids[0], gids[1], gids[2], gids[3]),
        inheritable,
        permitted,
        effective,
        bounding,
        ambient,
        securebits=securebits,
        no_new_privs=int(status.get(b"NoNewPrivs", b"0")),
        user_namespace=user_namespace_of(pid),
        seccomp=int(status.get(b"Seccomp", b"0")),
    )


def user_namespace_of(pid: int) -> int:
    """Its inode number; 0 where it cannot be known."""
    try:
        return Path(f"/proc/{pid}/ns/user").stat().st_ino
    except OSError:
        return 0  # the kernel hides it where the process is not ours to inspect


def read_comm(tid: int) -> bytes:
    """The thread's name; empty where it is gone."""
    try:
        return Path(f"/proc/{tid}/comm").read_bytes().rstrip(b"\n")
    except (FileNotFoundError, ProcessLookupError):
        return b""


def read_thread_group(tid: int) -> int:
    """The process that the thread belongs to; the thread itself where it is gone."""
    try:
        with Path(f"/proc/{tid}/status").open("rb") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(b"Tgid:"))
    except OSError:
        return tid


def process(
    kind: ProcessKind,
    time_ns: int,
    pid: int,
    tid: int,
    *,
    call: int = 0,
    other: int = 0,
    pid_of_other: int = 0,
    status: int = 0,
    comm: bytes = b"",
    credentials: Credentials = _NOBODY,
    executable: Executable = _NO_FILE,
) -> bytes:
    """One process record."""
    return wire.PROCESS.pack(
        _RING_LENGTH,
        0,
        call,
        time_ns,
        kind,
        pid,
        tid,
        other & 0xFFFFFFFF,
        pid_of_other & 0xFFFFFFFF,
        status,
        comm,
        *credentials.uids,
        *credentials.gids,
        credentials.inheritable,
        credentials.permitted,
        credentials.effective,
        credentials.bounding,
        credentials.ambient,
        credentials.securebits,
        credentials.no_new_privs,
        credentials.user_namespace,
        credentials.seccomp,
        *dataclasses.astuple(executable),
    )
