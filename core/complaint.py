"""What ends a command: a sentence and an exit status."""

from __future__ import annotations

import errno
import resource
from typing import Final

USAGE_STATUS: Final = 2
"""What was asked for cannot be done as asked."""

FAILURE_STATUS: Final = 1
"""It could be asked for, and failed."""


class Complaint(Exception):
    """Ends the command with this sentence on stderr, and this exit status."""

    def __init__(self, sentence: str, status: int = USAGE_STATUS) -> None:
        super().__init__(sentence)
        self.status = status


def shortage(err: BaseException) -> str | None:
    """The sentence for what fails because this shell or machine gives too little of something; None for any other failure."""
    number = err.errno if isinstance(err, OSError) else None
    if number in (errno.EMFILE, errno.ENFILE):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return f"too many files are open; this shell allows {limit} (ulimit -n): raise that, for example to 1024"
    if isinstance(err, RuntimeError) and "start new thread" in str(err):
        return "no thread could be started: see what this shell limits (ulimit -u: processes, ulimit -v: memory), and raise it"
    if isinstance(err, MemoryError) or number == errno.ENOMEM or (isinstance(err, ImportError) and "failed to map segment" in str(err)):
        return "memory ran out: see what this shell limits (ulimit -v) and raise it, or end something else first"
    return None
