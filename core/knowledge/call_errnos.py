"""What an errno means of a certain call (resources/errnos/calls.tsv)."""

from __future__ import annotations

import dataclasses
import functools

from core import resources


@dataclasses.dataclass(frozen=True, slots=True)
class CallErrno:
    """One errno of one call."""

    meaning: str
    """Why the call fails so, in a line, without a capital and a full stop."""
    source: str
    """The manual pages that have the fact."""


def call_errno(call: str, errno: str) -> CallErrno | None:
    """What `errno` (its name) means of `call`; None where it means no more than everywhere."""
    return _meanings().get((call, errno))


@functools.cache
def _meanings() -> dict[tuple[str, str], CallErrno]:
    found: dict[tuple[str, str], CallErrno] = {}
    for calls, errno, meaning, source in resources.rows("errnos/calls.tsv"):
        for call in calls.split():
            if (call, errno) in found:
                raise ValueError(f"resources/errnos/calls.tsv has {call} {errno} twice")
            found[call, errno] = CallErrno(meaning, source)
    return found
