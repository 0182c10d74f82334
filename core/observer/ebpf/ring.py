"""Reading the kernel's BPF ring buffers through shared memory (kernel/bpf/ringbuf.c).

A ring is mapped as one page with the consumer position, one with the producer position, and its data twice in a row, so that a record which
wraps around the end lies in one piece. Before each record stands an 8-byte header, whose first word is the length with two flags on top.
Bytes are forwarded as they lie there, headers included, and nothing is copied here.
"""

from __future__ import annotations

import abc
import dataclasses
import mmap
from typing import Final

from core.observer.engine import Emit
from core.observer.wire import FrameKind

MAX_PIECE: Final = 256 * 1024
"""The largest frame, in bytes."""

_BUSY: Final = 1 << 31
_DISCARDED: Final = 1 << 30
_HEADER: Final = 8
_PATIENCE: Final = 200
"""How often a record that is still being written is looked at again, in a row: a few microseconds for each of its words."""


@dataclasses.dataclass(frozen=True, slots=True)
class Forwarded:
    """What one pass over a ring did."""

    size: int
    """Bytes handed on."""
    whole: bool
    """All that was in the ring at the beginning; False: a record in the middle was still being written."""


class Ring(abc.ABC):
    """One ring of records, its reader's side."""

    def __init__(self, fd: int, size: int, kind: FrameKind) -> None:
        """`size`: the ring's size in bytes, as it was made. Raises OSError."""
        self.kind = kind
        self._mask = size - 1
        self._maps = (
            mmap.mmap(fd, mmap.PAGESIZE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, offset=0),
            mmap.mmap(fd, mmap.PAGESIZE + 2 * size, mmap.MAP_SHARED, mmap.PROT_READ, offset=mmap.PAGESIZE),
        )
        for area in self._maps:
            area.madvise(mmap.MADV_DONTFORK)  # a forked target would spend 20 ms on copying and dropping the page tables
        self._consumer = memoryview(self._maps[0]).cast("Q")
        self._producer = memoryview(self._maps[1])[:8].cast("Q")
        self._data = memoryview(self._maps[1])[mmap.PAGESIZE :]
        self._words = self._data.cast("I")

    @abc.abstractmethod
    def _ready(self, start: int, size: int) -> tuple[int, int]:
        """How many of the `size` bytes from offset `start` can be forwarded now, and how many behind those are to be skipped."""

    def forward(self, emit: Emit) -> Forwarded:
        """Hand on what is in the ring now, and free its place."""
        position, end = self._consumer[0], self._producer[0]
        begin, patience, skipped = position, _PATIENCE, 0
        while position < end and patience:
            start = position & self._mask
            ready, skip = self._ready(start, end - position)
            if ready:
                with self._data[
                    start : start + ready
                ] as piece:  # a view that outlived an exception in `emit` would keep the ring from being closed
                    emit(self.kind, piece)
            if ready or skip:
                position += ready + skip
                skipped += skip
                self._consumer[0] = position
                patience = _PATIENCE
            else:
                patience -= 1
        return Forwarded(position - begin - skipped, position >= end)

    def close(self) -> None:
        """Unmap."""
        for view in (self._consumer, self._producer, self._words, self._data):
            view.release()
        for area in self._maps:
            area.close()


class FixedRing(Ring):
    """A ring whose records all have one size; none is ever discarded."""

    def __init__(self, fd: int, size: int, kind: FrameKind, record: int) -> None:
        """`record`: a record's size in bytes, its header included: a multiple of 8."""
        super().__init__(fd, size, kind)
        self._record = record
        self._header = (record - _HEADER).to_bytes(4, "little")
        self._headers = self._header * (MAX_PIECE // record)

    def _ready(self, start: int, size: int) -> tuple[int, int]:
        record = self._record
        count = min(size, MAX_PIECE) // record
        first = start // 4
        # One comparison for all headers; only where one differs is it looked for.
        headers = self._words[first : first + count * record // 4 : record // 4].tobytes()
        if headers == self._headers[: 4 * count]:
            return count * record, 0
        finished = next(n for n in range(count) if headers[4 * n : 4 * n + 4] != self._header)
        return finished * record, 0


class MixedRing(Ring):
    """A ring of records of any size."""

    def _ready(self, start: int, size: int) -> tuple[int, int]:
        words, done, limit = self._words, 0, min(size, MAX_PIECE)
        while done < limit:
            header = words[(start + done) >> 2]
            length = ((header & ~(_BUSY | _DISCARDED)) + _HEADER + 7) & ~7
            if header & _BUSY or done + length > limit:
                break
            if header & _DISCARDED:
                return done, length
            done += length
        return done, 0
