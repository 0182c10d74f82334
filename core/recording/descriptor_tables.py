"""Which descriptor was open on what, and when: tables with a history, in numbers of a recording's rows."""

from __future__ import annotations

from bisect import bisect_left
from operator import itemgetter

CURRENT_FOLDER = -100
"""AT_FDCWD: under this number a table keeps the working directory."""

_ROW = itemgetter(0)


class OpenFile:
    """What one or several descriptors are open on; its name may change (a socket is bound, is connected)."""

    __slots__ = ("_names", "local", "protocol")

    def __init__(self, name: str, protocol: str = "", local: str = "") -> None:
        """`protocol`: of a socket, "TCP"; `local`: its own address, where it is known."""
        self.protocol = protocol
        self.local = local
        self._names = [(-1, name)]

    @property
    def name(self) -> str:
        """As it is now."""
        return self._names[-1][1]

    def rename(self, row: int, name: str) -> None:
        """It has another name behind this row."""
        self._names.append((row, name))

    def name_at(self, row: int) -> str:
        """Its name when the call of this row was made."""
        return self._names[max(bisect_left(self._names, row, key=_ROW) - 1, 0)][1]


class Table:
    """The descriptors of a process; rows are given in ascending order."""

    __slots__ = ("_history", "_now", "closed_by_exec")

    def __init__(self) -> None:
        self.closed_by_exec: set[int] = set()
        self._now: dict[int, OpenFile] = {}
        self._history: dict[int, list[tuple[int, OpenFile | None]]] = {}

    def open(self, row: int, descriptor: int, file: OpenFile, *, closed_by_exec: bool = False) -> None:
        """Behind this row the descriptor is open on `file`."""
        self._now[descriptor] = file
        self._history.setdefault(descriptor, []).append((row, file))
        (self.closed_by_exec.add if closed_by_exec else self.closed_by_exec.discard)(descriptor)

    def close(self, row: int, descriptor: int) -> None:
        """Behind this row it is not."""
        if self._now.pop(descriptor, None) is not None:
            self._history[descriptor].append((row, None))
            self.closed_by_exec.discard(descriptor)

    def between(self, first: int, last: int) -> list[int]:
        """The open descriptors of this range, both ends included."""
        return [descriptor for descriptor in self._now if first <= descriptor <= last]

    def now(self, descriptor: int) -> OpenFile | None:
        return self._now.get(descriptor)

    def at(self, row: int, descriptor: int) -> OpenFile | None:
        """What it was open on when the call of this row was made."""
        history = self._history.get(descriptor, [])
        place = bisect_left(history, row, key=_ROW)
        return history[place - 1][1] if place else None

    def copy(self, row: int, *, for_exec: bool = False) -> Table:
        """Another table that begins behind this row with the same, as a fork has it; for an exec without those that it closes."""
        other = Table()
        for descriptor, file in self._now.items():
            if not (for_exec and descriptor in self.closed_by_exec):
                other.open(row, descriptor, file, closed_by_exec=descriptor in self.closed_by_exec)
        return other
