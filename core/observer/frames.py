"""Frames out: to stdout, waiting while the reader is slow, but never deaf to the end of stdin."""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Callable, Mapping
from typing import Any

from core.observer import stdio, wire
from core.observer.wire import FrameKind


class ReaderGone(Exception):
    """Nobody reads our frames any more: there is no one to work for."""


class FrameWriter:
    """Writes whole frames to a descriptor."""

    def __init__(self, fd: int, commands: int, on_hangup: Callable[[], None]) -> None:
        """`on_hangup` is called when `commands` is closed at its other end while a write waits."""
        self._fd = fd
        self._commands = commands
        self._on_hangup = on_hangup
        self._poll = select.poll()
        self._poll.register(fd, select.POLLOUT)
        self._poll.register(commands, 0)  # POLLHUP is always reported
        mode = os.fstat(fd).st_mode
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            stdio.widen(fd)
            os.set_blocking(fd, False)

    def emit(self, kind: FrameKind, payload: memoryview | bytes | bytearray) -> None:
        """Write one frame. Raises `ReaderGone`."""
        header = wire.FRAME_HEADER.pack(len(payload), kind)
        try:
            written = os.writev(self._fd, (header, payload))
        except BlockingIOError:
            written = 0
        except OSError as err:
            raise ReaderGone from err
        if written < len(header) + len(payload):
            self._write_rest(memoryview(header + bytes(payload))[written:])

    def emit_json(self, kind: FrameKind, value: Mapping[str, Any]) -> None:
        """Write one JSON frame. Raises `ReaderGone`."""
        self.emit(kind, wire.encode_json_frame(kind, value)[wire.FRAME_HEADER.size :])

    def _write_rest(self, rest: memoryview) -> None:
        while rest:
            if self._commands in {fd for fd, _ in self._poll.poll()}:
                self._poll.unregister(self._commands)
                self._commands = -1
                self._on_hangup()
                continue
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                continue
            except OSError as err:
                raise ReaderGone from err
