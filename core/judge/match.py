"""Finding equal numbers in columns: the join between records, and the distinct values of a column."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def first_rows(keys: NDArray[np.uint64], ids: NDArray[np.uint64]) -> NDArray[np.intp]:
    """For each of `keys` the index of the first of `ids` that equals it, -1 where none does; quick where there are few keys."""
    wanted, places = np.unique(keys, return_inverse=True)
    rows = np.full(len(wanted), -1, np.intp)
    if len(wanted) and len(ids):
        nearest = np.minimum(np.searchsorted(wanted, ids), len(wanted) - 1)
        hits = np.flatnonzero(wanted[nearest] == ids)[::-1]
        rows[nearest[hits]] = hits  # backwards, so that the first of equal ids is written last
    return rows[places]


def among(column: NDArray[Any], values: Iterable[int]) -> NDArray[np.bool_]:
    """For each number of a column whether it is one of `values`, which are few: np.isin costs more for its own sake than this for small batches."""
    found = np.zeros(len(column), np.bool_)
    for value in values:
        found |= column == int(value)  # as a plain number: of an enum's member NumPy asks much before it takes it for one
    return found


def distinct(column: NDArray[Any]) -> NDArray[Any]:
    """The values of a column, each once; quick where there is only one, as is mostly so for architectures and threads."""
    if len(column) and (column == column[0]).all():
        return column[:1]
    # Without counts numpy would load its masked arrays first, which costs a short run a tenth of its time.
    return np.unique(column, return_counts=True)[0]
