"""What the observer should read of each call's arguments: paths, names, addresses, argument lists, small structures."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from typing import Final

from core import resources
from core.knowledge.landlock_calls import place_capture
from core.knowledge.syscalls import ARCHES, Syscall, by_name
from core.observer.wire import CAPTURES_A_CALL, LENGTH_IS_RESULT, MAX_CAPTURE, NO_LENGTH, RESULT, CaptureKind, CapturePlan, counted

_NARROW: Final = "x86"
_WATCHED: Final = ("x86_64", _NARROW, "x32")

# These point to data with a length of its own, or to more than anybody wants to see of it.
_NOT_STRINGS: Final = frozenset({"buf", "u_msg_ptr", "cmdline_ptr"})


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """How one argument is read, and what is found there."""

    argument: int
    kind: CaptureKind
    size: int
    """The most that is read, in bytes."""
    length: int
    """What holds the length, as `core.observer.wire.CapturePlan` has it."""
    at_entry: bool
    is_result: bool
    """The kernel writes it: where the call failed it says nothing."""
    counter: int | None
    """The argument that points to how many of the bytes are meant; it is read as well."""
    group: str
    """always, wide (64-bit layouts only), buffers (only where asked for)."""
    layout: str
    """string, arguments, buffer, or the name of a structure."""


def readings(call: Syscall) -> tuple[Reading, ...]:
    """All that can be read of a call, buffers among it, in the order of the arguments."""
    # An architecture's call may take less than the one of the same name elsewhere (x86's select).
    listed = {index: reading for index, reading in _listed().get(call.name, {}).items() if index < len(call.parameters)}
    strings = {index: _string(index) for index, parameter in enumerate(call.parameters) if _is_string(parameter.type, parameter.name)}
    return tuple(reading for _, reading in sorted((strings | listed).items()))


@functools.cache
def capture_plans(*, buffers: bool = False, places: bool = False) -> tuple[CapturePlan, ...]:
    """The plan for every call of x86_64, x86 and x32 of which something is worth reading.

    `buffers`: also the first bytes that read, write and their siblings move, which costs the engines something on each of them.
    `places`: also where the paths lead of calls that were refused.
    """
    return tuple(_plans(buffers, places))


def _plans(buffers: bool, places: bool) -> Iterator[CapturePlan]:
    for arch in _WATCHED:
        unwanted = {"wide"} if arch == _NARROW else set()
        if not buffers:
            unwanted.add("buffers")
        for call in by_name(arch).values():
            wanted = [_wire(reading) for reading in readings(call) if reading.group not in unwanted]
            place = place_capture(call.name) if places else None
            if place is not None:
                wanted = [*wanted[: CAPTURES_A_CALL - 1], place]
            if wanted:
                yield CapturePlan(ARCHES[arch], call.nr, tuple(wanted[:CAPTURES_A_CALL]))


def _wire(reading: Reading) -> tuple[int, int, int, int, bool]:
    return reading.argument, int(reading.kind), reading.size, reading.length, reading.at_entry


def _is_string(type_: str, name: str) -> bool:
    return type_ == "const char *" and name not in _NOT_STRINGS


def _string(index: int) -> Reading:
    return Reading(index, CaptureKind.STRING, MAX_CAPTURE, NO_LENGTH, False, False, None, group="always", layout="string")


@functools.cache
def _listed() -> dict[str, dict[int, Reading]]:
    found: dict[str, dict[int, Reading]] = {}
    for call, argument, kind, size, length, when, group, layout in resources.rows("captures/captures.tsv"):
        at_entry, is_result = when == "entry", when == "result"
        counter = int(length[1:]) if length.startswith("*") else None
        reading = Reading(int(argument), CaptureKind[kind.upper()], int(size), _length(length), at_entry, is_result, counter, group, layout)
        found.setdefault(call, {})[reading.argument] = reading
    return found


def _length(text: str) -> int:
    argument, _, unit = text.partition("x")
    if argument.startswith(("-", "*")):
        return NO_LENGTH
    if not unit:
        return LENGTH_IS_RESULT if argument == "result" else int(argument)
    return counted(RESULT if argument == "result" else int(argument), int(unit))
