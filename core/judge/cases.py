"""Calls that are alike, judged once: the interesting minority is cut into cases, and Python sees each case, not each call."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_MOST: Final = 1 << 16
# Cases remembered between batches; a target can make as many as it likes.


class Cases(Generic[Key, Value]):
    """Remembers what was made of each case."""

    def __init__(self, make: Callable[[Key], Value]) -> None:
        self._make = make
        self._known: dict[Key, Value] = {}

    def __getitem__(self, key: Key) -> Value:
        value = self._known.get(key)
        if value is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            value = self._known[key] = self._make(key)
        return value

    def clear(self) -> None:
        self._known.clear()


def numbered(keys: Iterable[Key]) -> tuple[NDArray[np.intp], list[Key]]:
    """For each key the place of its case, and the cases in the order in which they first came."""
    places: dict[Key, int] = {}
    codes = [places.setdefault(key, len(places)) for key in keys]
    return np.array(codes, np.intp), list(places)


def columns(*arrays: NDArray[Any]) -> list[tuple[int, ...]]:
    """The rows of parallel arrays as tuples of plain numbers."""
    return list(zip(*(array.tolist() for array in arrays), strict=True))
