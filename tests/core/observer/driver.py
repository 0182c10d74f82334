"""An observer of the tests' own: a real process, its commands and its frames."""

import dataclasses
import os
import selectors
import struct
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import prctl

from core.observer import wire
from core.observer.observer import Observer as ObserverProcess
from core.observer.wire import Command, Field, FilterSpec, Frame, FrameKind, LaunchSpec, ProcessKind

NOBODY = 65534
PATIENCE = 20.0
"""Seconds without a frame that fail the test."""

_RECORDS = {FrameKind.CALLS: (wire.CALL_FIELDS, wire.CALL), FrameKind.PROCESSES: (wire.PROCESS_FIELDS, wire.PROCESS)}


def launch_spec(*argv: str, **changes: Any) -> LaunchSpec:
    """A launch of `argv` under ptrace with pipes, from /; `changes` are the spec's fields."""
    fields: dict[str, Any] = {
        "executable": argv[0],
        "argv": argv,
        "environment": (("PATH", "/usr/bin:/bin"),),
        "directory": "/",
        "engine": "ptrace",
        "stdio": ("pipe", "pipe", "pipe"),
    }
    return LaunchSpec(**{**fields, **changes})


class Observer:
    """One observer process; a context manager that ends it."""

    def __init__(self, uid: int | None = None) -> None:
        """`uid`: an ordinary user's. Such a one may not reach the interpreter, so this observer is a fork of ours rather than a new program."""
        command_read, self._stdin = os.pipe()
        self._stdout, frame_write = os.pipe()
        self._stderr, error_write = os.pipe()
        streams = (command_read, frame_write, error_write)
        self.pid = _start(streams) if uid is None else _fork(streams, uid, (self._stdin, self._stdout, self._stderr))
        for fd in streams:
            os.close(fd)
        self._decoder = wire.FrameDecoder()
        self._ended: int | None = None
        self._stdin_open = True
        self.frames: list[Frame] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_stdin()
        self.close_stdout()
        self.wait()
        os.close(self._stderr)

    def wait(self) -> int:
        """The observer's exit code (negative: the signal that ended it)."""
        if self._ended is None:
            self._ended = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._ended

    def close_stdout(self) -> None:
        if self._stdout >= 0:
            os.close(self._stdout)
        self._stdout = -1

    def send(self, command: Command) -> None:
        self.send_bytes(wire.encode_command(command))

    def send_bytes(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._stdin, data) :]

    def close_stdin(self) -> None:
        if self._stdin_open:
            os.close(self._stdin)
        self._stdin_open = False

    def launch(self, *argv: str, **changes: Any) -> None:
        self.send(wire.Launch(launch_spec(*argv, **changes)))

    def read_until(self, kind: FrameKind) -> Frame:
        """The next frame of this kind; those before it are kept in `frames` as it is."""
        for frame in self._arriving():
            if frame.kind == kind:
                return frame
        raise AssertionError(f"no {kind.name} frame; there were {[frame.kind.name for frame in self.frames]}, {self.last_words()}")

    def read_output_until(self, text: bytes) -> None:
        """Read until the target's output holds `text`."""
        seen = b""
        for frame in self._arriving():
            if frame.kind == FrameKind.OUTPUT:
                seen += frame.payload[1:]
            if text in seen:
                return
        raise AssertionError(f"the target never wrote {text!r} but {seen!r}")

    def read_signal_until(self, number: int) -> None:
        """Read until the target has got this signal."""
        for _ in self._arriving():
            if number in [record["status"] for record in self.process_records(ProcessKind.SIGNAL)]:
                return
        raise AssertionError(f"the target never got signal {number}")

    def read_all(self) -> None:
        """Read to the end, which the observer's own makes."""
        for _ in self._arriving():
            pass
        self.wait()

    def last_words(self) -> str:
        """What the observer wrote to stderr; it has to be gone."""
        self.wait()
        os.set_blocking(self._stderr, False)
        try:
            return os.read(self._stderr, 65536).decode()
        except BlockingIOError:
            return ""

    def _arriving(self) -> Iterator[Frame]:
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ)
            deadline = time.monotonic() + PATIENCE
            while selector.select(max(0.0, deadline - time.monotonic())):
                data = os.read(self._stdout, 1 << 20)
                if not data:
                    return
                for frame in self._decoder.feed(data):
                    self.frames.append(frame)
                    if frame.kind != FrameKind.FLUSH:  # these come for as long as the target lives, whatever it waits for
                        deadline = time.monotonic() + PATIENCE
                    yield frame
        raise AssertionError(f"nothing came for {PATIENCE} s; there were {[frame.kind.name for frame in self.frames]}")

    # ── what came ──

    def all_json(self, kind: FrameKind) -> list[dict[str, Any]]:
        return [frame.json() for frame in self.frames if frame.kind == kind]

    def json(self, kind: FrameKind) -> dict[str, Any]:
        (value,) = self.all_json(kind)
        return value

    @property
    def notes(self) -> str:
        return "\n".join(note["text"] for note in self.all_json(FrameKind.NOTE))

    @property
    def status(self) -> int:
        """The wait status that ENDED tells."""
        return int(self.json(FrameKind.ENDED)["status"])

    def output(self, stream: int = 1) -> bytes:
        return b"".join(f.payload[1:] for f in self.frames if f.kind == FrameKind.OUTPUT and f.payload[0] == stream)

    @property
    def calls(self) -> list[dict[str, Any]]:
        return list(self._records(FrameKind.CALLS))

    @property
    def processes(self) -> list[dict[str, Any]]:
        return list(self._records(FrameKind.PROCESSES))

    def process_records(self, kind: ProcessKind) -> list[dict[str, Any]]:
        return [record for record in self.processes if record["kind"] == kind]

    def _records(self, kind: FrameKind) -> Iterator[dict[str, Any]]:
        fields, layout = _RECORDS[kind]
        for frame in self.frames:
            if frame.kind == kind:
                for values in layout.iter_unpack(frame.payload):
                    yield _named(fields, values)

    @property
    def captures(self) -> list["Capture"]:
        return [capture for frame in self.frames if frame.kind == FrameKind.CAPTURES for capture in _captures(frame.payload)]


def _start(streams: tuple[int, int, int]) -> int:
    command = [sys.executable, "-I", "-m", "core.observer"]
    actions = [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(streams)]
    return os.posix_spawn(command[0], command, os.environ, file_actions=actions)


def _fork(streams: tuple[int, int, int], uid: int, others: tuple[int, int, int]) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        for number, fd in enumerate(streams):
            os.dup2(fd, number)
        for fd in (*streams, *others):
            os.close(fd)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        prctl.set_dumpable(1)  # as a program that this user has started is
        status = ObserverProcess(0, 1).serve()
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(status)


@dataclasses.dataclass(frozen=True)
class Capture:
    """One capture record."""

    call: int
    argument: int
    kind: int
    truncated: int
    failed: int
    data: bytes


def _captures(payload: bytes) -> Iterator[Capture]:
    offset = 0
    while offset < len(payload):
        length, _, call, argument, kind, truncated, failed, size = wire.CAPTURE.unpack_from(payload, offset)
        start = offset + wire.CAPTURE.size
        assert length == wire.CAPTURE.size - 8 + size
        yield Capture(call, argument, kind, truncated, failed, payload[start : start + size])
        offset = start + size + (-size & 7)
    assert offset == len(payload)


def _named(fields: tuple[Field, ...], values: tuple[Any, ...]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    left = list(values)
    for name, code in fields:
        count = 1 if code[-1] == "s" or len(code) == 1 else int(code[:-1])
        taken, left = left[:count], left[count:]
        named[name] = taken[0] if count == 1 else tuple(taken)
    return named


def running(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rsplit(b")", 1)[1].split()[0] not in (b"Z", b"X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_gone(pids: list[int]) -> list[int]:
    """Those of `pids` that still run after a while."""
    deadline = time.monotonic() + PATIENCE
    while (left := [pid for pid in pids if running(pid)]) and time.monotonic() < deadline:
        time.sleep(0.01)
    return left


def errno_filter(nr: int, number: int) -> FilterSpec:
    """A filter that answers one x86_64 system call with an errno and allows all others."""
    return _filter(nr, 0x00050000 | number)


def kill_filter(nr: int, *, thread: bool = False) -> FilterSpec:
    """A filter that kills the process (or the thread) at one x86_64 system call."""
    return _filter(nr, 0 if thread else 0x80000000)


def trap_filter(nr: int, data: int) -> FilterSpec:
    """A filter that sends SIGSYS instead of one x86_64 system call."""
    return _filter(nr, 0x00030000 | data)


def _filter(nr: int, action: int) -> FilterSpec:
    def one(code: int, jt: int, jf: int, k: int) -> bytes:
        return struct.pack("<HBBI", code, jt, jf, k)

    return FilterSpec(one(0x20, 0, 0, 0) + one(0x15, 0, 1, nr) + one(0x06, 0, 0, action) + one(0x06, 0, 0, 0x7FFF0000))


def exit_code(status: int) -> int:
    return os.waitstatus_to_exitcode(status)
