"""The kernel's audit log, as far as it speaks of the target: what seccomp did, what Landlock and other security modules refused.

Its multicast group is open to whoever holds CAP_AUDIT_READ (netlink(7)). The records are asynchronous and may be left out by the kernel, so
they prove what they say, and nothing by their absence. Those of other processes are thrown away here.
"""

from __future__ import annotations

import dataclasses
import re
import socket
import struct
import time
from collections.abc import Iterator
from typing import Final

from core.observer import wire
from core.observer.engine import Emit
from core.observer.wire import FrameKind, ProcessKind

CAP_AUDIT_READ: Final = 37

_NETLINK_AUDIT: Final = 9
_GROUP: Final = 1  # AUDIT_NLGRP_READLOG
_ROOM: Final = 1 << 20
_LONGEST: Final = 1 << 16
_HEADER: Final = struct.Struct("<4xH10x")  # struct nlmsghdr, of which the type; each datagram is one message, whatever length it says
_PROCESS: Final = struct.Struct("<24xIII4xI")  # of a process record: kind, pid, tid, pid_of_other

_SYSCALL: Final = 1300
_TYPES: Final = frozenset((_SYSCALL, 1326, 1400, 1423, 1424))  # SYSCALL, SECCOMP, AVC, LANDLOCK_ACCESS, LANDLOCK_DOMAIN: linux/audit.h
_STAMP: Final = re.compile(rb"audit\([\d.]+:(\d+)\)")
_PID: Final = re.compile(rb"\bpid=(\d+)")
_DOMAIN: Final = re.compile(rb"\bdomain=([0-9a-f]+)")

_PATIENCE_NS: Final = 1_000_000_000
"""How long records wait for their process to become known, and a process that ended for its last records."""
_MOST: Final = 4096
_LAST_WORDS: Final = 0.01
"""Seconds that the kernel may take to deliver the last records of a run."""


@dataclasses.dataclass(slots=True)
class _Event:
    # The records of one serial number, which belong together.
    since_ns: int
    records: list[bytes] = dataclasses.field(default_factory=list)
    pids: set[int] = dataclasses.field(default_factory=set)
    domains: set[bytes] = dataclasses.field(default_factory=set)


class AuditLog:
    """The records about one tree of processes."""

    def __init__(self, first: int) -> None:
        """`first`: the pid of the tree's first process. Raises OSError where the log may not be read."""
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, _NETLINK_AUDIT)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
            self._socket.bind((0, _GROUP))
        except OSError:
            self._socket.close()
            raise
        self._pids: set[int] = {first}
        self._ended: dict[int, int] = {}
        self._domains: set[bytes] = set()
        self._events: dict[bytes, _Event] = {}

    def note(self, processes: bytes | bytearray | memoryview) -> None:
        """Takes in process records, as they are forwarded: who belongs to the tree."""
        for start in range(0, len(processes), wire.PROCESS.size):
            kind, pid, tid, other = _PROCESS.unpack_from(processes, start)
            if kind == ProcessKind.FORK:
                self._pids.add(other)
                self._ended.pop(other, None)
            elif kind == ProcessKind.EXIT and pid == tid:
                self._ended[pid] = time.monotonic_ns()

    def forward(self, emit: Emit) -> None:
        """Emits the tree's records that have come, in one frame; nothing where there are none."""
        now = time.monotonic_ns()
        self._read(now)
        found = b"".join(self._ours())
        if found:
            emit(FrameKind.AUDIT, audit_offset() + found)
        self._forget(now)

    def finish(self, emit: Emit) -> None:
        """The tree is gone: emits its last records too."""
        time.sleep(_LAST_WORDS)
        self.forward(emit)

    def close(self) -> None:
        """Leave the group."""
        self._socket.close()

    def _read(self, now: int) -> None:
        while True:
            try:
                message = self._socket.recv(_LONGEST)
            except BlockingIOError:
                return
            except OSError:
                continue  # ENOBUFS: the kernel has thrown some away, and the next ones are there
            self._take(message, now)

    def _take(self, message: bytes, now: int) -> None:
        if len(message) < _HEADER.size:
            return
        (kind,) = _HEADER.unpack_from(message)
        text = message[_HEADER.size :].rstrip(b"\0")
        stamp = _STAMP.match(text)
        if kind not in _TYPES or stamp is None or len(self._events) >= _MOST:
            return
        event = self._events.setdefault(stamp[1], _Event(now))
        event.records.append(wire.AUDIT_RECORD.pack(kind, len(text)) + text)
        event.pids.update(map(int, _PID.findall(text)))
        event.domains.update(_DOMAIN.findall(text))

    def _ours(self) -> Iterator[bytes]:
        # Landlock tells the process that made a domain once, and later the domain alone.
        for event in self._events.values():
            if not event.pids.isdisjoint(self._pids) or not event.domains.isdisjoint(self._domains):
                self._domains |= event.domains
                yield from event.records
                event.records.clear()

    def _forget(self, now: int) -> None:
        self._events = {serial: event for serial, event in self._events.items() if now - event.since_ns < _PATIENCE_NS}
        for pid in [pid for pid, ended in self._ended.items() if now - ended > _PATIENCE_NS]:
            del self._ended[pid]
            self._pids.discard(pid)


def audit_offset() -> bytes:
    """The beginning of an AUDIT frame."""
    return wire.AUDIT_OFFSET.pack(time.time_ns() - time.monotonic_ns())
