"""A failed execve in words: what is in its way, by looking at the files that the kernel opens for it."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from core.observer import landlock
from core.observer.wire import LaunchSpec

_MAX_INTERPRETERS: Final = 5
"""The kernel goes from a script to its interpreter, which may be a script, no more often than this."""


def explain_exec(number: int, spec: LaunchSpec) -> str:
    """Why execve failed with this errno, by looking at the file."""
    path = spec.executable
    if number == errno.ENOENT:
        return _missing(path)
    if number == errno.ENOEXEC:
        return f"{path} is in no format that this kernel executes: a script needs #! and its interpreter in the first line, a program the right processor"
    if number in (errno.EACCES, errno.EPERM):
        return _not_allowed(path, number, spec)
    if number == errno.EAGAIN:
        return "the limit of processes (ulimit -u) of the target's user is reached: end some, or raise it"
    if number == errno.E2BIG:
        return "arguments and environment together are larger than the kernel takes: pass less"
    if number == errno.ETXTBSY:
        return f"{path} is open for writing: wait until it is complete"
    if number == errno.ELOOP:
        return f"{path} leads through too many symbolic links"
    if number == errno.ENOTDIR:
        return f"a part of {path} is not a directory"
    return path


def _missing(path: str) -> str:
    try:
        head = _head(path)
    except FileNotFoundError:
        return f"{path} does not exist"
    except OSError:
        return f"{path}, or the interpreter that it names, does not exist"
    if head.startswith(b"#!"):
        interpreter = _interpreter(head)
        if interpreter.endswith("\r"):
            return f"{path} is a script in whose first line a carriage return, as Windows ends lines, counts as part of the interpreter's name: take it out"
        return f"{path} is a script for {interpreter or 'an interpreter without a name'}, which does not exist: install it, or mend the first line"
    loader = _loader(head)
    if loader:
        return f"{path} needs the dynamic loader {loader}, which does not exist: it was built for another system"
    return f"{path} does not exist, or the interpreter that it needs"


def _head(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(4096)


def _loader(head: bytes) -> str:
    # The name stands in the PT_INTERP segment, which linkers put near the start.
    start = head.find(b"/lib")
    return (
        os.fsdecode(head[start : head.index(b"\0", start)]) if head.startswith(b"\x7fELF") and start >= 0 and b"\0" in head[start:] else ""
    )


def _not_allowed(path: str, number: int, spec: LaunchSpec) -> str:
    if spec.judge_from == "execve" and spec.filters:
        return "the filter judges from execve and may have refused the launcher's own execve: judge from entry, or allow execve"
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return f"a directory on the way to {path} is closed to the target's user"
    if stat.S_ISDIR(mode):
        return f"{path} is a directory"
    if not stat.S_ISREG(mode):
        return f"{path} is not a regular file"
    if not mode & 0o111:
        return f"{path} is not marked executable: chmod +x"
    if os.statvfs(path).f_flag & os.ST_NOEXEC:
        return f"{path} lies on a file system that is mounted noexec"
    if blocked := _outside_paths(path, spec):
        return blocked
    head = _head_or_nothing(path)
    if head.startswith(b"#!"):
        return f"{path} is a script whose interpreter may not be executed"
    if number == errno.EPERM:
        return (
            f"{path} has file capabilities of which the bounding set lacks some, or a security module refuses it: "
            "leave those in the bounding set, or run a copy of the file, which has none"
        )
    return f"the target's user may not execute {path}"


def _outside_paths(path: str, spec: LaunchSpec) -> str:
    """Which of the files that the kernel opens for an execve the policy's Landlock rules leave out."""
    if spec.landlock is None:
        return ""
    rules = landlock.without_links(spec.landlock)
    for file in _opened_by_exec(path):
        real = os.path.realpath(file)
        missing = (landlock.EXECUTE | landlock.READ_FILE) & rules.handled_fs & ~rules.rights_at(real)
        if missing:
            lists = " and ".join(
                f"paths.{word}" for word, right in (("execute", landlock.EXECUTE), ("read", landlock.READ_FILE)) if missing & right
            )
            whose = "" if file == path else f", which {path} needs,"
            return f"{real}{whose} lies outside the policy's {lists}: add it, or a directory above it"
    return ""


def _opened_by_exec(path: str) -> Iterator[str]:
    # The file, and in turn the interpreter or the loader that it names.
    for _ in range(_MAX_INTERPRETERS):
        yield path
        head = _head_or_nothing(path)
        path = _interpreter(head) if head.startswith(b"#!") else _loader(head)
        if not path:
            return


def _interpreter(head: bytes) -> str:
    words = re.match(rb"#![ \t]*([^ \t\n\0]*)", head)  # as the kernel divides them: a carriage return belongs to the name
    return os.fsdecode(words[1]) if words else ""


def _head_or_nothing(path: str) -> bytes:
    try:
        return _head(path)
    except OSError:
        return b""
