"""A run's calls counted by system call, as `strace -c` does: how many, how many failed or were stopped, how long they took."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from core.judge.match import among
from core.knowledge.errnos import MAX_ERRNO
from core.knowledge.syscalls import arch_name, name
from core.recording.rows import CALL_ROW, Rows, returns
from core.recording.summary import STOPPED

if TYPE_CHECKING:
    from core.recording.recording import Recording


@dataclasses.dataclass(frozen=True, slots=True)
class CallCount:
    """What all calls of one name came to."""

    syscall: str
    """Empty for the sum over all."""
    arch: str
    calls: int
    errors: int
    """Calls that returned an errno, whoever it came from."""
    denied: int
    """Calls that a gate stopped: refused, trapped or killed."""
    timed: int
    """Calls of which both the entry and the return were seen."""
    total_ns: int
    """From entry to return, of those together."""

    @property
    def name(self) -> str:
        """With the architecture where that is not the usual one of its machine: "openat (x86)"; "total" for the sum over all."""
        return f"{self.syscall} ({self.arch})" if self.arch in _SECOND else self.syscall or "total"

    @property
    def mean_ns(self) -> float | None:
        """None where no call was timed."""
        return self.total_ns / self.timed if self.timed else None


_SECOND: Final = ("x86", "x32")

COLUMNS: Final = ("% time", "total ms", "µs/call", "calls", "errors", "denied", "syscall")


class CallCounts:
    """Counts rows as they come; numpy does the counting, so that a million rows take a tenth of a second."""

    def __init__(self) -> None:
        self._counts: dict[int, NDArray[np.int64]] = {}  # calls, errors, denied, timed, total_ns

    def take(self, recording: Recording, start: int, stop: int) -> None:
        """Counts the rows of [start, stop)."""
        for _, rows in recording.rows.slices(start, stop):
            self._add(rows)

    def counts(self) -> list[CallCount]:
        """One for every call that was made, in no order."""
        return [_count(key, numbers.tolist()) for key, numbers in self._counts.items()]

    def _add(self, rows: Rows) -> None:
        calls = rows["kind"] == CALL_ROW
        keys, places = np.unique((rows["arch"].astype(np.uint64) << np.uint64(32) | rows["nr"])[calls], return_inverse=True)
        failed = returns(rows) & (rows["ret"] < 0) & (rows["ret"] >= -MAX_ERRNO)
        durations = rows["duration_ns"]
        timed = durations >= 0
        weights = (None, failed, among(rows["outcome"], STOPPED), timed, np.where(timed, durations, 0))
        columns = [np.bincount(places.reshape(-1), None if weight is None else weight[calls], len(keys)) for weight in weights]
        for key, numbers in zip(keys.tolist(), np.stack(columns, axis=1).astype(np.int64), strict=True):
            self._counts[key] = self._counts[key] + numbers if key in self._counts else numbers


def total(counts: Iterable[CallCount]) -> CallCount:
    """The sum over all calls."""
    each = list(counts)
    return CallCount(
        "", "", *(sum(getattr(count, field) for count in each) for field in ("calls", "errors", "denied", "timed", "total_ns"))
    )


def cells(count: CallCount, whole: CallCount) -> tuple[str, ...]:
    """What stands in each of `COLUMNS`; `whole` is the sum, of which the share is taken."""
    mean = count.mean_ns
    share = f"{100 * count.total_ns / whole.total_ns:.2f}" if whole.total_ns else ""
    return (
        share,
        f"{count.total_ns / 1e6:.3f}",
        "" if mean is None else f"{mean / 1e3:.1f}",
        str(count.calls),
        str(count.errors or ""),
        str(count.denied or ""),
        count.name,
    )


def as_text(counts: Sequence[CallCount]) -> str:
    """A table in the manner of `strace -c`, in the given order, with the totals below."""
    whole = total(counts)
    table = [COLUMNS, *(cells(count, whole) for count in counts), cells(whole, whole)]
    widths = [max(len(line[place]) for line in table) for place in range(len(COLUMNS))]
    rule = " ".join("-" * width for width in widths)
    lines = [" ".join([*(cell.rjust(width) for cell, width in zip(line[:-1], widths, strict=False)), line[-1]]) for line in table]
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def as_csv(counts: Sequence[CallCount]) -> str:
    """Plain numbers with a line of titles, as RFC 4180 has it; times in nanoseconds, no line of totals."""
    text = io.StringIO()
    writer = csv.writer(text)
    fields = [field.name for field in dataclasses.fields(CallCount)]
    writer.writerow(fields)
    writer.writerows([getattr(count, field) for field in fields] for count in counts)
    return text.getvalue()


def _count(key: int, numbers: Sequence[int]) -> CallCount:
    arch, nr = key >> 32, key & 0xFFFFFFFF
    return CallCount(name(arch, nr), arch_name(arch, nr), *numbers)
