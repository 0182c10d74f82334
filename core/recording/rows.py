"""The events of a run in memory: fixed-size rows in chunks, and beside them what only few rows have."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.judge.match import among
from core.judge.records import Capture
from core.judge.verdict import Check, Gate, Outcome
from core.observer.wire import CallFlag

CALL_ROW: Final = 0
PROCESS_ROW: Final = 1

ROW_DTYPE: Final = np.dtype(
    [
        ("kind", "u1"),  # CALL_ROW, PROCESS_ROW
        ("gate", "u1"),
        ("outcome", "u1"),
        ("evidence", "u1"),
        ("flags", "u1"),  # wire.CallFlag, and UNJUDGED
        ("conflict", "?"),
        ("rule", "i2"),  # 0: none
        ("own_filter", "i2"),  # 0: none
        ("capability", "i2"),  # -1: none
        ("pid", "u4"),
        ("tid", "u4"),
        ("comm", "u4"),  # index into names
        ("nr", "u4"),
        ("arch", "u4"),
        ("reason", "u4"),  # index into names
        ("time_ns", "i8"),  # since the start of the run
        ("duration_ns", "i8"),  # -1: unknown
        ("ret", "i8"),
        ("args", "u8", (6,)),
        ("instruction_pointer", "u8"),
        ("alternatives", "u8"),  # bit n: capability n
    ]
)
"""One event; of a process event only kind, pid, tid, comm and time_ns are meant."""

UNJUDGED: Final = 0x80
"""Beside wire.CallFlag: the policy's filters did not judge the call yet."""

CHUNK: Final = 65536

NO_RESULT: Final = (Outcome.KILLED, Outcome.TRAPPED, Outcome.UNFINISHED)
"""Outcomes of calls whose return value says nothing."""

Rows = NDArray[np.void]

T = TypeVar("T")


@dataclasses.dataclass(slots=True)
class Details:
    """What few rows have, by row number."""

    captures: dict[int, tuple[Capture, ...]] = dataclasses.field(default_factory=dict)
    checks: dict[int, tuple[Check, ...]] = dataclasses.field(default_factory=dict)
    process: dict[int, tuple[str, dict[str, Any]]] = dataclasses.field(default_factory=dict)
    """(event, data) of a process row."""

    def merge(self, other: Details, start: int) -> None:
        """Takes in another's, whose rows are numbered from `start` on."""
        self.captures.update(_shifted(other.captures, start))
        self.checks.update(_shifted(other.checks, start))
        self.process.update(_shifted(other.process, start))


def _shifted(found: Mapping[int, T], start: int) -> dict[int, T]:
    return {start + index: value for index, value in found.items()}


def returns(rows: Rows) -> NDArray[np.bool_]:
    """For each row whether it is a call whose `ret` means something."""
    exited = (rows["kind"] == CALL_ROW) & ((rows["flags"] & CallFlag.EXITED) != 0)
    mask: NDArray[np.bool_] = exited & ~among(rows["outcome"], NO_RESULT)
    return mask


def capability_refusals(rows: Rows) -> list[int]:
    """The places of the calls that a capability stopped; those without a check were inferred from the errno."""
    found = (rows["kind"] == CALL_ROW) & (rows["gate"] == Gate.CAPABILITY) & (rows["capability"] >= 0)
    places: list[int] = np.flatnonzero(found).tolist()
    return places


class Interner:
    """Texts by number, each kept once."""

    def __init__(self, *first: str) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}
        for text in first:
            self.number(text)

    def number(self, text: str) -> int:
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return number


class ChunkedRows:
    """An append-only array of rows that never moves what it holds."""

    def __init__(self) -> None:
        self._chunks: list[Rows] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, rows: Rows) -> None:
        done = 0
        while done < len(rows):
            offset = self._length % CHUNK
            if offset == 0:
                self._chunks.append(np.zeros(CHUNK, ROW_DTYPE))
            count = min(CHUNK - offset, len(rows) - done)
            self._chunks[-1][offset : offset + count] = rows[done : done + count]
            self._length += count
            done += count

    def row(self, index: int) -> np.void:
        if not 0 <= index < self._length:
            raise IndexError(f"row {index} of {self._length}")
        row: np.void = self._chunks[index // CHUNK][index % CHUNK]
        return row

    def slices(self, start: int, stop: int) -> Iterator[tuple[int, Rows]]:
        """(number of its first row, rows) for the pieces of [start, stop), without copying."""
        stop = min(stop, self._length)
        while start < stop:
            offset = start % CHUNK
            count = min(CHUNK - offset, stop - start)
            yield start, self._chunks[start // CHUNK][offset : offset + count]
            start += count
