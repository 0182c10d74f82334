"""What the observer asks of an engine, whichever way it watches.

The observer calls, in this order: `start` · (fork) · `watch` · {`drain` | `mute` | `unmute` | `lost`}… · `finish` · `close`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from core.observer.wire import FrameKind, LaunchSpec

Emit = Callable[[FrameKind, "memoryview | bytes | bytearray"], None]
"""Writes one frame to the reader before it returns, so the buffer may be reused at once; it blocks while the reader is slow."""

LOST_KINDS = ("calls", "checks", "processes", "captures")
"""The keys of `Engine.lost`."""


class EngineError(Exception):
    """The engine cannot watch here; `errno` is 0 where no system call failed, and the sentence says what to do."""

    def __init__(self, detail: str, errno: int = 0) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errno = errno


class Engine(Protocol):
    """Watches the target's tree and forwards records in `core.observer.wire`'s formats."""

    def start(self, spec: LaunchSpec) -> None:
        """Load and attach, before the child exists. Raises `EngineError`."""

    def watch(self, pid: int) -> None:
        """The child exists and waits: follow it and all that it will create. Raises `EngineError`.

        It is still running the launcher's code, none of which is the target's: nothing of it is recorded until it calls execve
        (that call, refused by a filter or not, is the first record).
        """

    def mute(self, tid: int) -> None:
        """Record nothing of this thread until `unmute`: it makes calls for us. It is stopped, outside any call, at both moments."""

    def unmute(self, tid: int) -> None:
        """Record this thread again."""

    def fileno(self) -> int | None:
        """A descriptor that is readable when `drain` has something to forward; None: `drain` is called by the clock alone."""

    def drain(self, emit: Emit) -> int:
        """Forward what is there, in frames of at most 256 KiB, then FLUSH; returns the number of payload bytes.

        Called when `fileno` is readable and at least every 30 ms.
        """

    def finish(self, emit: Emit) -> None:
        """The tree is gone: forward all the rest, calls that never returned (without EXITED) among it, and a last FLUSH."""

    def lost(self) -> Mapping[str, int]:
        """Records lost so far, by `LOST_KINDS`."""

    def close(self) -> None:
        """Detach and give everything back; the engine is not used again. Never raises, and may follow a failed `start`."""
