"""The checks of each call as a sequence; calls with the same sequence share one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sequences(rows: NDArray[np.intp], kinds: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp], list[tuple[int, ...]]]:
    """Groups checks, given by the row of their call and their kind, in time order.

    Gives the distinct rows, ascending; for each of them the place of its sequence; and the sequences, each a tuple of kinds.
    """
    order = np.argsort(rows, kind="stable")
    rows, kinds = rows[order], kinds[order]
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    lengths = np.diff(starts, append=len(rows))
    codes = np.empty(len(starts), np.intp)
    alone = lengths == 1
    distinct, codes[alone] = np.unique(kinds[starts[alone]], return_inverse=True)
    places: dict[tuple[int, ...], int] = {(kind,): place for place, kind in enumerate(distinct.tolist())}
    plain = kinds.tolist()
    for group in np.flatnonzero(~alone).tolist():
        start = starts[group]
        codes[group] = places.setdefault(tuple(plain[start : start + lengths[group]]), len(places))
    return rows[starts], codes, list(places)
