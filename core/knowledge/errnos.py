"""Errnos: numbers, names, and meanings in a few words (resources/errnos/errnos.tsv)."""

from __future__ import annotations

import difflib
import functools
from typing import Final

from core import resources

MAX_ERRNO: Final = 4095
"""Returns from -MAX_ERRNO to -1 are errnos (include/linux/err.h)."""


def errno_name(number: int) -> str:
    """ "EPERM" for 1; the number as text where it has no name. Negative numbers, as the kernel returns them, work too."""
    row = _by_number().get(abs(number))
    return row[0] if row else str(abs(number))


def errno_meaning(number: int) -> str:
    """ "operation not permitted" for 1; "unknown error" where the number has none."""
    row = _by_number().get(abs(number))
    return row[1] if row else "unknown error"


def errno_number(text: str) -> int:
    """The number of "EPERM", "eperm" or "1". Raises ValueError that names close matches."""
    word = text.strip().upper()
    if word.isascii() and word.isdigit():
        return int(word)
    found = _numbers().get(word)
    if found is None:
        close = difflib.get_close_matches(word, _numbers(), n=3, cutoff=0.6)
        hint = f"; did you mean {' or '.join(close)}?" if close else "; names are those of errno(3), such as EPERM"
        raise ValueError(f"{text!r} is not an errno{hint}")
    return found


def errno_names() -> tuple[str, ...]:
    """All names, aliases among them, in the order of their numbers."""
    return tuple(_numbers())


@functools.cache
def _rows() -> tuple[tuple[int, tuple[str, ...], str], ...]:
    return tuple((int(number), tuple(names.split()), meaning) for number, names, meaning in resources.rows("errnos/errnos.tsv"))


@functools.cache
def _by_number() -> dict[int, tuple[str, str]]:
    return {number: (names[0], meaning) for number, names, meaning in _rows()}


@functools.cache
def _numbers() -> dict[str, int]:
    return {name: number for number, names, _ in _rows() for name in names}
