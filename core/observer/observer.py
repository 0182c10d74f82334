"""The observer's one event loop: commands in, frames out, the target and what watches it between them."""

from __future__ import annotations

import contextlib
import functools
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

import prctl

from core.observer import native, wire
from core.observer.abilities import hello
from core.observer.commands import CommandReader
from core.observer.database import look_up
from core.observer.explain import explain
from core.observer.frames import FrameWriter, ReaderGone
from core.observer.launch import LaunchError
from core.observer.run import Run
from core.observer.wire import FrameKind, SpecError, Stage

_DRAIN_NS: Final = 30_000_000
_LOOK_NS: Final = 60_000_000
"""How often records are forwarded, and how often one looks while there were none."""
_SETTLING: Final = 4
"""How many times more one drains after the last record: what a call's signal or the audit log tells of it is only waited for until then."""
_TICK: Final = 0.005
"""Seconds that the loop waits for stops of the target alone, while these come thick."""
_THICK: Final = 20
"""Stops in a tick from which on that pays."""

OK: Final = 0
FAILED: Final = 1
MISUSED: Final = 2
"""The observer's exit statuses."""


class Observer:
    """Serves one reader, and launches one target at most."""

    def __init__(self, commands: int, frames: int) -> None:
        self._reader = CommandReader(commands)
        self._writer = FrameWriter(frames, commands, self._stop)
        self._signals = native.signal_fd((signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP))
        self._run: Run | None = None
        self._poll = select.poll()
        self._handlers: dict[int, tuple[int, Callable[[], None]]] = {}
        self._exit: int | None = None
        self._drained_ns = 0
        self._dirty = False
        self._settling = 0
        self._thick = False
        self._window = (0, 0)
        self._streams: dict[int, int] = {}
        self._taken = 0

    def serve(self) -> int:
        """Until the run is over or there is nobody to serve; the exit status."""
        prctl.set_child_subreaper(1)
        with contextlib.suppress(PermissionError):  # which the leader of a process group may not, and needs not mostly
            os.setsid()  # sessions are scheduled as groups (sched(7)): whatever keeps our reader's busy does not make us lose records
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl+C reaches whoever started us, who will say what it means
        signal.signal(signal.SIGALRM, self._on_tick)
        try:
            self._writer.emit_json(FrameKind.HELLO, hello())
            self._handle(self._reader.fd, select.POLLIN, self._read_commands)
            self._handle(self._signals, select.POLLIN, self._take_signals)
            while self._exit is None:
                self._once()
        except ReaderGone:
            self._exit = FAILED
            if self._run is not None:
                self._run.discard()
        finally:
            self._set_thick(False)
        return self._exit or OK

    # ── the loop ──

    def _once(self) -> None:
        if self._run is not None:
            self._watch_streams(self._run)
        for fd, _ in self._poll.poll(self._timeout()):
            if fd in self._handlers:
                self._handlers[fd][1]()
        if self._run is not None and self._exit is None:
            with self._failing():
                self._serve_run(self._run)

    def _serve_run(self, run: Run) -> None:
        if run.tracer is not None:
            self._run_tracer(run)
        now = time.monotonic_ns()
        if now - self._drained_ns >= (_DRAIN_NS if self._dirty else _LOOK_NS) and self._has_work(run):
            self._settling = _SETTLING if run.drain() else max(self._settling - 1, 0)
            self._drained_ns = now
            self._dirty = run.tracer is None or self._settling > 0
        if run.ended:
            run.finish()
            self._exit = OK

    def _timeout(self) -> float | None:
        if self._thick or (self._run is not None and self._run.ended):
            return 0
        if self._run is not None and self._has_work(self._run):
            wait = _DRAIN_NS if self._dirty else _LOOK_NS
            return max(0.0, (self._drained_ns + wait - time.monotonic_ns()) / 1e6)
        return None

    def _has_work(self, run: Run) -> bool:
        # Whether to drain by the clock: under eBPF always, under ptrace when stops came, or a look is due.
        return not run.launching and (self._dirty or (run.tracer is not None and run.tracer.restless))

    def _run_tracer(self, run: Run) -> None:
        assert run.tracer is not None
        stops = run.tracer.run(block=self._thick)
        self._dirty |= bool(stops)
        if self._thick:
            if stops < _THICK:
                self._set_thick(False)
            return
        since, count = self._window
        now = time.monotonic_ns()
        if now - since > _TICK * 1e9:
            since, count = now, 0
        self._window = since, count + stops
        if count + stops >= _THICK:
            self._set_thick(True)

    def _set_thick(self, thick: bool) -> None:
        self._thick = thick
        self._window = 0, 0
        seconds = _TICK if thick else 0
        signal.setitimer(signal.ITIMER_REAL, seconds, seconds)

    def _on_tick(self, _number: int, _frame: object) -> None:
        if self._run is not None and self._run.tracer is not None:
            self._run.tracer.tick()

    def _handle(self, fd: int, events: int, handler: Callable[[], None]) -> None:
        self._poll.register(fd, events)
        self._handlers[fd] = events, handler

    def _forget(self, fd: int) -> None:
        if self._handlers.pop(fd, None) is not None:
            self._poll.unregister(fd)

    # ── commands ──

    def _read_commands(self) -> None:
        try:
            for command in self._reader.read():
                self._obey(command)
        except SpecError as err:
            self._refuse(err)
        if self._reader.ended:
            self._forget(self._reader.fd)
            self._stop()

    def _obey(self, command: wire.Command) -> None:
        match command:
            case wire.Greet():
                self._writer.emit_json(FrameKind.HELLO, hello())
            case wire.Lookup():
                self._writer.emit_json(FrameKind.FOUND, look_up(command))
            case wire.Launch(spec):
                self._launch(spec)
            case wire.Stop():
                self._stop()
            case wire.Signal(number):
                self._send_signal(number)
            case wire.Input(data):
                if self._run is not None:
                    self._write_input(self._run, data)
            case wire.Resize(rows, columns):
                if self._run is not None:
                    self._run.stdio.resize(rows, columns)
            case wire.CloseOutput(stream):
                if self._run is not None:
                    self._run.stdio.close_output(stream, self._writer.emit)

    def _launch(self, spec: wire.LaunchSpec) -> None:
        if self._run is not None:
            raise SpecError("command: a target has been launched already; an observer launches one")
        try:
            self._run = Run(spec, self._writer)
        except LaunchError as err:
            self._fail(err, spec)
            return
        self._dirty = self._run.tracer is None
        self._handle(self._run.launch.progress, select.POLLIN, self._advance_launch)

    def _advance_launch(self) -> None:
        assert self._run is not None
        with self._failing():
            self._run.advance()
        if not self._run.launching:
            self._forget(self._run.launch.progress)

    def _stop(self) -> None:
        if self._run is None:
            self._exit = OK
        else:
            self._run.kill()

    def _send_signal(self, number: int) -> None:
        if self._run is not None and number:
            with contextlib.suppress(ProcessLookupError, OSError):
                os.kill(self._run.pid, number)

    def _write_input(self, run: Run, data: bytes) -> None:
        if not run.stdio.write(data):
            run.note(f"The target does not read its input: {len(data)} bytes for it were thrown away.")
        self._tell_taken(run)

    def _tell_taken(self, run: Run) -> None:
        if run.stdio.taken != self._taken:
            self._taken = run.stdio.taken
            self._writer.emit(FrameKind.TAKEN, wire.TAKEN.pack(self._taken))

    # ── failures ──

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except LaunchError as err:
            assert self._run is not None
            self._fail(err, self._run.spec)
            self._run.discard()

    def _fail(self, err: LaunchError, spec: wire.LaunchSpec) -> None:
        self._writer.emit_json(FrameKind.FAILED, {"stage": err.stage, "errno": err.errno, "detail": explain(err, spec)})
        self._exit = FAILED

    def _refuse(self, err: SpecError) -> None:
        self._writer.emit_json(FrameKind.FAILED, {"stage": Stage.SPEC, "errno": 0, "detail": str(err)})
        sys.stderr.write(f"gatescope observer: {err}\n")
        self._exit = MISUSED
        if self._run is not None:
            self._run.discard()

    # ── events ──

    def _take_signals(self) -> None:
        numbers = native.pending_signals(self._signals)
        if numbers & {signal.SIGTERM, signal.SIGHUP}:
            self._stop()
        if self._run is not None and self._run.tracer is None:
            with self._failing():
                self._run.reap()

    def _watch_streams(self, run: Run) -> None:
        # The descriptors come and go with the streams' ends and with input that waits. What a target writes comes after the word that it
        # has started, which waits for the launching child's last one.
        if run.launching:
            return
        wanted = dict.fromkeys(run.stdio.readable, select.POLLIN)
        if run.stdio.writable is not None:
            wanted[run.stdio.writable] = wanted.get(run.stdio.writable, 0) | select.POLLOUT
        if wanted == self._streams:
            return
        for fd in self._streams:
            self._forget(fd)
        for fd, events in wanted.items():
            self._handle(fd, events, functools.partial(self._move, run, fd))
        self._streams = wanted

    def _move(self, run: Run, fd: int) -> None:
        if fd in run.stdio.readable:
            run.stdio.forward(fd, self._writer.emit)
        if fd == run.stdio.writable:
            run.stdio.flush()
            self._tell_taken(run)
