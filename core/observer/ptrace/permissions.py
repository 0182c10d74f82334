"""What file permissions give a thread: the kernel's `generic_permission` (fs/namei.c), put together from what can be seen of both."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import stat
from pathlib import Path
from typing import Final

from core.observer.records import user_namespace_of

READ, WRITE, EXECUTE = 4, 2, 1
_ALL: Final = READ | WRITE | EXECUTE
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1 << 1, 1 << 2
_ACL: Final = "system.posix_acl_access"

Range = tuple[int, int]
"""First id, and how many."""


@dataclasses.dataclass(frozen=True, slots=True)
class Caller:
    """A thread, as file permissions look at it; ids as we see them."""

    uid: int
    groups: frozenset[int]
    effective: int
    """Capabilities, as a mask."""
    mapped: tuple[tuple[Range, ...], tuple[Range, ...]] | None = None
    """The user and group ids that its user namespace maps: its capabilities count for no others. None: it is in ours."""

    @classmethod
    def of(cls, tid: int) -> Caller:
        """Raises OSError where it is gone."""
        text = Path(f"/proc/{tid}/status").read_text(errors="replace")
        status = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        uids, gids = status["Uid"].split(), status["Gid"].split()
        groups = frozenset(map(int, (gids[3], *status["Groups"].split())))
        mapped = None if user_namespace_of(tid) in (0, user_namespace_of(os.getpid())) else (_ranges(tid, "uid"), _ranges(tid, "gid"))
        return cls(int(uids[3]), groups, int(status["CapEff"], 16), mapped)

    def may(self, descriptor: int) -> int:
        """READ, WRITE and EXECUTE, as far as the permissions of what the descriptor is open on give them, or a capability overrides them.

        All of them where an access control list decides, which is not looked at.
        """
        status = os.fstat(descriptor)
        if _has_list(descriptor):
            return _ALL
        given = status.st_mode >> (6 if status.st_uid == self.uid else 3 if status.st_gid in self.groups else 0) & _ALL
        return given | self._overridden(status)

    def _overridden(self, status: os.stat_result) -> int:
        if self.mapped is not None and not all(map(_within, self.mapped, (status.st_uid, status.st_gid))):
            return 0
        folder = stat.S_ISDIR(status.st_mode)
        given = 0
        if self.effective & _DAC_READ_SEARCH:
            given |= READ | (EXECUTE if folder else 0)
        if self.effective & _DAC_OVERRIDE:
            given |= READ | WRITE | (EXECUTE if folder or status.st_mode & 0o111 else 0)
        return given


def _ranges(tid: int, kind: str) -> tuple[Range, ...]:
    lines = Path(f"/proc/{tid}/{kind}_map").read_text().splitlines()
    return tuple((int(outside), int(count)) for _, outside, count in map(str.split, lines))


def _within(ranges: tuple[Range, ...], number: int) -> bool:
    return any(first <= number < first + count for first, count in ranges)


def _has_list(descriptor: int) -> bool:
    with contextlib.suppress(OSError):
        return _ACL in os.listxattr(f"/proc/self/fd/{descriptor}")
    return False
