"""Commands in: lines from stdin, their size limited while they are read."""

from __future__ import annotations

import os
from collections.abc import Iterator

from core.observer import wire

_READ = 65536


class CommandReader:
    """Cuts what arrives on a descriptor into commands."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._pending = bytearray()
        self._searched = 0
        self.ended = False
        """The other side has closed it."""

    def read(self) -> Iterator[wire.Command]:
        """The commands that one read completes. Raises `SpecError` at a line that is none, or that is too long."""
        try:
            data = os.read(self.fd, _READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # a terminal that has gone away
        if not data:
            self.ended = True
            return
        self._pending += data
        while (end := self._pending.find(b"\n", self._searched)) >= 0:
            line = bytes(self._pending[:end])
            del self._pending[: end + 1]
            self._searched = 0
            yield wire.decode_command(line)
        self._searched = len(self._pending)
        if self._searched > wire.MAX_COMMAND_LINE:
            raise wire.SpecError(
                f"command: a line of more than {wire.MAX_COMMAND_LINE} bytes; a command is one line of JSON, ending in a newline"
            )
