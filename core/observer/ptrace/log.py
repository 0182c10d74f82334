"""The records that wait to be forwarded, in the bytes of `core.observer.wire`."""

from __future__ import annotations

import bisect
import struct
from collections.abc import Iterable, Sequence
from typing import Final

from core.observer import wire
from core.observer.engine import Emit
from core.observer.executable import Fact
from core.observer.ptrace.capture import Capturer, Item, capture_record
from core.observer.ptrace.thread import Thread
from core.observer.wire import CallFlag, FrameKind

CALL: Final = struct.Struct("<IIQQQq48sQIIIIII")
"""`wire.CALL` with the six arguments in one piece."""
CALL_LENGTH: Final = wire.CALL.size - 8
RETURNED: Final = int(CallFlag.ENTRY_STOP | CallFlag.EXITED)
"""The flags of an ordinary call."""
FRAME_BYTES: Final = 256 * 1024
"""No frame is larger."""


class Log:
    """Records of calls, processes and captures, in the order in which they were made."""

    def __init__(self) -> None:
        self.calls = bytearray()
        self.processes = bytearray()
        self._captures = bytearray()
        self._capture_ends = [0]
        self.capturer = Capturer()

    def capture(self, tid: int, thread: Thread, ret: int, items: tuple[Item, ...]) -> None:
        """Read what the arguments of the thread's call point to."""
        assert thread.call is not None
        call, _, arch, _, nr, arguments, _ = thread.call
        self._captures += self.capturer.capture(tid, call, arch, nr, arguments, ret, items)
        self._capture_ends.append(len(self._captures))

    def facts(self, call: int, facts: Iterable[Fact]) -> None:
        """Record what there is to say of an exec beside its arguments."""
        for fact, kind, data in facts:
            self._captures += capture_record(call, fact, kind, data[: wire.MAX_CAPTURE], truncated=len(data) > wire.MAX_CAPTURE)
            self._capture_ends.append(len(self._captures))

    def finish_call(self, tid: int, thread: Thread, now: int, ret: int, flags: int) -> None:
        """Record the thread's call, if it is in one, as ended now."""
        if thread.call is None:
            return
        call, entered, arch, ip, nr, arguments, _ = thread.call
        self.calls += CALL.pack(
            CALL_LENGTH, 0, call, entered, now, ret, arguments, ip, thread.pid, tid, nr & 0xFFFFFFFF, arch, flags, 0
        )  # fmt: skip
        thread.call = None
        if flags & CallFlag.EXITED:
            thread.last = (nr, ret)

    def forward(self, emit: Emit) -> int:
        """Emit everything, captures before the calls that they belong to; returns the number of bytes."""
        size = len(self.processes) + len(self._captures) + len(self.calls)
        _forward_in_pieces(emit, FrameKind.PROCESSES, self.processes, range(0, len(self.processes) + 1, wire.PROCESS.size))
        _forward_in_pieces(emit, FrameKind.CAPTURES, self._captures, self._capture_ends)
        _forward_in_pieces(emit, FrameKind.CALLS, self.calls, range(0, len(self.calls) + 1, wire.CALL.size))
        self._capture_ends = [0]
        return size


def _forward_in_pieces(emit: Emit, kind: FrameKind, buffer: bytearray, ends: Sequence[int]) -> None:
    # `ends` are the offsets at which a frame may end.
    with memoryview(buffer) as view:
        start = 0
        while start < len(buffer):
            end = ends[bisect.bisect_right(ends, start + FRAME_BYTES) - 1]
            emit(kind, view[start:end])
            start = end
    buffer.clear()
