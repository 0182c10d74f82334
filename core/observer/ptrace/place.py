"""Where a path leads, walked as the kernel walks it for a stopped thread: from its root, its working directory or one of its descriptors (path_resolution(7))."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections import deque
from pathlib import Path
from typing import Final, NamedTuple

from core.observer import records

AT_FDCWD: Final = -100

_MOST_LINKS: Final = 40  # the kernel's MAXSYMLINKS
_OF_PROCESS: Final = re.compile(r"/proc/\d+(/.*)?")
# Links below lead straight to what they stand for; what they read as may be the name of something else, or of nothing.


class Place(NamedTuple):
    """What a path names, both as paths without links from our own root."""

    folder: str
    """The directory that holds the last component, which need not exist."""
    file: str
    """What the whole path leads to, the last component followed where it is a link; empty where there is no such thing."""


def place_of(tid: int, folder: int, path: str) -> Place | None:
    """For a thread whose system call took `path`, relative to its descriptor `folder` (or `AT_FDCWD`).

    None where we cannot walk there, or where what we see is not what the thread sees, since it is in another mount namespace.
    """
    if not path or not _same_mounts(tid):
        return None
    with contextlib.ExitStack() as opened, contextlib.suppress(OSError):
        return _Walk(tid, opened).walk(folder, path)
    return None


class _Walk:
    def __init__(self, tid: int, opened: contextlib.ExitStack) -> None:
        self._tid = tid
        self._opened = opened
        self._root = self._open(f"/proc/{tid}/root", None)

    def walk(self, folder: int, path: str) -> Place | None:
        start = "cwd" if folder == AT_FDCWD else f"fd/{folder}"
        at = self._root if path.startswith("/") else self._open(f"/proc/{self._tid}/{start}", None)
        names = deque(_names(path))
        links, within = 0, ""
        while names:
            name = names.popleft()
            if not names and not within:
                within = _path(at)
            if name == "..":
                at = at if os.path.samestat(os.fstat(at), os.fstat(self._root)) else self._open("..", at)
                continue
            try:
                found = self._open(name, at, os.O_NOFOLLOW)
            except FileNotFoundError:
                return None if names else Place(within, "")
            if not stat.S_ISLNK(os.fstat(found).st_mode):
                at = found
                continue
            links += 1
            if links > _MOST_LINKS:
                return None
            where = _path(at)
            if _OF_PROCESS.fullmatch(where):
                at = self._open(name, at)
                continue
            target = self._own(f"{where}/{name}") or os.readlink("", dir_fd=found)
            at = self._root if target.startswith("/") else at
            names.extendleft(reversed(_names(target)))
        return Place(within or _path(at), _path(at))

    def _own(self, link: str) -> str:
        # What these two read as depends on who reads them.
        process = records.read_thread_group(self._tid)
        return {"/proc/self": f"{process}", "/proc/thread-self": f"{process}/task/{self._tid}"}.get(link, "")

    def _open(self, name: str, folder: int | None, flags: int = 0) -> int:
        descriptor = os.open(name, os.O_PATH | os.O_CLOEXEC | flags, dir_fd=folder)
        self._opened.callback(os.close, descriptor)
        return descriptor


def _names(path: str) -> list[str]:
    return [name for name in path.split("/") if name not in ("", ".")]


def _path(descriptor: int) -> str:
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())


def _same_mounts(tid: int) -> bool:
    try:
        return Path(f"/proc/{tid}/ns/mnt").readlink() == Path("/proc/self/ns/mnt").readlink()
    except OSError:
        return False  # the kernel hides it where the process is not ours to inspect
