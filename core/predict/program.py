"""The file that an execve takes its privileges from: owner, mode, file capabilities, script interpreter, mount."""

from __future__ import annotations

import dataclasses
import errno
import os
import re
import stat
from pathlib import Path
from typing import Final

from core.predict.file_capabilities import ATTRIBUTE, FileCapabilities, FileCapabilityError, decode

FIRST_LINE: Final = 256
"""How much of a file the kernel looks at for its format, in bytes: BINPRM_BUF_SIZE."""

SCRIPT_DEPTH: Final = 5
"""Interpreters of interpreters: exec_binprm gives up after five."""


@dataclasses.dataclass(frozen=True, slots=True)
class Program:
    """An executable, as exec sees it."""

    path: str
    """Of the file whose bits and capabilities count: a script's interpreter, not the script."""
    script: str | None = None
    """The script that was named, where one was."""
    owner: int = 0
    group: int = 0
    setuid: bool = False
    setgid: bool = False
    """Set with group execute; without that the bit once meant mandatory locking, and exec ignores it."""
    capabilities: FileCapabilities | None = None
    nosuid: bool = False
    """Its mount ignores setuid bits and file capabilities."""
    inode: int = 0
    changed_ns: int = 0
    """When its owner, mode, capabilities or content last changed, by the wall clock (st_ctime)."""
    problem: str | None = None
    """Why its file capabilities could not be read, as a sentence."""


def read_program(path: str) -> Program:
    """Looks at the file, and at its interpreter where it is a script. Raises OSError."""
    named = path
    for _ in range(SCRIPT_DEPTH):
        words = script_words(path)
        if not words:
            break
        path = words[0]
    status = Path(path).stat()
    capabilities, problem = _capabilities(path)
    return Program(
        path=path,
        script=named if named != path else None,
        owner=status.st_uid,
        group=status.st_gid,
        setuid=bool(status.st_mode & stat.S_ISUID),
        setgid=status.st_mode & (stat.S_ISGID | stat.S_IXGRP) == stat.S_ISGID | stat.S_IXGRP,
        capabilities=capabilities,
        nosuid=bool(os.statvfs(path).f_flag & os.ST_NOSUID),
        inode=status.st_ino,
        changed_ns=status.st_ctime_ns,
        problem=problem,
    )


def script_words(path: str) -> list[str]:
    """The words of a script's first line after #!: its interpreter, and what that is given; none where it is no script. Raises OSError."""
    # Whatever the name means by now is only opened if it could be executed: a pipe would make us wait, a device do who knows what.
    if not stat.S_ISREG(Path(path).stat().st_mode):
        raise OSError(errno.EACCES, "it is not a regular file", path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        return []  # executable but not readable, so not a script: its interpreter would have to read it
    with os.fdopen(descriptor, "rb") as file:
        return first_line_words(file.read(FIRST_LINE))


def first_line_words(start: bytes) -> list[str]:
    """The words after #! at a file's start, divided as the kernel divides them (a carriage return belongs to a word)."""
    first = re.match(rb"#!([^\n\0]*)", start)
    return [os.fsdecode(word) for word in re.split(rb"[ \t]+", first[1]) if word] if first else []


def _capabilities(path: str) -> tuple[FileCapabilities | None, str | None]:
    try:
        return decode(os.getxattr(path, ATTRIBUTE)), None
    except FileCapabilityError as err:
        return None, f"{path}: {err}"
    except OSError as err:
        absent = err.errno in (errno.ENODATA, errno.ENOTSUP)
        return None, None if absent else f"{path}: its file capabilities cannot be read: {err.strerror}"
