"""Which files a program cannot start without: itself, its interpreters, its loader and its libraries. Read, never run."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from core.predict.elf import read_elf
from core.predict.libraries import CACHE, LibraryFinder
from core.predict.program import SCRIPT_DEPTH, script_words


@dataclasses.dataclass(frozen=True, slots=True)
class StartupNeeds:
    """Absolute paths, links followed, as Landlock sees them."""

    execute: tuple[str, ...]
    """The program, a script's interpreters, and the loader of the last; each is read too."""
    read: tuple[str, ...]
    """The folders of the libraries."""
    cache: str = ""
    """The loader's cache, by which it finds libraries that lie elsewhere than usual; empty: there is none."""
    missing: tuple[str, ...] = ()
    """Libraries that were not found where ld.so looks for them."""

    def lacking(self, read: tuple[str, ...] | None, execute: tuple[str, ...] | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What does not lie below these lists (None: everything does): for reading, and for executing."""
        to_read = _outside((*self.execute, *self.read), read)
        if to_read and self.cache:
            to_read += _outside((self.cache,), read)
        return _outermost(to_read), _outside(self.execute, execute)


def startup_needs(executable: str, environment: Mapping[str, str]) -> StartupNeeds:
    """`executable`: an absolute path. Raises OSError, and `ElfError` for what is neither an ELF program nor a script of one."""
    programs = [os.path.realpath(executable)]
    for _ in range(SCRIPT_DEPTH):
        interpreters = _interpreters(programs[-1], environment)
        if not interpreters:
            break
        programs.extend(map(os.path.realpath, interpreters))
    read: dict[str, None] = {}
    loaders: dict[str, None] = {}
    missing: tuple[str, ...] = ()
    for program in programs:
        if not script_words(program) and (loader := read_elf(program).interpreter):
            loaders[os.path.realpath(loader)] = None
            libraries, absent = LibraryFinder(loader, environment).closure(program)
            read |= dict.fromkeys(str(Path(library).parent) for library in libraries)
            missing += absent
    cache = str(CACHE) if loaders and CACHE.exists() else ""
    return StartupNeeds((*dict.fromkeys(programs), *loaders), _outermost(tuple(read)), cache, tuple(dict.fromkeys(missing)))


def is_below(path: str, listed: tuple[str, ...]) -> bool:
    """Whether the path is one of these or lies below one, links followed as the kernel does."""
    return any(Path(path).is_relative_to(os.path.realpath(one)) for one in listed)


def _outside(paths: tuple[str, ...], listed: tuple[str, ...] | None) -> tuple[str, ...]:
    return () if listed is None else tuple(path for path in paths if not is_below(path, listed))


def _outermost(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(path for path in dict.fromkeys(paths) if not is_below(path, tuple(other for other in paths if other != path)))


def _interpreters(path: str, environment: Mapping[str, str]) -> list[str]:
    """What a script's first line starts; for /usr/bin/env also what that looks for in PATH."""
    words = script_words(path)
    if not words or Path(words[0]).name != "env":
        return words[:1]
    names = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    found = shutil.which(names[0], path=environment.get("PATH", os.defpath)) if names else None
    return words[:1] if found is None else [words[0], found]
