"""Who asked for a capability, what that function is for, and which checks say nothing about the call (resources/checks/)."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Final

from core import resources
from core.knowledge.capabilities import parse_capability

_NOAUDIT: Final = "_noaudit"
"""A wrapper of this name is for checks whose refusal is nobody's business: the kernel only wants to know what to do next."""


@dataclasses.dataclass(frozen=True, slots=True)
class Alternatives:
    """Capabilities of which any one would do."""

    capabilities: tuple[int, ...]
    """In the order in which the kernel asks for them."""
    functions: frozenset[str]
    """The functions that ask so; empty: whichever does."""
    source: str


def plain_name(function: str) -> str:
    """A function's name without offset and without what the compiler appended: `do_syslog.part.0+0x1c` is `do_syslog`."""
    return function.split("+", 1)[0].split(".", 1)[0]


def is_wrapper(function: str) -> bool:
    """Whether a function only passes the question on: capable, ns_capable, sk_net_capable, ..."""
    return plain_name(function) in _functions("wrapper")


def asking_function(functions: Sequence[str]) -> str:
    """The function that wanted to know: the first that is no wrapper, the last of all where every one is; empty without any.

    `functions`: the kernel stack, cap_capable's caller first.
    """
    for function in functions:
        if not is_wrapper(function):
            return plain_name(function)
    return plain_name(functions[-1]) if functions else ""


def is_noise(functions: Sequence[str]) -> bool:
    """Whether the answer to a check cannot decide its call: memory reserves, questions without audit, kept file bits."""
    for function in functions:
        if not is_wrapper(function):
            return plain_name(function) in _functions("noise")
        if plain_name(function).endswith(_NOAUDIT):
            return True
    return False


def function_purpose(function: str) -> str:
    """What a kernel function is for, in a few words; empty where nothing is written down."""
    return _rows().get(plain_name(function), ("", ""))[1]


@functools.cache
def alternative_groups() -> tuple[Alternatives, ...]:
    """All groups of capabilities of which any one would do."""
    return tuple(
        Alternatives(
            tuple(parse_capability(name) for name in names.split()), frozenset(() if functions == "*" else functions.split()), source
        )
        for names, functions, source in resources.rows("checks/alternatives.tsv")
    )


def alternatives(capability: int, function: str) -> tuple[int, ...]:
    """The capabilities that would do as well when `function` asks for `capability`; none where nothing else would."""
    found: list[int] = []
    for group in alternative_groups():
        # Where any function may ask so, only the narrower capability, asked for first, says that this group is meant.
        if capability in (group.capabilities if function in group.functions else group.capabilities[:1]) and (
            not group.functions or function in group.functions
        ):
            found += [other for other in group.capabilities if other != capability and other not in found]
    return tuple(found)


@functools.cache
def _rows() -> dict[str, tuple[str, str]]:
    return {function: (kind, purpose) for function, kind, purpose in resources.rows("checks/functions.tsv")}


@functools.cache
def _functions(kind: str) -> frozenset[str]:
    return frozenset(function for function, (its, _) in _rows().items() if its == kind)
