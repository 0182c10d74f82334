"""A run's events, in memory and, as they come, on disk."""

from __future__ import annotations

import contextlib
import errno as errnos
import json
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa

from core.event import CallEvent, Event, ProcessEvent
from core.judge.records import Capture
from core.judge.verdict import Evidence, Gate, Outcome, Verdict
from core.knowledge.capabilities import capability_name, capability_names
from core.knowledge.decode import Opened, decode_arguments, unread_pointers
from core.knowledge.errnos import MAX_ERRNO, errno_name
from core.knowledge.syscalls import arch_name, name
from core.observer.wire import CallFlag, CaptureKind
from core.recording.descriptors import Descriptors
from core.recording.header import METADATA_KEY, RecordingError, RunHeader
from core.recording.holdings import Holdings
from core.recording.own_filters import OwnFilter, own_filters
from core.recording.rows import CALL_ROW, CHUNK, NO_RESULT, UNJUDGED, ChunkedRows, Details, Interner, Rows
from core.recording.summary import Summary, Tally
from core.recording.table import TableWriter, check_columns, read_events

Names = Literal["all", "known", "none"]
"""Of which descriptors an event says what they are open on: known are those that `Recording.descriptors` has come to already."""

_BUFFER: Final = 1 << 20
"""Bytes of a batch that are gathered before they are written; a batch has a hundred small parts."""


class Recording:
    """All events of one run: appended to while it goes, read by number at any time."""

    def __init__(self, header: RunHeader, path: Path | None = None) -> None:
        """Without a file of its own; see `create` and `open`."""
        self.header = header
        self.path = path
        self.names = Interner("")
        self.rows = ChunkedRows()
        self.details = Details()
        self.output: list[tuple[int, bytes]] = []
        """(stream, bytes) of the target, in order."""
        self.own_filters: list[OwnFilter] = []
        """The seccomp filters that the target installed itself, so far."""
        self.lost: Mapping[str, int] = {}
        self.cut_off = False
        """The file has no end mark, or is damaged: its writer died, or still writes; everything up to there is here."""
        self.problem: str | None = None
        """Why the file is not being written any more, as a sentence; the events are still kept in memory."""
        self.descriptors = Descriptors()
        self.holdings = Holdings()
        self._tally = Tally()
        self._table = TableWriter(header, self.names)
        self._file: _BatchFile | None = None

    @classmethod
    def create(cls, path: Path | None, header: RunHeader) -> Recording:
        """A new recording; with a path, a new Arrow stream there, written as the run goes. Raises `RecordingError`."""
        recording = cls(header, path)
        if path is not None:
            recording._file = _BatchFile(path, recording._table.schema)
        return recording

    @classmethod
    def open(cls, path: Path) -> Recording:
        """Reads a recording back, as far as it goes. Raises `RecordingError` where it is none."""
        try:
            if path.exists() and not path.is_file():  # a pipe would be waited for
                raise RecordingError(f"{path}: is not an ordinary file: choose a recording")
            with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as reader:
                return cls._read(reader, file, path)
        except FileNotFoundError as err:
            raise RecordingError(f"{path}: there is no such recording") from err
        except (OSError, pa.ArrowException) as err:
            if isinstance(err, OSError) and err.errno:
                raise RecordingError(f"{path}: cannot be read: {_reason(err)}") from err
            raise RecordingError(
                f"{path} is not a recording of Gatescope (an Arrow stream), or its beginning is damaged: {_reason(err)}"
            ) from err

    @classmethod
    def _read(cls, reader: pa.RecordBatchReader, file: pa.NativeFile, path: Path) -> Recording:
        metadata = reader.schema.metadata or {}
        if METADATA_KEY not in metadata:
            raise RecordingError(f"{path} is an Arrow stream, but not a recording of Gatescope")
        try:
            recording = cls(RunHeader.decode(metadata[METADATA_KEY]), path)
            check_columns(reader.schema)
            for batch in recording._whole_batches(reader, file):
                if not recording._took(batch):
                    break
        except RecordingError as err:
            raise RecordingError(f"{path}: {err}") from err
        return recording

    def _whole_batches(self, reader: pa.RecordBatchReader, file: pa.NativeFile) -> Iterator[pa.RecordBatch]:
        """The batches up to the end, or to where the file is cut off or damaged."""
        while True:
            place = file.tell()
            try:
                batch = reader.read_next_batch()
                batch.validate(full=True)
            except StopIteration:
                self.cut_off = file.tell() == place  # not even the end mark stood there
                return
            except (pa.ArrowException, OSError):
                self.cut_off = True
                return
            yield batch

    def _took(self, batch: pa.RecordBatch) -> bool:
        """Whether the batch says something; one that does not is damaged inside, and the recording ends before it."""
        try:
            self._take(batch)
        except RecordingError:
            raise
        except (ValueError, LookupError, TypeError, ArithmeticError):
            self.cut_off = True
        return not self.cut_off

    def _take(self, batch: pa.RecordBatch) -> None:
        kind = batch.column("kind")[0].as_py() if batch.num_rows else None
        if kind == "output":
            self.output.append((batch.column("stream")[0].as_py(), batch.column("output")[0].as_py()))
        elif kind == "lost":
            self.lost = json.loads(batch.column("data")[0].as_py())
        elif kind is not None:
            self._keep(*read_events(batch, self.names))

    # ── while the run goes ────────────────────────────────────────────────────────────────────────────────────

    def append(self, rows: Rows, details: Details) -> None:
        """Adds events; `details` counts from the first of them. Comm and reason index `self.names`."""
        if len(rows):
            self._write(lambda: self._table.events(rows, len(self.rows), details))
            self._keep(rows, details)

    def append_output(self, stream: int, data: bytes) -> None:
        """Adds what the target wrote."""
        self.output.append((stream, data))
        self._write(lambda: self._table.output(stream, data))

    def set_lost(self, counts: Mapping[str, int]) -> None:
        """How many records of each kind could not be kept so far."""
        if dict(counts) != dict(self.lost):
            self.lost = dict(counts)
            self._write(lambda: self._table.lost(counts))

    def close(self) -> None:
        """Ends the file with the stream's end mark."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _keep(self, rows: Rows, details: Details) -> None:
        start = len(self.rows)
        self.rows.append(rows)
        self.details.merge(details, start)
        self._tally.add(rows, details.checks)
        self.own_filters += own_filters(rows, details, start, len(self.own_filters))

    def _write(self, make: Callable[[], pa.RecordBatch]) -> None:
        if self._file is None:
            return
        try:
            self._file.write(make())
        except OSError as err:
            why = "the disk is full" if err.errno == errnos.ENOSPC else _reason(err)
            self.problem = f"{self.path} is no longer written: {why}. It can be read up to here, and the run goes on; make room or record elsewhere, and run again"
            self._file.abandon()
            self._file = None

    # ── reading ───────────────────────────────────────────────────────────────────────────────────────────────

    def __len__(self) -> int:
        """How many events there are."""
        return len(self.rows)

    @property
    def size(self) -> int:
        """Bytes on disk; 0 where there is no file."""
        try:
            return self.path.stat().st_size if self.path is not None else 0
        except OSError:
            return 0

    @property
    def remark(self) -> str | None:
        """What its reader should know of it, as a sentence."""
        if not self.cut_off:
            return None
        return (
            f"{self.path} ends, or is damaged, behind event {len(self):,}, before the run's end: what wrote it was killed, or the file was changed. "
            "All up to there is shown."
        )

    def summary(self) -> Summary:
        """The counts up to now."""
        return self._tally.summary(sum(self.lost.values()))

    def event(self, index: int, names: Names = "all") -> Event:
        """Event number `index`, from 0, all of it decoded; `names`: of which descriptors it says what they are open on. Raises IndexError."""
        return self._event(index, self.rows.row(index), names)

    def events(self, start: int = 0, stop: int | None = None) -> Iterator[Event]:
        """The events of [start, stop), in order."""
        for first, rows in self.rows.slices(start, len(self) if stop is None else stop):
            for offset, row in enumerate(rows):
                yield self._event(first + offset, row, "all")

    def unread_pointers(self, index: int) -> tuple[int, ...]:
        """The arguments of call number `index`, from 0, that point to something which was not read."""
        row = self.rows.row(index)
        return unread_pointers(int(row["arch"]), int(row["nr"]), row["args"].tolist(), self._captures(index))

    def _captures(self, index: int) -> dict[int, Capture]:
        # By the argument that they are of.
        return {capture.argument: capture for capture in self.details.captures.get(index, ()) if capture.kind != CaptureKind.PROGRAM}

    def _opened(self, index: int, tid: int, names: Names) -> Opened | None:
        # Where calls were lost a descriptor may have been closed, and opened on something else, unseen.
        if names == "none" or self.lost.get("calls"):
            return None
        if self.descriptors.taken < index:
            if names == "known":
                return None
            # Ahead as far as a chunk goes: row by row would cost much more.
            self.descriptors.take(self, self.descriptors.taken, max(index, min(self.descriptors.taken + CHUNK, len(self))))
        return partial(self.descriptors.name, index, tid)

    def _event(self, index: int, row: np.void, names: Names) -> Event:
        fields: Any = row.item()
        (kind, gate, outcome, evidence, flags, conflict, rule, own_filter, capability, pid, tid, comm, nr, arch, reason,
         time_ns, duration_ns, ret, arguments, _, alternatives) = fields  # fmt: skip
        args, comm = tuple(arguments.tolist()), self.names.texts[comm]
        if kind != CALL_ROW:
            return ProcessEvent(index + 1, time_ns, pid, tid, comm, *self.details.process[index])
        returned = flags & CallFlag.EXITED and outcome not in NO_RESULT
        verdict = Verdict(
            gate=Gate(gate),
            outcome=Outcome(outcome),
            evidence=Evidence(evidence),
            reason=self.names.texts[reason],
            rule=rule or None,
            own_filter=own_filter or None,
            capability=None if capability < 0 else capability_name(capability),
            alternatives=capability_names(alternatives),
            conflict=conflict,
            judged=not flags & UNJUDGED,
        )
        return CallEvent(
            seq=index + 1,
            time_ns=time_ns,
            pid=pid,
            tid=tid,
            comm=comm,
            syscall=name(arch, nr),
            nr=nr,
            arch=arch_name(arch, nr),
            args=args,
            text=decode_arguments(arch, nr, args, self._captures(index), ret if returned else None, self._opened(index, tid, names)),
            ret=ret if returned else None,
            errno=errno_name(-ret) if returned and -MAX_ERRNO <= ret < 0 else None,
            duration_ns=None if duration_ns < 0 else duration_ns,
            verdict=verdict,
            checks=self.details.checks.get(index, ()),
        )


class _BatchFile:
    """An Arrow stream on disk. A batch is written in one go, and at once: what is written survives the death of this process."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        if path.is_fifo():
            raise RecordingError(f"{path}: is a pipe, in which Arrow cannot keep its place. Choose a file with --record")
        try:
            self._sink = pa.output_stream(str(path), compression=None, buffer_size=_BUFFER)
        except OSError as err:
            raise RecordingError(f"{path}: cannot be written: {_reason(err)}. Choose another file with --record") from err
        self._writer = pa.ipc.new_stream(self._sink, schema)

    def write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)
        self._sink.flush()

    def close(self) -> None:
        self._writer.close()
        self._sink.close()

    def abandon(self) -> None:
        """Lets go of the file without its end mark, which could not be written either."""
        with contextlib.suppress(OSError):
            self._sink.close()


def _reason(err: Exception) -> str:
    """The kernel's words where it was the kernel; Arrow's own errors are of the same class, and go on for lines."""
    if isinstance(err, OSError) and err.errno:
        return os.strerror(err.errno)
    return str(err).splitlines()[0] if str(err) else type(err).__name__
