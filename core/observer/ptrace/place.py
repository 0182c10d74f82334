"""Where a path leads, walked as the kernel walks it for a stopped thread: from its root, its working directory or one of its descriptors (path_resolution(7))."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections import deque
from pathlib import Path
from typing import Final, NamedTuple

from core.observer import records
from core.observer.ptrace.permissions import EXECUTE, Caller

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
    in_folder: int
    """What file permissions let the thread do there (`core.observer.ptrace.permissions`); 0 where they do not let it come so far."""
    at_file: int
    mode: int = 0
    """The file's (st_mode)."""
    door: str = ""
    """The directory on the way that the thread may not enter."""


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
    # One walk: where it is, the names that are still to come, and the first directory that the thread may not enter.

    def __init__(self, tid: int, opened: contextlib.ExitStack) -> None:
        self._tid = tid
        self._opened = opened
        self._root = self._at = self._open(f"/proc/{tid}/root", None)
        self._caller = Caller.of(tid)
        self._names = deque[str]()
        self._links = 0
        self._door = ""

    def walk(self, start: int, path: str) -> Place | None:
        if not path.startswith("/"):
            self._at = self._open(f"/proc/{self._tid}/{'cwd' if start == AT_FDCWD else f'fd/{start}'}", None)
        self._names.extend(_names(path))
        within: tuple[str, int] | None = None
        while self._names:
            name = self._names.popleft()
            if not self._names and within is None:
                within = self._here()
            try:
                self._step(name)
            except FileNotFoundError:
                if not self._names and within is not None:
                    return Place(within[0], "", within[1], 0, door=self._door)
                return self._closed()
            except PermissionError:
                return self._closed()
        (folder, in_folder), (file, at_file) = within or self._here(), self._here()
        return Place(folder, file, in_folder, at_file, os.fstat(self._at).st_mode, self._door)

    def _closed(self) -> Place | None:
        # What is behind a closed door does not matter.
        return Place(self._door, "", 0, 0, door=self._door) if self._door else None

    def _here(self) -> tuple[str, int]:
        return _path(self._at), 0 if self._door else self._caller.may(self._at)

    def _step(self, name: str) -> None:
        if not self._door and not self._caller.may(self._at) & EXECUTE:
            self._door = _path(self._at)
        if name == "..":
            if not os.path.samestat(os.fstat(self._at), os.fstat(self._root)):
                self._at = self._open("..", self._at)
            return
        found = self._open(name, self._at, os.O_NOFOLLOW)
        if stat.S_ISLNK(os.fstat(found).st_mode):
            self._follow(name, found)
        else:
            self._at = found

    def _follow(self, name: str, link: int) -> None:
        self._links += 1
        if self._links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        folder = _path(self._at)
        if _OF_PROCESS.fullmatch(folder):
            self._at = self._open(name, self._at)
            return
        target = self._own(f"{folder}/{name}") or os.readlink("", dir_fd=link)
        if target.startswith("/"):
            self._at = self._root
        self._names.extendleft(reversed(_names(target)))

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
