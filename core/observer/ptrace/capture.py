"""What arguments point to, read from a stopped tracee in wire.py's capture records."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterable, Iterator
from typing import Final

from core.observer import native, wire
from core.observer.ptrace.place import AT_FDCWD, place_of
from core.observer.wire import MAX_CAPTURE, CaptureKind, CapturePlan

_PAGE: Final = 4096
_FIRST: Final = 256
_HEADER: Final = wire.CAPTURE
_ARGUMENTS: Final = struct.Struct("<6Q")
_RING_LENGTH: Final = _HEADER.size - 8
_IOVEC: Final = struct.Struct("<QQ")
_PROGRAM: Final = struct.Struct("<H6xQ")
_NARROW_PROGRAM: Final = struct.Struct("<H2xI")
"""struct sock_fprog."""
_INSTRUCTION_SIZE: Final = 8
_MAX_INSTRUCTIONS: Final = 4096  # the kernel's BPF_MAXINSNS
_REFUSED: Final = (-errno.EACCES, -errno.EXDEV)

Item = tuple[int, int, int, int, bool]
"""(argument, kind, size, length_argument, at_entry) of a plan."""


_X32: Final = wire.X32_SYSCALL_BIT
_EXECS: Final = {wire.AUDIT_ARCH_X86_64: (59, 322, _X32 | 520, _X32 | 545), wire.AUDIT_ARCH_I386: (11, 358)}
_PRCTLS: Final = {wire.AUDIT_ARCH_X86_64: (157, _X32 | 157), wire.AUDIT_ARCH_I386: (172,)}


class Plan:
    """What to read at one syscall's entry and at its exit, and what else the engine has to look at."""

    __slots__ = ("entry", "execs", "exit", "prctl")

    def __init__(self, items: Iterable[Item]) -> None:
        items = tuple(items)
        self.entry = tuple(item for item in items if item[4])
        self.exit = tuple(item for item in items if not item[4])
        self.execs = False
        """It is execve or execveat: what the caller holds is recorded first."""
        self.prctl = False
        """It may change the securebits."""


def plans(captures: Iterable[CapturePlan]) -> dict[tuple[int, int], Plan]:
    """By (arch, nr)."""
    found = {(plan.arch, plan.nr): Plan(plan.captures) for plan in captures}
    for arch, numbers in _EXECS.items():
        for nr in numbers:
            found.setdefault((arch, nr), Plan(())).execs = True
    for arch, numbers in _PRCTLS.items():
        for nr in numbers:
            found.setdefault((arch, nr), Plan(())).prctl = True
    return found


class Memory:
    """Reads other processes' memory through one buffer (process_vm_readv(2))."""

    def __init__(self) -> None:
        self._buffer = ctypes.create_string_buffer(_PAGE)
        self._view = memoryview(self._buffer).cast("B")
        self._local = ctypes.create_string_buffer(_IOVEC.size)
        self._remote = ctypes.create_string_buffer(_IOVEC.size)
        self._start = ctypes.addressof(self._buffer)
        self._local_address = ctypes.addressof(self._local)
        self._remote_address = ctypes.addressof(self._remote)
        self._readv = native.process_vm_readv

    def piece(self, pid: int, address: int, size: int) -> bytes:
        """Up to `size` (at most 4096) bytes, not beyond the end of the page; empty where nothing can be read."""
        size = min(size, _PAGE - (address & _PAGE - 1))
        _IOVEC.pack_into(self._local, 0, self._start, size)
        _IOVEC.pack_into(self._remote, 0, address, size)
        count = self._readv(pid, self._local_address, 1, self._remote_address, 1, 0)
        return bytes(self._view[:count]) if count > 0 else b""

    def read(self, pid: int, address: int, size: int) -> bytes:
        """`size` bytes, or as many as there are."""
        data = self.piece(pid, address, size)
        while data and len(data) < size:
            more = self.piece(pid, address + len(data), size - len(data))
            if not more:
                break
            data += more
        return data

    def string(self, pid: int, address: int, size: int) -> tuple[bytes, bool] | None:
        """The bytes before the zero, at most `size`, and whether the string goes on behind them; None where nothing can be read."""
        data = self.piece(pid, address, min(size, _FIRST))
        if not data:
            return None
        end = data.find(0)
        while end < 0 and len(data) < size:
            more = self.piece(pid, address + len(data), size - len(data))
            if not more:
                return data, True
            data += more
            end = data.find(0)
        return (data, True) if end < 0 else (data[:end], False)


def capture_record(call: int, argument: int, kind: int, data: bytes, *, truncated: bool) -> bytes:
    """One record of something that was read."""
    length = len(data)
    return _HEADER.pack(_RING_LENGTH + length, 0, call, argument, kind, truncated, 0, length) + data + bytes(-length & 7)


class Capturer:
    """Carries out plans and packs the records."""

    def __init__(self) -> None:
        self.landlock: wire.Landlock | None = None
        """The ruleset over the target, its paths without links: for places."""
        self._memory = Memory()

    def capture(self, pid: int, call: int, arch: int, nr: int, arguments: bytes, ret: int, items: tuple[Item, ...]) -> bytes:
        """The capture records of one call; `arguments` are its six, packed."""
        values = _ARGUMENTS.unpack(arguments)
        records = b""
        for argument, kind, size, length_argument, _ in items:
            if kind == CaptureKind.PROGRAM:
                if values[0] & 0xFFFFFFFF == size:
                    records += b"".join(self._program(pid, call, _is_narrow(arch, nr), values[argument]))
                continue
            if kind == CaptureKind.PLACE:
                if ret in _REFUSED:
                    records += self._place(pid, call, argument, values[argument], size, _folder(values, length_argument))
                continue
            read = self._read(pid, arch, values[argument], kind, self._wanted(size, length_argument, values, ret))
            if read is None:
                records += _HEADER.pack(_RING_LENGTH, 0, call, argument, kind, 0, 1, 0)
                continue
            data, truncated = read
            if kind == CaptureKind.BYTES:
                truncated = self._goes_on(size, length_argument, values, ret)
            records += capture_record(call, argument, kind, data, truncated=truncated)
        return records

    def _place(self, tid: int, call: int, argument: int, address: int, size: int, folder: int) -> bytes:
        read = self._memory.string(tid, address, size)
        found = None if read is None or read[1] else place_of(tid, folder, os.fsdecode(read[0]))
        if found is None:
            return b""
        rights = [self.landlock.rights_at(path) if self.landlock is not None and path else 0 for path in (found.folder, found.file)]
        data = wire.PLACE.pack(*rights, found.in_folder, found.at_file, found.mode & 0xFFFF)
        data += b"".join(os.fsencode(path) + b"\0" for path in (found.folder, found.file, found.door))
        return capture_record(call, wire.PLACES + argument, CaptureKind.PLACE, data, truncated=False)

    def _program(self, pid: int, call: int, narrow: bool, address: int) -> Iterator[bytes]:
        layout = _NARROW_PROGRAM if narrow else _PROGRAM
        header = self._memory.read(pid, address, layout.size)
        if len(header) < layout.size:
            return  # nor can the kernel read it
        count, start = layout.unpack(header)
        size = count * _INSTRUCTION_SIZE
        if count > _MAX_INSTRUCTIONS:
            return  # the kernel will not take it either
        for piece, offset in enumerate(range(0, size, MAX_CAPTURE)):
            wanted = min(size - offset, MAX_CAPTURE)
            data = self._memory.read(pid, start + offset, wanted)
            if len(data) < wanted:
                yield _HEADER.pack(_RING_LENGTH, 0, call, piece, CaptureKind.PROGRAM, 0, 1, 0)
                return
            yield capture_record(call, piece, CaptureKind.PROGRAM, data, truncated=offset + wanted < size)

    @staticmethod
    def _wanted(size: int, length_argument: int, values: tuple[int, ...], ret: int) -> int:
        return min(size, _length(length_argument, values, ret, size))

    @staticmethod
    def _goes_on(size: int, length_argument: int, values: tuple[int, ...], ret: int) -> bool:
        return _length(length_argument, values, ret, size) > size

    def _read(self, pid: int, arch: int, address: int, kind: int, size: int) -> tuple[bytes, bool] | None:
        if not address:
            return None
        if kind == CaptureKind.STRING:
            return self._memory.string(pid, address, size)
        if kind == CaptureKind.POINTERS:
            return self._strings(pid, address, size, 8 if arch == wire.AUDIT_ARCH_X86_64 else 4)
        if size == 0:
            return b"", False
        data = self._memory.read(pid, address, size)
        return (data, False) if data else None

    def _strings(self, pid: int, array: int, size: int, width: int) -> tuple[bytes, bool] | None:
        data = b""
        while True:
            pointer = int.from_bytes(self._memory.read(pid, array, width), "little")
            if not pointer:
                return data, False
            array += width
            left = size - len(data)
            read = self._memory.string(pid, pointer, left) if left > 0 else (b"", True)
            if read is None:
                return (data, True) if data else None
            text, truncated = read
            data = (data + text + b"\0")[:size]
            if truncated or len(data) == size:
                return data, True


def _folder(values: tuple[int, ...], argument: int) -> int:
    if argument == wire.NO_LENGTH:
        return AT_FDCWD
    value = values[argument] & 0xFFFFFFFF
    return value - 2**32 if value >> 31 else value


def _is_narrow(arch: int, nr: int) -> bool:
    return arch != wire.AUDIT_ARCH_X86_64 or bool(nr & wire.X32_SYSCALL_BIT)


def _length(length_argument: int, values: tuple[int, ...], ret: int, size: int) -> int:
    argument, unit = wire.length_of(length_argument)
    if argument == wire.RESULT:
        return max(ret, 0) * unit
    return values[argument] * unit if argument < wire.RESULT else size
