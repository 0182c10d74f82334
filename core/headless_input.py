"""Our stdin on its way to the target, no faster than the target reads it."""

from __future__ import annotations

import os
import selectors
from collections.abc import Callable
from typing import Final

from core.observer import wire

_STDIN: Final = 0
_READ: Final = 64 * 1024


class HeadlessInput:
    """Reads our stdin while what is under way leaves room, so that whoever writes to us waits as for the target itself."""

    def __init__(self, selector: selectors.BaseSelector, send: Callable[[wire.Command], None]) -> None:
        self._selector = selector
        self._send = send
        self._sent = self._taken = 0
        self._resting = False
        self._ended = False

    def start(self) -> None:
        """The target's stdin exists, or soon will."""
        try:
            self._selector.register(_STDIN, selectors.EVENT_READ, self._on_readable)
        except OSError:
            # A regular file cannot be polled, and never blocks; a closed stdin is at its end at once.
            while not (self._resting or self._ended):
                self._read()

    def taken(self, count: int) -> None:
        """The target's stdin has taken this many bytes so far."""
        self._taken = count
        if self._resting and self._has_room():
            self._resting = False
            self.start()

    def _on_readable(self) -> None:
        self._read()
        if self._resting or self._ended:
            self._selector.unregister(_STDIN)

    def _read(self) -> None:
        try:
            data = os.read(_STDIN, _READ)
        except OSError:
            data = b""
        self._sent += len(data)
        self._send(wire.Input(data))
        self._ended = not data
        self._resting = not self._has_room()

    def _has_room(self) -> bool:
        return self._sent - self._taken + _READ <= wire.INPUT_AHEAD
