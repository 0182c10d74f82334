"""What an exec took its privileges from, as /proc has it while the process stops behind it."""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from core.observer import native
from core.observer.records import Executable, user_namespace_of
from core.observer.wire import CaptureKind, ExecFact

Fact = tuple[ExecFact, CaptureKind, bytes]

_SYS_PTRACE: Final = 1 << 19


def read_executable(pid: int) -> Executable:
    """For a process that we trace; without a file where the kernel hides it, since the process is not ours to inspect."""
    effective, _, _ = native.capget()
    # Over a user namespace that we or what we launched made, we hold every capability.
    unprivileged = not effective & _SYS_PTRACE and user_namespace_of(pid) in (0, user_namespace_of(os.getpid()))
    executable = f"/proc/{pid}/exe"
    try:
        return Executable(Path(executable).stat().st_ino, bool(os.statvfs(executable).f_flag & os.ST_NOSUID), unprivileged)
    except OSError:
        return Executable(unprivileged_tracer=unprivileged)


def exec_facts(pid: int) -> Iterator[Fact]:
    """What goes into captures; nothing of a process that is gone, no file of one that is not ours to inspect."""
    folder = Path(f"/proc/{pid}")
    with contextlib.suppress(OSError):  # the reader has what execve was given
        yield ExecFact.FILE, CaptureKind.PARTS, _parts((folder / "exe").readlink())
    try:
        groups = next(line for line in (folder / "status").read_text().splitlines() if line.startswith("Groups:"))
        yield ExecFact.GROUPS, CaptureKind.BYTES, _packed(groups.removeprefix("Groups:"))
        if user_namespace_of(pid) not in (0, user_namespace_of(os.getpid())):
            yield ExecFact.UID_MAP, CaptureKind.BYTES, _packed((folder / "uid_map").read_text())
            yield ExecFact.GID_MAP, CaptureKind.BYTES, _packed((folder / "gid_map").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return


def _parts(path: Path) -> bytes:
    return b"".join(os.fsencode(part) + b"\0" for part in reversed(path.parts[1:]))


def _packed(numbers: str) -> bytes:
    words = [int(word) for word in numbers.split()]
    return struct.pack(f"<{len(words)}I", *words)
