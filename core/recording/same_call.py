"""The same call in two runs of one target: the same process by its place in the tree, the same call and arguments up to addresses, the same turn."""

from __future__ import annotations

import dataclasses
import re
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from core.event import CallEvent
from core.knowledge.syscalls import Parameter, syscall
from core.recording.rows import CALL_ROW, Rows

if TYPE_CHECKING:
    from core.recording.recording import Recording

_ADDRESSES: Final = (1 << 24, 1 << 63)
"""Numbers of a register's size in this range are taken for addresses, which are others in every run; 1 stands for each of them."""
_LOW_HALF: Final = 0xFFFFFFFF
_PROCESS: Final = 1 << 40
_NARROW: Final = frozenset(
    [
        "int",
        "unsigned",
        "unsigned_int",
        "pid_t",
        "uid_t",
        "gid_t",
        "umode_t",
        "key_t",
        "key_serial_t",
        "clockid_t",
        "mqd_t",
        "qid_t",
        "rwf_t",
        "timer_t",
        "__s32",
        "__u32",
        "u32",
    ]
)
"""Types of which only the lower half of the register counts; the upper may hold rubbish."""
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"')

Place = tuple[int, ...]
"""A thread's place in the tree: for each step down from the first thread, the how-many-eth it was of all that its maker made."""


@dataclasses.dataclass(frozen=True, slots=True)
class CallKey:
    """What makes a call the same in another run."""

    place: Place
    arch: int
    nr: int
    arguments: tuple[int, ...]
    """What is the same in every run: no addresses; a process of the run by its place in the tree."""
    strings: tuple[str, ...]
    """What was captured of paths and the like."""
    turn: int = 0
    """How many calls of the same thread that were alike in all of this came before it."""


def key_of(recording: Recording, index: int) -> CallKey:
    """The key of call number `index`, from 0."""
    places = _places(recording)
    row = recording.rows.row(index)
    arch, nr = int(row["arch"]), int(row["nr"])
    arguments = tuple(_alike(recording.rows.row(index).reshape(1), _parameters(arch, nr), places)[0].tolist())
    key = CallKey(places.get(int(row["tid"]), ()), arch, nr, arguments, _strings(recording, index))
    return dataclasses.replace(key, turn=len(_matches(recording, key, places, index)))


def find_same(recording: Recording, key: CallKey) -> int | None:
    """The number, from 0, of the call with this key in another run's recording, as far as that goes; None where there is none (yet)."""
    found = _matches(recording, key, _places(recording), len(recording))
    return found[key.turn] if key.turn < len(found) else None


def _matches(recording: Recording, key: CallKey, places: dict[int, Place], stop: int) -> list[int]:
    tids = [tid for tid, place in places.items() if place == key.place]
    found: list[int] = []
    for first, rows in recording.rows.slices(0, stop):
        of_call = (rows["kind"] == CALL_ROW) & (rows["nr"] == key.nr) & (rows["arch"] == key.arch) & np.isin(rows["tid"], tids)
        chosen = np.flatnonzero(of_call)
        same = (_alike(rows[chosen], _parameters(key.arch, key.nr), places) == np.array(key.arguments, np.uint64)).all(axis=1)
        found += [index for index in (chosen[same] + first).tolist() if _strings(recording, index) == key.strings]
    return found


def _parameters(arch: int, nr: int) -> Sequence[Parameter]:
    known = syscall(arch, nr)
    return known.parameters[:6] if known is not None else ()


def _alike(rows: Rows, parameters: Sequence[Parameter], places: dict[int, Place]) -> NDArray[np.uint64]:
    """The arguments of each row, so that equal ones mean the same in every run; one column a parameter."""
    columns = [_column(rows["args"][:, number], parameter, places) for number, parameter in enumerate(parameters)]
    return np.stack(columns, axis=1) if columns else np.zeros((len(rows), 0), np.uint64)


def _column(values: NDArray[Any], parameter: Parameter, places: dict[int, Place]) -> NDArray[np.uint64]:
    if parameter.is_pointer:
        return np.asarray(values != 0, np.uint64)
    plain = parameter.type.removeprefix("const ").replace(" ", "_")
    if plain in _NARROW:
        values = values & np.uint64(_LOW_HALF)
    else:
        values = np.where((values >= _ADDRESSES[0]) & (values < _ADDRESSES[1]), np.uint64(1), values)
    if plain == "pid_t":
        values = np.array(
            [_PROCESS | zlib.crc32(repr(places[pid]).encode()) if pid in places else pid for pid in values.tolist()], np.uint64
        )
    return np.asarray(values, np.uint64)


def _strings(recording: Recording, index: int) -> tuple[str, ...]:
    if index not in recording.details.captures:
        return ()
    event = recording.event(index)
    return tuple(_STRING.findall(event.text)) if isinstance(event, CallEvent) else ()


def _places(recording: Recording) -> dict[int, Place]:
    """Every thread's place, by tid; where a number was used again, the last thread's."""
    places: dict[int, Place] = {}
    made: dict[int, int] = {}
    if len(recording):
        places[int(recording.rows.row(0)["tid"])] = ()
    for index, (event, data) in recording.details.process.items():
        if event == "fork":
            maker, child = int(recording.rows.row(index)["tid"]), int(data["child_tid"])
            places[child] = (*places.get(maker, ()), made.get(maker, 0))
            made[maker] = made.get(maker, 0) + 1
    return places
