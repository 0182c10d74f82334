"""A policy's filters together: built in the order in which they are loaded, and which of them decides a call."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

from core.bpf.build import BuiltFilter, build
from core.bpf.emulate import Emulator, deciding_filter
from core.bpf.error import FilterError
from core.knowledge.syscalls import ARCHES, number
from core.policy.action import Action, ActionKind
from core.policy.architectures import NATIVE
from core.policy.model import Seccomp
from core.policy.rules import deciding_rule, resolve_rules
from core.policy.stack import Layer, layers

_SET_MODE_FILTER: Final = 1
_RUNS: Final = (ActionKind.ALLOW, ActionKind.LOG)


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """Who of a policy's filters decided a call."""

    layer: Layer | None
    """None: no single one; all of them let it pass."""
    rule: int | None
    """The rule that answered; None: the default or bad-architecture action. Where all filters let the call pass: the newest one's that has a rule
    for it."""


def build_stack(seccomp: Seccomp) -> tuple[BuiltFilter, ...]:
    """All filters, oldest first, each checked by emulation. Raises `FilterError` that names the filter where there are several."""
    built: list[BuiltFilter] = []
    for layer in layers(seccomp):
        _check_loadable(layer, [one.program for one in built])
        try:
            built.append(build(layer.filter, layer.first_rule))
        except FilterError as err:
            raise FilterError(f"{layer.key}: {err}" if seccomp.stacked else str(err)) from err
    return tuple(built)


def _check_loadable(layer: Layer, before: Sequence[bytes]) -> None:
    # The thread that loads a filter is under the ones before already. What they make of its pointer, which is not known, is not found here.
    nr = number(ARCHES[NATIVE], "seccomp")
    if nr is None or not before:
        return
    action = Action.from_value(Emulator(before).value(ARCHES[NATIVE], nr, 0, (_SET_MODE_FILTER, layer.flags, 0, 0, 0, 0)))
    if action.kind not in _RUNS:
        raise FilterError(
            f"{layer.key} cannot be loaded: the filters before it answer the seccomp call that loads it with {action.word}. "
            "Allow seccomp in them, or load this filter before them"
        )


def decide(seccomp: Seccomp, values: Sequence[int], arch: int, nr: int, args: Sequence[int]) -> Decision:
    """Who decided this call, where the policy's filters answered `values`, oldest first."""
    stack = layers(seccomp)
    place = deciding_filter(values)
    if place is not None:
        return Decision(stack[place], _rule(stack[place], values[place], arch, nr, args))
    found = (_rule(layer, value, arch, nr, args) for layer, value in zip(reversed(stack), reversed(values), strict=True))
    return Decision(None, next((rule for rule in found if rule is not None), None))


def _rule(layer: Layer, value: int, arch: int, nr: int, args: Sequence[int]) -> int | None:
    return deciding_rule(resolve_rules(layer.filter, arch, layer.first_rule), value, nr, args)
