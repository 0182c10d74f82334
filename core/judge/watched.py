"""Finding the few calls of certain names among many."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.judge.match import distinct
from core.knowledge.syscalls import ARCHES, number
from core.observer.wire import X32_SYSCALL_BIT, CallFlag

_TABLE_SIZE: Final = 1024  # more than any architecture has


class Watched:
    """Calls of some names, whatever their architecture."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self._tables: dict[int, NDArray[np.bool_]] = {}

    def succeeded(self, calls: NDArray[np.void]) -> NDArray[np.intp]:
        """The rows of those that returned, and not an errno. `calls`: with the fields `arch`, `nr`, `ret` and `flags`; a call of x32 may be taken
        for one of x86_64 and the other way round, so look at the name."""
        return np.flatnonzero(self._known(calls) & (calls["ret"] >= 0) & ((calls["flags"] & CallFlag.EXITED) != 0))

    def failed(self, calls: NDArray[np.void], error: int) -> NDArray[np.intp]:
        """The rows of those that returned this errno; as `succeeded`."""
        failed = (calls["ret"] == -error) & ((calls["flags"] & CallFlag.EXITED) != 0)
        return np.flatnonzero(failed & self._known(calls)) if failed.any() else np.empty(0, np.intp)

    def _known(self, calls: NDArray[np.void]) -> NDArray[np.bool_]:
        arches, nrs = calls["arch"], calls["nr"]
        known = np.zeros(len(calls), np.bool_)
        for arch in distinct(arches).tolist():
            known |= self._table(arch)[np.minimum(nrs & ~np.uint32(X32_SYSCALL_BIT), _TABLE_SIZE - 1)] & (arches == arch)
        return known

    def _table(self, arch: int) -> NDArray[np.bool_]:
        table = self._tables.get(arch)
        if table is None:
            table = self._tables[arch] = np.zeros(_TABLE_SIZE, np.bool_)
            for architecture in (key for key, value in ARCHES.items() if value == arch):
                numbers = [number(architecture, called) for called in self._names]
                table[[nr & ~X32_SYSCALL_BIT for nr in numbers if nr is not None]] = True
        return table
