"""What seccomp filters answer to a call, computed: one program with its path, or all filters of a process combined as the kernel combines them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.bpf import program as bpf
from core.bpf.lanes import run_lanes
from core.bpf.machine import WORD, SeccompData, State, run, words_of
from core.bpf.program import decode_program
from core.bpf.validate import validate

__all__ = ["Emulation", "Emulator", "SeccompData", "emulate", "strictest"]

ALLOW: Final = 0x7FFF0000
_ACTION_BITS: Final = 0xFFFF0000
_MISSING: Final = -1
_TABLE_SIZE: Final = 1024
# Numbers below this have their place in a table; the others (x32's, unassigned ones) are looked up one by one ...
_FEW: Final = 64
# ... where they are no more than this: a target can make calls of any number, so more are not worth remembering ...
_REMEMBERED: Final = 16384
# ... and no more than this are.


@dataclasses.dataclass(frozen=True, slots=True)
class Emulation:
    """What one filter answered, and how it came to it."""

    value: int
    """The filter's result, SECCOMP_RET_* with the data in the low 16 bits."""
    path: tuple[int, ...]
    """Indexes of the executed instructions, in their order; their number is the filter's cost for this call."""


def emulate(program: bytes, data: SeccompData) -> Emulation:
    """One filter's answer. Raises `ProgramError` for bytes that are no program; the program should be one that `validate` accepts."""
    state = State()
    value = run(decode_program(program), data.words(), state)
    if value is None:
        raise AssertionError("a run over all of the data ends with a result")
    return Emulation(value, tuple(state.path))


def strictest(values: Sequence[int]) -> int:
    """What the kernel makes of stacked filters' results, given in the order in which the filters were installed.

    The lowest action as a signed number wins, with its data; among equal actions the newest filter's (seccomp_run_filters in kernel/seccomp.c).
    """
    place = deciding_filter(values)
    return ALLOW if place is None else values[place]


def deciding_filter(values: Sequence[int]) -> int | None:
    """Which of stacked filters' results is the `strictest`, by its place; None where all of them allow the call."""
    chosen, lowest = None, _precedence(ALLOW)
    for place in reversed(range(len(values))):
        if _precedence(values[place]) < lowest:
            chosen, lowest = place, _precedence(values[place])
    return chosen


def _precedence(value: int) -> int:
    return ((value & _ACTION_BITS) ^ 0x80000000) - 0x80000000


@dataclasses.dataclass(frozen=True, slots=True)
class _Prefix:
    # What a filter does with (arch, nr) before it looks at anything else: its result, or the state in front of the first such load.
    value: int | None
    state: State


class Emulator:
    """All filters of a process, in the order in which they were installed; what they answer is remembered by (arch, nr)."""

    def __init__(self, filters: Sequence[bytes]) -> None:
        """Raises `ProgramError` for a filter that the kernel would refuse."""
        for program in filters:
            validate(program)
        self._programs = [decode_program(program) for program in filters]
        self._beginning = tuple(_Prefix(None, State()) for _ in filters)
        self._prefixes: dict[tuple[int, int], tuple[_Prefix, ...]] = {}
        self._constants: dict[tuple[int, int], int | None] = {}
        self._tables: dict[int, _Table] = {}

    def value(self, arch: int, nr: int, instruction_pointer: int, args: Sequence[int]) -> int:
        """The combined result for one call; `args` are six unsigned 64-bit numbers."""
        constant = self._constants.get((arch, nr), _MISSING)
        if constant == _MISSING:
            constant = self._constant(arch, nr)
        if constant is not None:
            return constant
        words = words_of(nr, arch, instruction_pointer, args)
        return strictest([self._resume(number, prefix, words) for number, prefix in enumerate(self._prefixes[arch, nr])])

    def reads_arguments(self, arch: int, nr: int) -> bool:
        """Whether some filter looks at this call's arguments or instruction pointer before it answers."""
        return self._constant(arch, nr) is None

    def values(self, calls: npt.NDArray[Any]) -> npt.NDArray[np.uint32]:
        """The combined result for each row of a structured array with wire.CALL_FIELDS' `arch`, `nr`, `instruction_pointer` and `args`."""
        results = np.full(len(calls), ALLOW, np.uint32)
        if not self._programs or not len(calls):
            return results
        for arch in _distinct(calls["arch"]):
            rows = np.flatnonzero(calls["arch"] == arch)
            self._judge(int(arch), calls if len(rows) == len(calls) else calls[rows], rows, results)
        return results

    def _judge(self, arch: int, calls: npt.NDArray[Any], rows: npt.NDArray[np.intp], results: npt.NDArray[np.uint32]) -> None:
        nrs = calls["nr"]
        table = self._tables.setdefault(arch, _Table())
        unknown = table.unknown(nrs)
        for nr in _distinct(nrs[unknown]):
            table.enter(int(nr), self._constant(arch, int(nr)))
        values, left = table.look_up(nrs)
        for nr, chosen in self._parted(nrs, left):
            constant = None if nr is None else self._constant(arch, nr)
            values[chosen] = (
                self._run(_Columns(calls, chosen), self._beginning if nr is None else self._prefixes[arch, nr])
                if constant is None
                else constant
            )
        if len(rows) == len(results):
            results[:] = values
        else:
            results[rows] = values

    @staticmethod
    def _parted(nrs: npt.NDArray[Any], rows: npt.NDArray[np.intp]) -> Iterator[tuple[int | None, npt.NDArray[np.intp]]]:
        # The rows of each number; under None those of very many numbers together.
        numbers = nrs[rows]
        distinct = _distinct(numbers)
        if len(distinct) > _FEW:
            yield None, rows
            return
        for nr in distinct:
            yield int(nr), rows[numbers == nr]

    def _run(self, columns: _Columns, prefixes: tuple[_Prefix, ...]) -> npt.NDArray[np.uint32]:
        chosen = np.full(columns.count, ALLOW, np.uint32)
        for instructions, prefix in zip(reversed(self._programs), reversed(prefixes), strict=True):
            if prefix.value is None:
                values = run_lanes(instructions, columns.word, columns.count, prefix.state)
            else:
                values = np.full(columns.count, prefix.value, np.uint32)
            stricter = _precedences(values) < _precedences(chosen)
            chosen[stricter] = values[stricter]
        return chosen

    def _constant(self, arch: int, nr: int) -> int | None:
        key = (arch, nr)
        if key not in self._constants:
            if len(self._constants) >= _REMEMBERED:
                self._constants.clear()
                self._prefixes.clear()
            prefixes = tuple(self._prefix(number, arch, nr) for number in range(len(self._programs)))
            self._prefixes[key] = prefixes
            values = [prefix.value for prefix in prefixes if prefix.value is not None]
            self._constants[key] = strictest(values) if len(values) == len(prefixes) else None
        return self._constants[key]

    def _prefix(self, number: int, arch: int, nr: int) -> _Prefix:
        state = State()
        value = run(self._programs[number], (nr & WORD, arch), state, stop_before=bpf.POINTER_OFFSET)
        return _Prefix(value, state)

    def _resume(self, number: int, prefix: _Prefix, words: Sequence[int]) -> int:
        if prefix.value is not None:
            return prefix.value
        value = run(self._programs[number], words, prefix.state.resumed())
        if value is None:
            raise AssertionError("a run over all of the data ends with a result")
        return value


class _Table:
    # One architecture's constant results, by number: gathering from an array takes nanoseconds a call, a dictionary tens of them.
    def __init__(self) -> None:
        self._values = np.zeros(_TABLE_SIZE + 1, np.uint32)
        self._states = np.zeros(_TABLE_SIZE + 1, np.uint8)
        self._states[_TABLE_SIZE] = self._VARIES

    _UNKNOWN, _CONSTANT, _VARIES = range(3)

    def _places(self, nrs: npt.NDArray[Any]) -> npt.NDArray[Any]:
        places: npt.NDArray[Any] = np.minimum(nrs, np.uint32(_TABLE_SIZE))
        return places

    def unknown(self, nrs: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
        return np.flatnonzero(self._states[self._places(nrs)] == self._UNKNOWN)

    def enter(self, nr: int, constant: int | None) -> None:
        self._values[nr] = constant or 0
        self._states[nr] = self._VARIES if constant is None else self._CONSTANT

    def look_up(self, nrs: npt.NDArray[Any]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.intp]]:
        # The results, and the places where the table has none.
        places = self._places(nrs)
        return self._values[places], np.flatnonzero(self._states[places] == self._VARIES)


def _distinct(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    # Runs of one value are what there mostly is; sorting is for the rest.
    if len(values) and (values == values[0]).all():
        return values[:1]
    return np.unique(values, return_counts=True)[0]  # without counts numpy would load its masked arrays first


class _Columns:
    # The words of some calls' seccomp_data, each made when a filter first reads it.
    def __init__(self, calls: npt.NDArray[Any], rows: npt.NDArray[np.intp]) -> None:
        self._calls = calls
        self._rows = rows
        self._words: dict[int, npt.NDArray[np.uint32]] = {}
        self.count = len(rows)

    def word(self, number: int) -> npt.NDArray[np.uint32]:
        if number not in self._words:
            self._words[number] = self._made(number)
        return self._words[number]

    def _made(self, number: int) -> npt.NDArray[np.uint32]:
        field, half = divmod(number, 2)
        if field == 0:
            return np.asarray(self._calls["arch" if half else "nr"][self._rows], np.uint32)
        whole = self._calls["instruction_pointer"] if field == 1 else self._calls["args"][:, field - 2]
        picked = whole[self._rows]
        return np.asarray(picked >> np.uint64(32) if half else picked & np.uint64(WORD), np.uint32)


def _precedences(values: npt.NDArray[np.uint32]) -> npt.NDArray[np.int32]:
    return (values & np.uint32(_ACTION_BITS)).view(np.int32)
