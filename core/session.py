"""One run, from the reader's side: the observer's bytes in, a growing recording out.

No I/O but the recording's file, and no Qt: the window and the command line drive the same object, each with its own way of moving bytes.
"""

from __future__ import annotations

import dataclasses
import itertools
import operator
import os
import signal
from pathlib import Path
from typing import Any, Final, Literal

from core.judge.collect import Batch, Collector
from core.judge.judge import Judge
from core.judge.symbols import Symbols
from core.observer import wire
from core.observer.wire import Frame, FrameKind, Stage
from core.observer_failure import start_failure
from core.plan import Launched, Plan, UsageProblem
from core.recording.assemble import Assembler, signal_name
from core.recording.execs import Execs
from core.recording.header import RecordingError
from core.recording.recording import Recording

_BETWEEN_FLUSHES: Final = frozenset(
    {FrameKind.CALLS, FrameKind.CHECKS, FrameKind.PROCESSES, FrameKind.CAPTURES, FrameKind.AUDIT, FrameKind.OUTPUT}
)
"""What the next flush completes as well, or what waits for none."""

State = Literal["starting", "launching", "running", "ended", "failed"]

_ASKED_FOR: Final = frozenset(Stage) - {Stage.SPEC, Stage.ENGINE, Stage.FORK, Stage.STDIO, Stage.WATCH}
"""The steps of a launch that fail over the target or the policy, not over the observer itself."""


@dataclasses.dataclass(frozen=True, slots=True)
class Ending:
    """How the target's first process ended."""

    status: int
    """As wait(2) gives it."""
    duration_ns: int
    stopped: bool = False
    """The user had it killed; where that took no time, before it ran."""

    @property
    def exit_status(self) -> int:
        """As a shell has it: 128 + signal when killed."""
        return 128 + os.WTERMSIG(self.status) if os.WIFSIGNALED(self.status) else os.WEXITSTATUS(self.status)

    @property
    def sentence(self) -> str:
        after = duration_text(self.duration_ns)
        if self.stopped:
            return f"Stopped after {after}" if self.duration_ns else "Stopped before the target ran"
        if os.WIFSIGNALED(self.status):
            return f"Ended: killed by {signal_name(os.WTERMSIG(self.status))} after {after}"
        return f"Ended: exit status {self.exit_status} after {after}"


@dataclasses.dataclass(slots=True)
class Progress:
    """What some bytes of the observer brought."""

    appended: int = 0
    """Events added to the recording."""
    outputs: list[tuple[int, bytes]] = dataclasses.field(default_factory=list)
    """(stream, bytes) of the target; no bytes: the stream's end."""
    notes: list[str] = dataclasses.field(default_factory=list)
    taken: int = 0
    """Bytes of input that the target's stdin has taken so far; 0: no more than was told before."""
    commands: bytes = b""
    """To be written to the observer's stdin now."""


class Session:
    """The state of one run."""

    def __init__(self, plan: Plan, path: Path | None = None) -> None:
        """`path`: where the recording is to be written as the run goes."""
        self.plan = plan
        self.state: State = "starting"
        self.recording: Recording | None = None
        """There is one from the moment at which the observer has said hello."""
        self.engine: str | None = None
        self.failure: str | None = None
        """Why there is no run, or why it broke off, as a sentence with what to do."""
        self.refused = False
        """Whether `failure` is a refusal of what was asked for: the target did not come to run, and asking otherwise may help."""
        self.ending: Ending | None = None
        self.pid: int | None = None
        self.hello: dict[str, Any] = {}
        """What the observer said of itself; empty until then."""
        self._path = path
        self._decoder = wire.FrameDecoder()
        self._collector = Collector()
        self._symbols = Symbols()
        self._judge: Judge | None = None
        self._assembler: Assembler | None = None
        self.started_ns = 0
        """CLOCK_MONOTONIC at the start of the target, from which the events' times count; 0 before it."""
        self._garbled = False
        self._stopping = False

    @property
    def lost(self) -> int:
        """Records that could not be kept."""
        return sum(self.recording.lost.values()) if self.recording is not None else 0

    def feed(self, data: bytes) -> Progress:
        """Takes the observer's bytes, in any pieces. Never raises: what is wrong with them becomes `failure`."""
        progress = Progress()
        if self._garbled:
            return progress
        try:
            self._take_all(data, progress)
        except (UsageProblem, RecordingError) as err:
            self.refused = True
            self._fail(str(err), progress)
        except wire.WireError as err:
            self._garbled = True  # where the next frame begins, nobody knows
            self._fail(str(err), progress)
        self._record_output(progress)
        return progress

    def stop(self) -> bytes:
        """To be written to the observer's stdin to have the target and all that it started killed."""
        self._stopping = True
        return wire.encode_command(wire.Stop())

    def finish(self, stderr: str, exit_code: int, program: str = "the observer") -> Progress:
        """The observer is gone: its exit code (negative: the signal that killed it) and what it wrote to stderr.

        `program`: the first word of the command that was to start it, which may be a prefix such as sudo.
        """
        progress = Progress()
        if self._judge is not None:
            self._judged(self._collector.finish(), progress)
        if self._stopping and self.state in ("starting", "launching"):
            self.ending, self.state = Ending(signal.SIGKILL, 0, stopped=True), "ended"
        if self.state not in ("ended", "failed"):
            starting = self.state == "starting"
            self._fail(start_failure(program, stderr, exit_code, self.plan.ways) if starting else _died(stderr, exit_code), progress)
        if self.recording is not None:
            self.recording.close()
        return progress

    # ── frames ────────────────────────────────────────────────────────────────────────────────────────────────

    def _take_all(self, data: bytes, progress: Progress) -> None:
        # A batch costs something however small it is. So of flushes that came together only the last one counts, which completes what those
        # before it do: whoever is behind has the larger batches, and catches up.
        flush: Frame | None = None
        try:
            for frame in self._decoder.feed(data):
                if frame.kind == FrameKind.FLUSH:
                    if flush is not None:
                        self._collector.pass_over(flush)
                    flush = frame
                    continue
                if flush is not None and frame.kind not in _BETWEEN_FLUSHES:
                    self._flush(flush, progress)
                    flush = None
                self._take(frame, progress)
        finally:
            if flush is not None:
                self._flush(flush, progress)

    def _flush(self, frame: Frame, progress: Progress) -> None:
        batch = self._collector.feed(frame)
        if batch is not None:
            self._judged(batch, progress)

    def _take(self, frame: Frame, progress: Progress) -> None:
        match frame.kind:
            case FrameKind.CALLS | FrameKind.CHECKS | FrameKind.PROCESSES | FrameKind.CAPTURES | FrameKind.AUDIT:
                self._collector.feed(frame)
            case FrameKind.SYMBOLS:
                self._symbols.feed(frame.payload)
            case FrameKind.OUTPUT:
                self._output(frame.payload, progress)
            case FrameKind.TAKEN:
                progress.taken = _taken(frame)
            case FrameKind.LOST:
                self._collector.feed(frame)
                if self.recording is not None:
                    self.recording.set_lost(frame.json())
            case FrameKind.NOTE:
                progress.notes.append(str(frame.json().get("text", "")))
            case FrameKind.HELLO:
                self._greeted(frame.json(), progress)
            case FrameKind.FOUND:
                self._launch(self.hello, frame.json(), progress)
            case FrameKind.STARTED:
                self._started(frame)
            case FrameKind.FAILED:
                failed = frame.json()
                self.refused = str(failed.get("stage")) in _ASKED_FOR
                self._fail(str(failed.get("detail", "the launch failed")), progress)
            case FrameKind.ENDED:
                self._ended(frame, progress)

    def _greeted(self, hello: dict[str, Any], progress: Progress) -> None:
        if hello.get("protocol") != wire.PROTOCOL:
            sentence = f"the observer speaks protocol {hello.get('protocol')}, this Gatescope {wire.PROTOCOL}: install the same version on both sides"
            raise UsageProblem(sentence)
        self.hello = hello
        if self.plan.lookup is None:
            self._launch(hello, None, progress)
        else:
            progress.commands += wire.encode_command(self.plan.lookup)

    def _launch(self, hello: dict[str, Any], found: dict[str, Any] | None, progress: Progress) -> None:
        try:
            launched: Launched = self.plan.launch(hello, found)
        except UsageProblem:
            raise
        except (KeyError, TypeError, ValueError) as err:
            raise wire.WireError(f"what the observer says of itself is not whole: {err!r}") from err
        self.recording = Recording.create(self._path, launched.header)
        self.engine = launched.spec.engine
        self._judge = Judge(launched.context)
        self.state = "launching"
        progress.notes.extend(launched.notes)
        progress.commands += wire.encode_command(wire.Launch(launched.spec))

    def _started(self, frame: Frame) -> None:
        if self.recording is None:
            raise wire.WireError("the observer says that the target runs, but was not asked to launch one")
        self.state = "running"
        self.pid = frame.number("pid")
        self.started_ns = frame.number("monotonic_ns")
        execs = Execs(int(self.hello["last_capability"]), elsewhere=self.plan.elsewhere)
        self._assembler = Assembler(self.recording.names, self.started_ns, execs)

    def _output(self, payload: bytes, progress: Progress) -> None:
        if not payload or payload[0] not in (1, 2):
            raise wire.WireError(f"the observer sent an OUTPUT frame of no stream that a target has: {payload[:1].hex() or 'it is empty'}")
        stream, data = payload[0], payload[1:]
        progress.outputs.append((stream, data))

    def _record_output(self, progress: Progress) -> None:
        # Together: a target writes line by line, and each line would be a batch of its own.
        if self.recording is not None:
            for stream, parts in itertools.groupby(progress.outputs, operator.itemgetter(0)):
                if data := b"".join(part for _, part in parts):
                    self.recording.append_output(stream, data)

    def _ended(self, frame: Frame, progress: Progress) -> None:
        self._judged(self._collector.finish(), progress)
        status = frame.number("status")
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        self.ending = Ending(status, frame.number("monotonic_ns") - self.started_ns, stopped=self._stopping and killed)
        if self.state == "running":
            self.state = "ended"

    def _fail(self, sentence: str, progress: Progress) -> None:
        """No run, or no more of it: the observer is told to end what it may have started."""
        if self.state == "failed":
            return
        self.state = "failed"
        self.failure = sentence
        progress.commands += wire.encode_command(wire.Stop())

    def _judged(self, batch: Batch, progress: Progress) -> None:
        if self._judge is None or self._assembler is None or self.recording is None:
            return
        rows, details = self._assembler.rows(batch, self._judge.judge(batch, self._symbols))
        self.recording.append(rows, details)
        progress.appended += len(rows)


def duration_text(nanoseconds: int) -> str:
    """ "24 ms", "1.2 s", "3 min 5 s"."""
    if nanoseconds < 1_000_000_000:
        return f"{nanoseconds / 1e6:.3g} ms"
    seconds = nanoseconds / 1e9
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


def _died(stderr: str, exit_code: int) -> str:
    how = f"was killed by {signal_name(-exit_code)}" if exit_code < 0 else f"ended with exit status {exit_code}"
    last = stderr.strip().splitlines()[-1] if stderr.strip() else ""
    said = f": {last}" if last else ""
    # Where memory runs out the kernel kills, and tells nobody but its log.
    unasked = ". If nobody meant to, memory ran out: see dmesg" if exit_code == -signal.SIGKILL else ""
    return f"the observer {how}{said}. The target was ended with it; everything up to here is kept. Run again{unasked}"


def _taken(frame: Frame) -> int:
    if len(frame.payload) != wire.TAKEN.size:
        raise wire.WireError(f"the observer sent a TAKEN frame of {len(frame.payload)} bytes; it has {wire.TAKEN.size}")
    (count,) = wire.TAKEN.unpack(frame.payload)
    return int(count)
