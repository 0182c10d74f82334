"""The observer's records as arrays: the layouts of `core.observer.wire`, read without a copy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.observer import wire

Records = NDArray[np.void]
"""A structured array of one of the dtypes below."""


def _field(name: str, code: str) -> tuple[Any, ...]:
    match = re.fullmatch(r"(\d*)([IQqBs])", code)
    if match is None:
        raise TypeError(f"{name}: no array type is known for {code!r}")
    count, kind = int(match[1] or 1), match[2]
    if kind == "s":
        return name, f"S{count}"
    base = {"I": "<u4", "Q": "<u8", "q": "<i8", "B": "u1"}[kind]
    return (name, base, (count,)) if match[1] else (name, base)


def record_dtype(fields: Sequence[wire.Field]) -> np.dtype[np.void]:
    """The packed little-endian dtype of a record; a counted field becomes an array, `16s` text of 16 bytes."""
    return np.dtype([_field(name, code) for name, code in fields])


CALL_DTYPE: Final = record_dtype(wire.CALL_FIELDS)
CHECK_DTYPE: Final = record_dtype(wire.CHECK_FIELDS)
PROCESS_DTYPE: Final = record_dtype(wire.PROCESS_FIELDS)


def parse_records(payload: bytes, dtype: np.dtype[np.void], kind: str) -> Records:
    """The records of a frame, over the payload's own memory. Raises `WireError` where it does not hold whole records of `kind`."""
    if len(payload) % dtype.itemsize:
        raise wire.WireError(
            f"the observer sent {len(payload)} bytes of {kind} records, which have {dtype.itemsize} bytes each: it was cut off, or is of another version"
        )
    return np.frombuffer(payload, dtype)


class Capture(NamedTuple):
    """What one argument of a call points to, as far as it was read."""

    call: int
    """The call's id."""
    argument: int
    """Its index, from 0."""
    kind: int
    """wire.CaptureKind."""
    truncated: bool
    """The target's data goes on."""
    failed: bool
    """The memory could not be read; there is no data."""
    data: bytes


def parse_captures(payload: bytes) -> list[Capture]:
    """The captures of a frame, in their order. Raises `WireError` where one does not end inside the payload."""
    captures: list[Capture] = []
    # There may be one of every call, so what the loop looks up again and again has names of its own.
    start, whole, header, unpack, add = 0, len(payload), wire.CAPTURE.size, wire.CAPTURE.unpack_from, captures.append
    while start < whole:
        begin = start + header
        if begin > whole:
            raise wire.WireError(f"the observer sent a capture record that is cut off in its header, at byte {start} of {whole}")
        _, _, call, argument, kind, truncated, failed, length = unpack(payload, start)
        end = begin + length
        start = (end + 7) & ~7
        if start > whole:
            raise wire.WireError(f"the observer sent a capture record of {length} bytes of which {whole - begin} are there")
        add(Capture(call, argument, kind, truncated != 0, failed != 0, payload[begin:end]))
    return captures
