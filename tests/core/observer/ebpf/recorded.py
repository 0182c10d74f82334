"""What a run forwarded, by name."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from core.observer import wire
from core.observer.wire import CallFlag, FrameKind, ProcessKind


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """A call record by name."""

    id: int
    entered_ns: int
    exited_ns: int
    ret: int
    args: tuple[int, ...]
    instruction_pointer: int
    pid: int
    tid: int
    nr: int
    arch: int
    flags: CallFlag


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """A check record by name."""

    call: int
    capability: int
    granted: bool
    namespace: int
    own_namespace: int
    callers: tuple[str, ...]
    """Kernel functions, the innermost first."""


@dataclasses.dataclass(frozen=True, slots=True)
class Capture:
    """A capture record."""

    call: int
    argument: int
    kind: int
    truncated: bool
    failed: bool
    data: bytes


def parse(fields: Sequence[wire.Field], data: bytes) -> Iterator[dict[str, Any]]:
    """Records of fixed size; an array's field is a tuple."""
    for values in wire.record_struct(fields).iter_unpack(data):
        rest = list(values)
        record = {}
        for name, code in fields:
            count = int(code[:-1]) if len(code) > 1 and code[-1] != "s" else 1
            record[name] = rest.pop(0) if count == 1 else tuple(rest.pop(0) for _ in range(count))
        yield record


class Recorded:
    """All that a run forwarded."""

    def __init__(self) -> None:
        self.frames: list[tuple[FrameKind, bytes]] = []
        self.status = 0
        self.pid = 0
        self.lost: dict[str, int] = {}

    def emit(self, kind: FrameKind, payload: memoryview | bytes | bytearray) -> None:
        """Collect a frame."""
        assert len(payload) <= 256 * 1024
        self.frames.append((kind, bytes(payload)))

    def joined(self, kind: FrameKind) -> bytes:
        """All payloads of a kind."""
        return b"".join(payload for found, payload in self.frames if found == kind)

    @property
    def calls(self) -> list[Call]:
        """In the ring's order."""
        names = [field.name for field in dataclasses.fields(Call) if field.name != "flags"]
        found = list(parse(wire.CALL_FIELDS, self.joined(FrameKind.CALLS)))
        assert all(record["ring_length"] == wire.CALL.size - 8 and record["reserved"] == 0 for record in found)
        return [Call(**{name: record[name] for name in names}, flags=CallFlag(record["flags"])) for record in found]

    def calls_of(self, nr: int) -> list[Call]:
        """The calls with this number."""
        return [call for call in self.calls if call.nr == nr]

    def counts(self) -> Counter[int]:
        """How many calls by number."""
        return Counter(call.nr for call in self.calls)

    def processes(self, kind: ProcessKind) -> list[dict[str, Any]]:
        """The process records of a kind."""
        return [record for record in parse(wire.PROCESS_FIELDS, self.joined(FrameKind.PROCESSES)) if record["kind"] == kind]

    @property
    def checks(self) -> list[Check]:
        """With their stacks resolved by the symbols that were forwarded."""
        lines = (line.split() for line in self.joined(FrameKind.SYMBOLS).decode().splitlines())
        names = {int(address, 16): name for address, name in lines}
        return [
            Check(
                record["call"],
                record["capability"],
                bool(record["granted"]),
                record["namespace"],
                record["own_namespace"],
                tuple(names.get(address, hex(address)) for address in record["stack"] if address),
            )
            for record in parse(wire.CHECK_FIELDS, self.joined(FrameKind.CHECKS))
        ]

    @property
    def captures(self) -> list[Capture]:
        """In the ring's order."""
        data, found, start = self.joined(FrameKind.CAPTURES), [], 0
        while start < len(data):
            size, _, call, argument, kind, truncated, failed, length = wire.CAPTURE.unpack_from(data, start)
            assert size == wire.CAPTURE.size - 8 + length
            body = start + wire.CAPTURE.size
            found.append(Capture(call, argument, kind, bool(truncated), bool(failed), data[body : body + length]))
            start = (body + length + 7) & ~7
        return found

    def captures_of(self, call: Call) -> list[Capture]:
        """What was captured of one call's arguments."""
        return [capture for capture in self.captures if capture.call == call.id and capture.argument not in list(wire.ExecFact)]
