"""Ending a whole tree of processes, whatever it does to get away."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

_WALL = 0x40000000
"""__WALL of waitpid(2): threads that we trace too."""
_PAUSE = 0.002
"""Seconds between two rounds, for the killed to go."""


def children(pid: int) -> list[int]:
    """The processes whose parent is a thread of `pid`; empty where `pid` is gone."""
    found = []
    try:
        for task in os.scandir(f"/proc/{pid}/task"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                found += [int(word) for word in (Path(task.path) / "children").read_bytes().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return found if found or _lists_children() else _children_by_scan(pid)


def _lists_children() -> bool:
    # /proc/PID/task/TID/children needs CONFIG_PROC_CHILDREN.
    return Path("/proc/self/task", str(os.getpid()), "children").exists()


def _children_by_scan(parent: int) -> list[int]:
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                stat = Path(entry.path, "stat").read_bytes()
                if int(stat[stat.rindex(b")") + 2 :].split()[1]) == parent:
                    found.append(int(entry.name))
    return found


def kill_descendants(root: int) -> None:
    """SIGKILL to every process below `root`.

    Each is killed before its children are listed, so that it cannot add to them any more; orphans of the killed move up to the nearest
    child subreaper, so a caller that is one repeats this until it has no children.
    """
    for pid in _killed_from(root):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _killed_from(root: int) -> Iterator[int]:
    waiting = children(root)
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children(pid)


def end_own_tree() -> None:
    """Kill and reap all our descendants; returns when there are none. We have to be a child subreaper."""
    while reap_all():
        kill_descendants(os.getpid())
        time.sleep(_PAUSE)


def reap_all() -> bool:
    """Reap every child that has ended; True while there are others."""
    try:
        while os.waitpid(-1, os.WNOHANG | _WALL)[0]:
            pass
    except ChildProcessError:
        return False
    return True
