"""`gatescope run`: one run without a window, the target's stdio on ours, events written as they come."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gc
import os
import selectors
import signal
import subprocess
import termios
import threading
import tty
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Final, TextIO

from core.complaint import FAILURE_STATUS, Complaint
from core.headless_input import HeadlessInput
from core.observer import wire
from core.observer.wire import Stream
from core.rest import judging_rest
from core.session import Progress, Session

_READ: Final = 1 << 20
_AT_ONCE: Final = 4 << 20  # bytes of the observer that are judged together, where so many have come
_NICE: Final = 10
_PATIENCE: Final = 5.0  # seconds for an observer to end after its run, or after being told to stop
_INTERRUPTS: Final = 3  # the last of them ends the run, whatever the target makes of it; one more, and the observer's time is up as well
_LONGEST_REMARK: Final = 64 * 1024


def stdio_streams() -> tuple[Stream, Stream, Stream]:
    """For each of our own stdin, stdout and stderr: a terminal or a pipe, so that the target sees what we have."""
    streams: list[Stream] = ["pty" if os.isatty(fd) else "pipe" for fd in range(3)]
    return streams[0], streams[1], streams[2]


def terminal_size() -> tuple[int, int]:
    """(rows, columns) of our terminal; 24 × 80 without one."""
    for fd in range(3):
        with contextlib.suppress(OSError):
            size = os.get_terminal_size(fd)
            return size.lines, size.columns
    return 24, 80


class HeadlessRun:
    """Moves bytes between the observer, the terminal and the session until the run is over."""

    def __init__(self, session: Session, command: Sequence[str], on_progress: Callable[[Progress], None]) -> None:
        self._session = session
        self._on_progress = on_progress
        self._words = command
        self._selector = selectors.DefaultSelector()
        self._observer: subprocess.Popen[bytes]
        self._stderr: _Collected
        self._arrived: _Arrivals
        self._input = HeadlessInput(self._selector, self._command)
        self._interrupts = 0
        self._rest = judging_rest()
        self._closed: set[int] = set()

    def run(self) -> None:
        """Returns when the observer has ended; the session tells the rest. Raises `Complaint` where there is no process for it to be had."""
        with _raw_terminal(self._session.plan.terminal.stdio), self._signals() as wakeup:
            self._selector.register(wakeup, selectors.EVENT_READ, self._on_signal)
            self._start()
            try:
                while not (self._arrived.finished or self._session.state == "failed" or self._interrupts > _INTERRUPTS):
                    waiting = self._arrived.waiting
                    for key, _ in self._selector.select(self._rest.left(waiting) if waiting else None):
                        key.data()
                    self._judge()
                self._judge()
            finally:
                self._arrived.stop_keeping()
                self._end_observer()
        self._report(self._session.finish(self._stderr.text(), self._observer.returncode, self._words[0]))
        self._stderr.close()
        self._arrived.close()
        self._selector.close()
        if self._arrived.problem is not None:
            raise self._arrived.problem

    def _start(self) -> None:
        # Not before the signals are ours: one that ended us now would leave what starts the observer behind.
        try:
            self._observer = subprocess.Popen(self._words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except OSError as err:
            sentence = f"the observer could not be started: {err.strerror}: see what this shell limits (ulimit -a), and raise it"
            raise Complaint(sentence, FAILURE_STATUS) from err
        assert self._observer.stderr is not None
        assert self._observer.stdout is not None
        try:
            self._stderr = _Collected(self._observer.stderr)
            self._arrived = _Arrivals(self._observer.stdout)
        except RuntimeError:  # there is no thread to be had
            with self._observer:
                self._observer.kill()
            raise
        self._selector.register(self._arrived.wakeup, selectors.EVENT_READ, self._arrived.woken)

    # ── from the observer ─────────────────────────────────────────────────────────────────────────────────────

    def _judge(self) -> None:
        """What has come, unless it is time to rest."""
        while self._arrived.finished or not self._rest.left(self._arrived.waiting):
            if not (data := self._arrived.take(_AT_ONCE)):
                return
            before = self._session.state
            with self._rest.work() if before == "running" else contextlib.nullcontext():
                self._report(self._session.feed(data))
            if before == "starting" and self._session.state == "launching":
                self._begin()

    def _begin(self) -> None:
        gc.freeze()  # what is loaded by now stays, and to look through it again and again was a sixth of judging a run
        self._input.start()
        if self._session.engine == "ebpf":
            # Judging waits for nobody, the target may: of two processors it shall have all that it wants. Under ptrace it would be the one
            # to wait, for the thread that empties the pipe, which shares the interpreter with this one.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)

    def _report(self, progress: Progress) -> None:
        if progress.commands:
            self._send(progress.commands)
        for stream, data in progress.outputs:
            self._write_output(stream, data)
        if progress.taken:
            self._input.taken(progress.taken)
        self._on_progress(progress)

    def _write_output(self, stream: int, data: bytes) -> None:
        if stream in self._closed:
            return
        try:
            while data:
                data = data[os.write(stream, data) :]
        except OSError as err:
            # Nobody reads us any more: the target shall meet that as it would without us.
            self._closed.add(stream)
            if err.errno in (errno.EPIPE, errno.EIO, errno.ENOSPC):
                self._command(wire.CloseOutput(stream))

    def _end_observer(self) -> None:
        with contextlib.suppress(OSError):
            self._observer.stdin.close()  # type: ignore[union-attr]  # it is a pipe
        # What is no observer listens to nothing, and has started no target.
        is_none = self._session.state == "failed" and not self._session.hello
        try:
            self._observer.wait(0 if is_none else _PATIENCE)
        except subprocess.TimeoutExpired:
            self._observer.kill()
            self._observer.wait()

    # ── to the observer ───────────────────────────────────────────────────────────────────────────────────────

    def _send(self, data: bytes) -> None:
        if self._observer.stdin is None or self._observer.stdin.closed:
            return  # it has ended, or is being ended
        with contextlib.suppress(BrokenPipeError):
            self._observer.stdin.write(data)
            self._observer.stdin.flush()

    def _command(self, command: wire.Command) -> None:
        self._send(wire.encode_command(command))

    @contextlib.contextmanager
    def _signals(self) -> Iterator[int]:
        """A descriptor that is readable when one of our signals has come."""
        read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        handled = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGWINCH)
        before = {number: signal.signal(number, lambda *_: None) for number in handled}
        old = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        self._signal_pipe = read
        try:
            yield read
        finally:
            signal.set_wakeup_fd(old)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(read)
            os.close(write)

    def _on_signal(self) -> None:
        """SIGINT, SIGTERM and the like go to the target, or to what starts the observer; the third of them ends the run."""
        for number in os.read(self._signal_pipe, 64):
            if number == signal.SIGWINCH:
                self._command(wire.Resize(*terminal_size()))
                continue
            self._interrupts += 1
            if self._session.state == "starting":
                self._observer.send_signal(number)
            else:
                self._command(wire.Stop() if self._interrupts >= _INTERRUPTS else wire.Signal(number))


class _Arrivals:
    """A thread that takes the observer's bytes as fast as they come, so that judging them never makes the target wait."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._parts: deque[bytes] = deque()
        self._keep = True
        self._came = self._taken = 0  # bytes; each counted by one thread only
        self.finished = False
        self.problem: MemoryError | None = None
        self.wakeup, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        with contextlib.suppress(OSError):
            fcntl.fcntl(source.fileno(), fcntl.F_SETPIPE_SZ, _READ)
        self._thread = threading.Thread(target=self._pump, name="observer-pipe", daemon=True)
        self._thread.start()

    def _pump(self) -> None:
        try:
            while data := os.read(self._source.fileno(), _READ):
                if self._keep:
                    self._parts.append(data)
                    self._came += len(data)
                    self._wake()
        except MemoryError as err:  # nobody else would hear of it, and the run would wait for ever
            self.problem = err
        self.finished = True
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._write, b"\0")

    def stop_keeping(self) -> None:
        """Whatever still comes is of no use, but must not block the one who writes it."""
        self._keep = False

    @property
    def waiting(self) -> int:
        """Bytes that nobody has taken yet."""
        return self._came - self._taken

    def woken(self) -> None:
        """Before one looks at what has come: whatever comes from now on makes `wakeup` readable again."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.wakeup, 65536)

    def take(self, most: int) -> bytes:
        """What has come since the last time, about `most` bytes of it; nothing where there is nothing."""
        taken = bytearray()
        while self._parts and len(taken) < most:
            taken += self._parts.popleft()
        self._taken += len(taken)
        return bytes(taken)

    def close(self) -> None:
        """Its descriptors, unless somebody still holds the other end."""
        if self.finished:
            self._thread.join()
            self._source.close()
            os.close(self.wakeup)
            os.close(self._write)


class _Collected:
    """What the observer writes to stderr, for the sentence that tells of its death."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._text = b""
        self._thread = threading.Thread(target=self._pump, name="observer-stderr", daemon=True)
        self._thread.start()

    def _pump(self) -> None:
        while data := os.read(self._source.fileno(), _LONGEST_REMARK):
            self._text = (self._text + data)[-_LONGEST_REMARK:]

    def text(self) -> str:
        """Everything up to its end."""
        self._thread.join(1.0)
        return self._text.decode(errors="replace")

    def close(self) -> None:
        """Its descriptor, unless somebody still holds the other end."""
        if not self._thread.is_alive():
            self._source.close()


@contextlib.contextmanager
def _raw_terminal(stdio: tuple[Stream, Stream, Stream]) -> Iterator[None]:
    """While the target has a terminal of its own, ours passes every key on as it is."""
    if stdio[0] != "pty":
        yield
        return
    before = termios.tcgetattr(0)
    tty.setraw(0, termios.TCSANOW)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


def line_end(out: TextIO) -> str:
    """A terminal in raw mode, as ours is while the target has one of its own, needs its carriage returns."""
    return "\r\n" if out.isatty() and not termios.tcgetattr(out)[1] & termios.OPOST else "\n"
