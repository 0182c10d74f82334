import mmap
import os
import struct
from collections.abc import Iterator

import pytest

from core.observer.ebpf.ring import MAX_PIECE, FixedRing, Forwarded, MixedRing, Ring
from core.observer.wire import FrameKind

BUSY, DISCARDED = 1 << 31, 1 << 30
SIZE = 1 << 20


class FakeKernel:
    """A ring as the kernel lays it out in memory, in a file."""

    def __init__(self) -> None:
        self.fd = os.memfd_create("ring")
        os.ftruncate(self.fd, 2 * mmap.PAGESIZE + 2 * SIZE)
        self.produced = 0

    def start_at(self, position: int) -> None:
        self.produced = position
        os.pwrite(self.fd, struct.pack("<Q", position), 0)
        os.pwrite(self.fd, struct.pack("<Q", position), mmap.PAGESIZE)

    def put(self, payload: bytes, flags: int = 0) -> int:
        """Adds a record; its position."""
        position = self.produced
        record = struct.pack("<II", len(payload) | flags, 0) + payload
        record = record.ljust((len(record) + 7) & ~7, b"\0")
        for index, byte in ((position + n, record[n : n + 8]) for n in range(0, len(record), 8)):
            for turn in (0, SIZE):  # the same memory, mapped twice
                os.pwrite(self.fd, byte, 2 * mmap.PAGESIZE + index % SIZE + turn)
        self.produced += len(record)
        os.pwrite(self.fd, struct.pack("<Q", self.produced), mmap.PAGESIZE)
        return position

    def finish(self, position: int, length: int) -> None:
        """The record is written."""
        for turn in (0, SIZE):
            os.pwrite(self.fd, struct.pack("<I", length), 2 * mmap.PAGESIZE + position % SIZE + turn)

    @property
    def consumed(self) -> int:
        position: int = struct.unpack("<Q", os.pread(self.fd, 8, 0))[0]
        return position


class Collected:
    def __init__(self) -> None:
        self.frames: list[tuple[FrameKind, bytes]] = []

    def emit(self, kind: FrameKind, payload: memoryview | bytes | bytearray) -> None:
        self.frames.append((kind, bytes(payload)))

    @property
    def data(self) -> bytes:
        return b"".join(payload for _, payload in self.frames)


@pytest.fixture
def kernel() -> Iterator[FakeKernel]:
    kernel = FakeKernel()
    yield kernel
    os.close(kernel.fd)


@pytest.fixture(params=["fixed", "mixed"])
def ring(request: pytest.FixtureRequest, kernel: FakeKernel) -> Iterator[Ring]:
    made = FixedRing(kernel.fd, SIZE, FrameKind.CALLS, 32) if request.param == "fixed" else MixedRing(kernel.fd, SIZE, FrameKind.CALLS)
    yield made
    made.close()


def _record(n: int) -> bytes:
    return struct.pack("<QQQ", n, n, n)


def _numbers(data: bytes) -> list[int]:
    return [values[2] for values in struct.iter_unpack("<IIQQQ", data)]


def test_records_are_handed_on_in_order_and_their_place_is_free(kernel: FakeKernel, ring: Ring) -> None:
    collected = Collected()
    assert ring.forward(collected.emit) == Forwarded(0, True)
    for n in range(5):
        kernel.put(_record(n))
    assert ring.forward(collected.emit) == Forwarded(5 * 32, True)
    assert [kind for kind, _ in collected.frames] == [FrameKind.CALLS]
    assert _numbers(collected.data) == list(range(5))
    assert kernel.consumed == kernel.produced
    assert ring.forward(collected.emit) == Forwarded(0, True)


@pytest.mark.parametrize("first", [SIZE - 8, SIZE - 48, 3 * SIZE - 24, (1 << 40) + SIZE - 16])
def test_records_wrap_around_the_end(kernel: FakeKernel, ring: Ring, first: int) -> None:
    kernel.start_at(first)
    collected = Collected()
    for n in range(4):
        kernel.put(_record(n))
    assert ring.forward(collected.emit).whole
    assert _numbers(collected.data) == list(range(4))


@pytest.mark.parametrize("behind", [0, 1, 3])
def test_a_record_that_is_being_written_holds_back_what_follows(kernel: FakeKernel, ring: Ring, behind: int) -> None:
    collected = Collected()
    for n in range(behind):
        kernel.put(_record(n))
    busy = kernel.put(_record(behind), BUSY)
    kernel.put(_record(behind + 1))
    assert ring.forward(collected.emit) == Forwarded(behind * 32, False)
    assert kernel.consumed == busy
    kernel.finish(busy, 24)
    assert ring.forward(collected.emit) == Forwarded(2 * 32, True)
    assert _numbers(collected.data) == list(range(behind + 2))


def test_frames_are_limited(kernel: FakeKernel, ring: Ring) -> None:
    count = 2 * MAX_PIECE // 32 + 7
    for n in range(count):
        kernel.put(_record(n))
    collected = Collected()
    assert ring.forward(collected.emit) == Forwarded(count * 32, True)
    assert max(len(payload) for _, payload in collected.frames) <= MAX_PIECE
    assert _numbers(collected.data) == list(range(count))


def test_a_reader_that_went_away_does_not_keep_it_open(kernel: FakeKernel, ring: Ring) -> None:
    kernel.put(_record(0))

    def refuse(_kind: FrameKind, payload: memoryview | bytes | bytearray) -> None:
        raise BrokenPipeError(len(payload))

    with pytest.raises(BrokenPipeError) as caught:  # and with it the frames in which it was raised
        ring.forward(refuse)
    ring.close()
    assert caught.value.args == (32,)
    assert kernel.consumed == 0


def test_discarded_records_are_left_out(kernel: FakeKernel) -> None:
    ring = MixedRing(kernel.fd, SIZE, FrameKind.CAPTURES)
    kernel.put(b"first")
    kernel.put(b"dropped", DISCARDED)
    kernel.put(b"dropped, and longer", DISCARDED)
    kernel.put(b"the second one")
    collected = Collected()
    assert ring.forward(collected.emit) == Forwarded(16 + 24, True)
    assert collected.data == struct.pack("<II5s3x", 5, 0, b"first") + struct.pack("<II14s2x", 14, 0, b"the second one")
    assert kernel.consumed == kernel.produced
    ring.close()
