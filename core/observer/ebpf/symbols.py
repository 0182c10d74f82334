"""The kernel's functions by address, told as kernel stacks name them: of 5 to 20 MB of symbols a run needs a few hundred.

The lines of /proc/kallsyms are `<16 hexadecimal digits> <type> <name>[<tab>[module]]` on every 64-bit kernel (kernel/kallsyms.c, s_show), so
they stand in the order of their addresses when they are sorted as bytes.
"""

from __future__ import annotations

import bisect
import os
import re
import threading
from pathlib import Path
from typing import Final

KALLSYMS: Final = Path("/proc/kallsyms")

_HIDDEN: Final = re.compile(rb"0+ ")
_READ: Final = 65536
_LONGEST_FUNCTION: Final = 1 << 20
# An address further than this behind the last symbol before it belongs to something without a name (JIT-compiled BPF, an unlisted module).

_DIGITS: Final = 16
_NAME: Final = _DIGITS + 3
# Where a line's name begins: behind the address, a blank, the type and a blank.

_MOST_STACKS: Final = 1 << 16


class Symbols:
    """Reads /proc/kallsyms in a thread of its own, while the programs are loaded; the thread is gone before anybody forks."""

    def __init__(self, path: Path) -> None:
        """Begin to read."""
        self._path = path
        self._lines: list[bytes] = []
        self._problem: str | None = None
        self._stacks: set[bytes] = set()
        self._told: set[int] = set()
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
        lines = [line for line in b"".join(parts).split(b"\n") if len(line) > _NAME and line[_DIGITS + 1] in b"tTwW"]
        lines.sort(key=_address)  # quick, for most of them are in order; of several at one address the first stays the first
        self._lines = lines

    def wait(self) -> str | None:
        """Until all is read; a sentence where there is nothing, for the user."""
        self._thread.join()
        return None if self._problem is None else f"{self._problem}: kernel stacks stay numbers"

    def of(self, stacks: set[bytes]) -> bytes:
        """After `wait`: for each return address in these stacks (64-bit words, 0 behind the last) that was not told before and lies in a
        function, a line of the address in 16 digits, a blank and the function's name."""
        if len(self._stacks) > _MOST_STACKS:
            self._stacks.clear()
        lines = []
        for stack in stacks - self._stacks:
            self._stacks.add(stack)
            for address in set(memoryview(stack).cast("Q")) - self._told:
                self._told.add(address)
                if name := self._function(address):
                    lines.append(b"%016x %s\n" % (address, name))
        return b"".join(lines)

    def _function(self, address: int) -> bytes:
        if not address:
            return b""
        # A return address may lie one byte behind its function, where the call was the function's last instruction.
        behind = bisect.bisect_right(self._lines, b"%016x" % (address - 1), key=_address)
        start = _address(self._lines[behind - 1]) if behind else b""
        if not start or address - int(start, 16) > _LONGEST_FUNCTION:
            return b""
        return self._lines[bisect.bisect_left(self._lines, start, key=_address)][_NAME:].split(None, 1)[0]


def _address(line: bytes) -> bytes:
    return line[:_DIGITS]
