"""The kernel's symbols: 5 to 20 MB of text, which take the kernel 0.1 s to write."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from typing import Final

KALLSYMS: Final = Path("/proc/kallsyms")

_HIDDEN: Final = re.compile(rb"0+ ")
_READ: Final = 65536


class Symbols:
    """Reads /proc/kallsyms in a thread of its own, while the programs are loaded; the thread is gone before anybody forks."""

    def __init__(self, path: Path) -> None:
        """Begin to read."""
        self._path = path
        self._text = b""
        self._position = 0
        self._problem: str | None = None
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        parts: list[bytes] = []
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                while data := os.read(fd, _READ):  # a read gives a page, whatever it is asked for
                    if not parts and _HIDDEN.match(data):
                        self._problem = "the kernel hides its symbols' addresses from this observer (it needs CAP_SYSLOG)"
                        return
                    parts.append(data)
            finally:
                os.close(fd)
        except OSError as err:
            self._problem = f"the kernel's symbols cannot be read ({err.strerror})"
        self._text = b"".join(parts)

    def wait(self) -> str | None:
        """Until all is read; a sentence where there is nothing, for the user."""
        self._thread.join()
        return None if self._problem is None else f"{self._problem}: kernel stacks stay numbers"

    def piece(self, size: int) -> memoryview:
        """After `wait`: the next bytes, at most `size`; none at the end."""
        piece = memoryview(self._text)[self._position : self._position + size]
        self._position += len(piece)
        return piece
