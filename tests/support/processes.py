"""The children of the test process, so that no test leaves one behind."""

import contextlib
import os
import signal
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import prctl

SECONDS_TO_END = 5.0
"""How long a process that is ending anyway may take, on a busy machine, before it counts as left behind."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process whose parent is this one."""

    pid: int
    name: str
    """The command's name, as in /proc/PID/stat."""
    ended: bool
    """A zombie: it has ended and waits to be reaped."""


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that a daemon is seen as well (PR_SET_CHILD_SUBREAPER)."""
    prctl.set_child_subreaper(True)


def children() -> tuple[Child, ...]:
    """The children of this process at this moment, adopted ones among them."""
    found = (_child(pid) for pid in _pids_of_children())
    return tuple(child for child in found if child is not None)


def end_leftovers(spared: Collection[int]) -> tuple[Child, ...]:
    """End and reap every child but those whose pids are `spared`, and return the ones that did not end by themselves within SECONDS_TO_END."""
    left = _wait_for_ends(spared)
    # Killing a parent hands its children to us: again until there are none.
    while remaining := [child for child in children() if child.pid not in spared]:
        for child in remaining:
            os.kill(child.pid, signal.SIGKILL)
            _reap(child.pid)
    return left


def wait_until_none(uid: int, folder: str) -> None:
    """Waits until no process runs as `uid`, or has a file below `folder` in its command line, whoever's child it is; fails where one stays."""
    deadline = time.monotonic() + SECONDS_TO_END
    while left := tuple(_belonging(uid, folder)):
        assert time.monotonic() < deadline, f"left behind: {', '.join(left)}"
        time.sleep(0.02)


def _belonging(uid: int, folder: str) -> Iterator[str]:
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdecimal() and int(entry.name) != os.getpid():
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                # A zombie has no command line, and is for its parent to reap.
                if command and (entry.stat().st_uid == uid or folder in command):
                    yield f"{command}({entry.name})"


def _wait_for_ends(spared: Collection[int]) -> tuple[Child, ...]:
    deadline = time.monotonic() + SECONDS_TO_END
    while True:
        others = [child for child in children() if child.pid not in spared]
        for child in others:
            if child.ended:
                _reap(child.pid)
        left = tuple(child for child in others if not child.ended)
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.02)


def _reap(pid: int) -> None:
    # Whoever started it may have reaped it between our look and now.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def _pids_of_children() -> Iterator[int]:
    # A thread's children are those that it forked (proc_pid_task_tid_children(5)). None is overlooked: only who reaps takes one off the list.
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the thread ended since it was listed, and its children went to another
            yield from map(int, (thread / "children").read_text().split())


def _child(pid: int) -> Child | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None  # it was reaped since it was listed
    # pid (name) state ppid ...: the name may hold blanks and parentheses (proc_pid_stat(5))
    name, _, rest = stat.partition("(")[2].rpartition(")")
    return Child(pid, name, rest.split()[0] == "Z")


def observers() -> list[int]:
    """Those children that are observers."""
    return [child.pid for child in children() if "core.observer" in Path(f"/proc/{child.pid}/cmdline").read_text()]
