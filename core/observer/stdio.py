"""The target's standard streams: one pseudo-terminal for those that want one, a pipe for each other."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import termios
from collections.abc import Callable
from typing import Final

from core.observer.wire import FrameKind, LaunchSpec

_READ: Final = 65536
_PIPE_SIZE: Final = 1024 * 1024
MAX_WAITING_INPUT: Final = 8 * 1024 * 1024
"""Bytes that wait for a target that does not read; more is refused."""

Forward = Callable[[FrameKind, bytes], None]


class Stdio:
    """Both ends of the three streams until the fork, our ends afterwards."""

    def __init__(self, spec: LaunchSpec) -> None:
        """Open everything. Raises OSError."""
        self.terminal: int | None = None
        """Our end of the pseudo-terminal."""
        self.controlling = spec.stdio[0] == "pty"
        """Whether the terminal is to control the target's session."""
        self._input: int | None = None
        self._outputs: dict[int, int] = {}
        self._waiting = bytearray()
        self._input_ends = False
        self.taken = 0
        """Bytes that have been written to the target's stdin."""
        self._theirs: list[int] = []
        self.streams = self._open(spec)
        """The target's stdin, stdout and stderr, each above 2, until `close_theirs`."""

    def _open(self, spec: LaunchSpec) -> tuple[int, int, int]:
        slave = self._open_terminal(spec) if "pty" in spec.stdio else -1
        theirs = []
        for number, kind in enumerate(spec.stdio):
            theirs.append(slave if kind == "pty" else self._open_pipe(number))
        self._theirs = list({*theirs, *([slave] if slave >= 0 else [])})
        if self.terminal is not None:
            # Its bytes are stdout's, or stderr's where only that is a terminal; the echo of a lone stdin has no reader.
            self._outputs[self.terminal] = 1 if spec.stdio[1] == "pty" else 2 if spec.stdio[2] == "pty" else 0
        return theirs[0], theirs[1], theirs[2]

    def _open_terminal(self, spec: LaunchSpec) -> int:
        master, slave = (_above_stdio(fd) for fd in os.openpty())
        self.terminal = master
        self.resize(spec.rows, spec.columns)
        os.set_blocking(master, False)
        if self.controlling:
            self._input = master
        return slave

    def _open_pipe(self, number: int) -> int:
        read, write = (_above_stdio(fd) for fd in os.pipe2(os.O_CLOEXEC))
        ours, theirs = (write, read) if number == 0 else (read, write)
        os.set_blocking(ours, False)
        if number == 0:
            self._input = ours
        else:
            self._outputs[ours] = number
        return theirs

    def close_theirs(self) -> None:
        """After the fork: the target's ends are the target's alone."""
        for fd in self._theirs:
            os.close(fd)
        self._theirs = []

    @property
    def readable(self) -> list[int]:
        """Descriptors to poll for output."""
        return list(self._outputs)

    @property
    def writable(self) -> int | None:
        """The descriptor to poll for room, while input waits."""
        return self._input if self._waiting or self._input_ends else None

    def forward(self, fd: int, emit: Forward) -> None:
        """Read what the target has written, once; at the stream's end close it and say so."""
        stream = self._outputs[fd]
        try:
            data = os.read(fd, _READ)
        except BlockingIOError:
            return
        except OSError as err:
            if err.errno != errno.EIO:
                raise
            data = b""  # the terminal: nobody has it open any more
        if stream and data:
            emit(FrameKind.OUTPUT, bytes((stream,)) + data)
        if not data:
            self._end(fd, emit)

    def _end(self, fd: int, emit: Forward) -> None:
        stream = self._outputs.pop(fd)
        if fd != self.terminal:
            os.close(fd)
        if stream:
            emit(FrameKind.OUTPUT, bytes((stream,)))

    def write(self, data: bytes) -> bool:
        """Queue bytes for the target's stdin, none for its end; False where too much waits already (nothing is queued then)."""
        if self._input is None or self._input_ends:
            return True
        if len(self._waiting) + len(data) > MAX_WAITING_INPUT:
            return False
        if data:
            self._waiting += data
        elif self._input == self.terminal:
            self._waiting += self._end_of_file_character()
        else:
            self._input_ends = True
        self.flush()
        return True

    def _end_of_file_character(self) -> bytes:
        assert self.terminal is not None
        characters = termios.tcgetattr(self.terminal)[6]
        return bytes(characters[termios.VEOF])

    def flush(self) -> None:
        """Write as much of the queued input as goes in."""
        if self._input is None:
            return
        try:
            while self._waiting:
                written = os.write(self._input, self._waiting[:_READ])
                self.taken += written
                del self._waiting[:written]
        except BlockingIOError:
            return
        except OSError:
            self._waiting.clear()  # nobody reads it any more: the same bytes in a shell's pipe would be lost as well
            self._input_ends = True
        if self._input_ends:
            self._close_input()

    def _close_input(self) -> None:
        if self._input is not None and self._input != self.terminal:
            os.close(self._input)
        self._input = None
        self._input_ends = False

    def resize(self, rows: int, columns: int) -> None:
        """The terminal has this many rows and columns; the kernel tells the target by SIGWINCH."""
        if self.terminal is not None:
            fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    def close_output(self, stream: int, emit: Forward) -> None:
        """Nobody reads this stream: close it, so that writing to it fails for the target."""
        for fd, number in list(self._outputs.items()):
            if number == stream:
                self._end(fd, emit)
                if fd == self.terminal:
                    self._close_terminal()

    def _close_terminal(self) -> None:
        assert self.terminal is not None
        if self._input == self.terminal:
            self._waiting.clear()
            self._input = None
        os.close(self.terminal)
        self.terminal = None

    def close(self, emit: Forward) -> None:
        """Read what is left, without waiting, and close everything."""
        self.close_theirs()
        for fd in self.readable:
            while fd in self._outputs:
                before = os.get_blocking(fd)
                self.forward(fd, emit)
                if not before and fd in self._outputs and not _has_data(fd):
                    self._end(fd, emit)
        self._waiting.clear()
        self._close_input()
        if self.terminal is not None:
            self._close_terminal()


def _has_data(fd: int) -> bool:
    available = bytearray(4)
    fcntl.ioctl(fd, termios.FIONREAD, available)
    return available != b"\0\0\0\0"


def _above_stdio(fd: int) -> int:
    """`fd`, or a copy of it above 2: in the child 0 to 2 are overwritten."""
    if fd > 2:
        return fd
    copy = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(fd)
    return copy


def widen(fd: int) -> None:
    """Give a pipe a buffer of 1 MiB, where the descriptor is a pipe and the user's limits allow it."""
    try:
        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
    except OSError:
        return  # not a pipe, or the limit is reached: it only costs more switches
