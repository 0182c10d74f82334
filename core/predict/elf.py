"""An ELF file's own word on what starts it: its interpreter (ld.so) and the libraries that it names. Read, never run.

Source: elf(5); the generic ABI's chapters "Program Header" and "Dynamic Section".
"""

from __future__ import annotations

import dataclasses
import os
import struct
from pathlib import Path
from typing import BinaryIO, Final

_MAGIC: Final = b"\x7fELF"
_LARGEST: Final = 1 << 20
"""No table or string of a sound file is longer."""
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_DT_NEEDED, _DT_STRTAB, _DT_STRSZ, _DT_RPATH, _DT_RUNPATH = 1, 5, 10, 15, 29


class ElfError(ValueError):
    """This is no ELF file, or one that is not whole; the sentence says which."""


@dataclasses.dataclass(frozen=True, slots=True)
class Elf:
    """What the loader reads of a program or a library."""

    kind: tuple[int, int]
    """Class (1: 32 bits, 2: 64) and machine: only libraries of the same kind fit."""
    interpreter: str = ""
    """The loader (ld.so) that the kernel starts in the program's place; empty: none, as in a static program."""
    needed: tuple[str, ...] = ()
    """Names of libraries, mostly without a folder."""
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    """Folders to look for them in, with $ORIGIN as the file has it."""


def read_elf(path: str) -> Elf:
    """Raises `ElfError`, and OSError where the file cannot be read."""
    with Path(path).open("rb") as file:
        try:
            return _Reader(file, path).read()
        except struct.error as err:
            raise ElfError(f"{path}: this ELF file is cut off") from err


@dataclasses.dataclass(frozen=True, slots=True)
class _Segment:
    type: int
    offset: int
    address: int
    size: int


class _Reader:
    def __init__(self, file: BinaryIO, path: str) -> None:
        self._file = file
        self._path = path
        head = file.read(20)
        if head[:4] != _MAGIC:
            raise ElfError(f"{path}: is no ELF file")
        self._wide = head[4] == 2
        self._order = ">" if head[5] == 2 else "<"
        self._kind = (head[4], *self._unpack("H", head[18:20]))

    def read(self) -> Elf:
        segments = self._segments()
        interpreter = next((self._at(one.offset, one.size) for one in segments if one.type == _PT_INTERP), b"")
        dynamic = next((self._entries(one) for one in segments if one.type == _PT_DYNAMIC), [])
        values = dict(reversed(dynamic))
        strings = self._strings(segments, values)
        return Elf(
            kind=(self._kind[0], self._kind[1]),
            interpreter=os.fsdecode(interpreter.rstrip(b"\0")),
            needed=tuple(_text(strings, value) for tag, value in dynamic if tag == _DT_NEEDED),
            rpath=_folders(strings, values.get(_DT_RPATH)),
            runpath=_folders(strings, values.get(_DT_RUNPATH)),
        )

    def _unpack(self, layout: str, data: bytes) -> tuple[int, ...]:
        return struct.unpack(self._order + layout, data)

    def _at(self, offset: int, size: int) -> bytes:
        if size > _LARGEST:
            raise ElfError(f"{self._path}: this ELF file is not sound: a table of {size} bytes")
        self._file.seek(offset)
        return self._file.read(size)

    def _segments(self) -> list[_Segment]:
        # e_phoff; then e_phentsize and e_phnum
        (offset,) = self._unpack("Q", self._at(32, 8)) if self._wide else self._unpack("I", self._at(28, 4))
        length, count = self._unpack("HH", self._at(54 if self._wide else 42, 4))
        table = self._at(offset, length * count)
        return [self._segment(table[start : start + length]) for start in range(0, length * count, max(length, 1))]

    def _segment(self, data: bytes) -> _Segment:
        if self._wide:
            kind, _, offset, address, _, size = self._unpack("IIQQQQ", data[:40])
        else:
            kind, offset, address, _, size = self._unpack("IIIII", data[:20])
        return _Segment(kind, offset, address, size)

    def _entries(self, segment: _Segment) -> list[tuple[int, int]]:
        layout = struct.Struct(self._order + ("qQ" if self._wide else "iI"))
        data = self._at(segment.offset, segment.size)
        return [(tag, value) for tag, value in layout.iter_unpack(data[: len(data) // layout.size * layout.size])]

    def _strings(self, segments: list[_Segment], values: dict[int, int]) -> bytes:
        # DT_STRTAB is an address; the segment that is loaded there tells the place in the file.
        address, size = values.get(_DT_STRTAB), values.get(_DT_STRSZ, 0)
        for one in segments:
            if address is not None and one.type == _PT_LOAD and one.address <= address < one.address + one.size:
                return self._at(one.offset + address - one.address, size)
        return b""


def _text(strings: bytes, offset: int) -> str:
    return os.fsdecode(strings[offset:].split(b"\0", 1)[0])


def _folders(strings: bytes, offset: int | None) -> tuple[str, ...]:
    return () if offset is None else tuple(filter(None, _text(strings, offset).split(":")))
