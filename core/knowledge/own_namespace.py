"""Which capability checks are made against the caller's own user namespace (resources/checks/own_namespace.tsv)."""

from __future__ import annotations

import functools

from core import resources


def asks_own_namespace(call: str, capability: str) -> bool:
    """Whether holding `capability` (without CAP_) in a user namespace of one's own is enough for this call."""
    return capability in _capabilities().get(call, frozenset())


@functools.cache
def _capabilities() -> dict[str, frozenset[str]]:
    return {call: frozenset(names.split()) for call, names, _ in resources.rows("checks/own_namespace.tsv")}
