"""What the chooser of filters does to a stack: pure steps from one `Seccomp` to the next. Places count from 0, the oldest filter's."""

from __future__ import annotations

from typing import Any

import msgspec

from core.policy.model import Filter, Seccomp

_FIELDS = tuple(field.name for field in msgspec.structs.fields(Filter))


def filters(seccomp: Seccomp) -> tuple[Filter, ...]:
    """All of them, oldest first."""
    return (seccomp, *seccomp.stacked)


def with_filter(seccomp: Seccomp, place: int, one: Filter) -> Seccomp:
    """With another filter at this place."""
    if place == 0:
        return msgspec.structs.replace(seccomp, **_of_filter(one))
    stacked = list(seccomp.stacked)
    stacked[place - 1] = Filter(**_of_filter(one))
    return msgspec.structs.replace(seccomp, stacked=tuple(stacked))


def added(seccomp: Seccomp) -> Seccomp:
    """With one on top that lets everything pass until it has rules, for the same architectures as the first."""
    on_top = Filter(architectures=seccomp.architectures, bad_arch=seccomp.bad_arch)
    return msgspec.structs.replace(seccomp, stacked=(*seccomp.stacked, on_top))


def removed(seccomp: Seccomp, place: int) -> Seccomp:
    """Without the filter at this place; of a single filter nothing is taken."""
    if not seccomp.stacked:
        return seccomp
    return _of(seccomp, [one for other, one in enumerate(filters(seccomp)) if other != place])


def moved(seccomp: Seccomp, source: int, target: int) -> Seccomp:
    """With the filter of place `source` loaded at place `target`."""
    order = list(filters(seccomp))
    order.insert(target, order.pop(source))
    return _of(seccomp, order)


def _of(seccomp: Seccomp, order: list[Filter]) -> Seccomp:
    result = msgspec.structs.replace(seccomp, stacked=tuple(Filter() for _ in order[1:]))
    for place, one in enumerate(order):
        result = with_filter(result, place, one)
    return result


def _of_filter(one: Filter) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _FIELDS}
