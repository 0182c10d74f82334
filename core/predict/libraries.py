"""Where the loader finds a library, as ld.so(8) looks for it; nothing is run."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from core.predict.elf import Elf, ElfError, read_elf

CACHE: Final = Path("/etc/ld.so.cache")
_DEFAULT: Final = ("/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib")
_MAGIC: Final = b"glibc-ld.so.cache1.1"
_ENTRY: Final = struct.Struct("<iIIIQ")  # flags, name, path, osversion, hwcap; both strings from the magic on
_HEAD: Final = 48


class LibraryFinder:
    """Finds libraries for one program."""

    def __init__(self, loader: str, environment: Mapping[str, str], cache: Path = CACHE) -> None:
        """`loader`: the program's ld.so, beside which a distribution's libraries often are."""
        self._cached = read_cache(cache)
        self._inherited: tuple[str, ...] = ()
        self._asked = tuple(filter(None, environment.get("LD_LIBRARY_PATH", "").split(":")))
        self._default = (*dict.fromkeys((os.path.dirname(os.path.realpath(loader)), *_DEFAULT)),)  # noqa: PTH120  text is all that it is

    def closure(self, program: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The libraries that the program and its libraries name: the files found, links followed, and the names for which there is none."""
        found: dict[str, str] = {}
        missing: list[str] = []
        waiting = [os.path.realpath(program)]
        self._inherited = (*_with_origin(read_elf(waiting[0]).rpath, waiting[0]),)
        while waiting:
            path = waiting.pop(0)
            elf = read_elf(path)
            for name in elf.needed:
                if name in found or name in missing:
                    continue
                place = self._find(name, elf, path)
                if place is None:
                    missing.append(name)
                else:
                    found[name] = os.path.realpath(place)
                    waiting.append(found[name])
        return tuple(dict.fromkeys(found.values())), tuple(missing)

    def _find(self, name: str, elf: Elf, path: str) -> str | None:
        if "/" in name:
            return name if _fits(name, elf) else None
        return next((place for place in self._places(name, elf, path) if _fits(place, elf)), None)

    def _places(self, name: str, elf: Elf, path: str) -> Iterator[str]:
        # DT_RPATH counts for the whole program, DT_RUNPATH for the file that has it, and there in its stead.
        own = () if elf.runpath else (*_with_origin(elf.rpath, path), *self._inherited)
        for folder in (*own, *self._asked, *_with_origin(elf.runpath, path)):
            yield f"{folder}/{name}"
        yield from self._cached.get(name, ())
        for folder in self._default:
            yield f"{folder}/{name}"


def read_cache(path: Path = CACHE) -> Mapping[str, Sequence[str]]:
    """The files that ldconfig knows by each name, the plain ones before those for some processors; none where there is no such cache."""
    try:
        data = path.read_bytes()
    except OSError:
        return {}
    start = data.find(_MAGIC)
    if start < 0 or len(data) < start + _HEAD:
        return {}
    data = data[start:]
    (count,) = struct.unpack_from("<I", data, len(_MAGIC))
    entries = [_ENTRY.unpack_from(data, _HEAD + index * _ENTRY.size) for index in range(min(count, (len(data) - _HEAD) // _ENTRY.size))]
    found: dict[str, list[str]] = {}
    for _, name, place, _, _ in sorted(entries, key=_hardware):
        found.setdefault(_text(data, name), []).append(_text(data, place))
    return found


def _hardware(entry: tuple[int, ...]) -> int:
    return entry[4]


def _text(data: bytes, offset: int) -> str:
    return os.fsdecode(data[offset:].split(b"\0", 1)[0])


def _with_origin(folders: Iterable[str], path: str) -> Iterator[str]:
    origin = os.path.dirname(path)  # noqa: PTH120  put into text
    for folder in folders:
        yield folder.replace("${ORIGIN}", origin).replace("$ORIGIN", origin)


def _fits(path: str, elf: Elf) -> bool:
    try:
        return read_elf(path).kind == elf.kind
    except (OSError, ElfError):
        return False
