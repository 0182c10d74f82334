"""What the engine knows of a traced thread."""

from __future__ import annotations

from core.observer.ptrace.capture import Plan

Call = tuple[int, int, int, int, int, bytes, "Plan | None"]
"""A call under way: id, entered_ns, arch, instruction pointer, nr, the packed arguments, and what to read of it."""


class Thread:
    """One traced thread."""

    __slots__ = ("call", "comm", "last", "pid", "securebits", "trapped_after")

    def __init__(self, pid: int, comm: bytes = b"", securebits: int = 0) -> None:
        self.pid = pid
        self.comm = comm
        self.securebits = securebits
        """/proc does not tell them, so they are followed from call to call."""
        self.call: Call | None = None
        self.last: tuple[int, int] | None = None
        """nr and result of the call that returned last."""
        self.trapped_after: tuple[int, int] | None = None
        """`last`, when seccomp's SIGSYS came."""
