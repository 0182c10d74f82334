"""Capability checks that are alike: same stack, capability, answer and namespaces. Each kind is named and weighed once a run."""

from __future__ import annotations

import dataclasses
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.judge.symbols import Symbols
from core.judge.verdict import Check
from core.knowledge.capabilities import capability_name
from core.knowledge.noise import asking_function, is_noise
from core.observer.wire import STACK_DEPTH

_MOST: Final = 1 << 16


@dataclasses.dataclass(frozen=True, slots=True)
class KnownCheck:
    """A kind of check."""

    capability: int
    granted: bool
    namespace: int
    own_namespace: int
    functions: tuple[str, ...]
    """The kernel stack, cap_capable's caller first."""
    asker: str
    """The function that wanted to know; empty where it has no name."""
    noise: bool
    """Whether it says nothing about the call."""

    @property
    def foreign(self) -> bool:
        """Asked against another user namespace than the asking process's own."""
        return self.namespace != self.own_namespace

    def worded(self, *, decisive: bool) -> Check:
        return Check(capability_name(self.capability), self.granted, decisive, self.namespace, self.functions)


class KnownChecks:
    """The kinds seen so far, by number."""

    def __init__(self) -> None:
        self._kinds: list[KnownCheck] = []
        self._numbers: dict[bytes, int] = {}

    def __getitem__(self, number: int) -> KnownCheck:
        return self._kinds[number]

    def crowded(self) -> bool:
        """Whether so many kinds were seen that numbers given out so far should be forgotten (`clear`)."""
        return len(self._kinds) > _MOST

    def clear(self) -> None:
        self._kinds.clear()
        self._numbers.clear()

    def numbers(self, checks: NDArray[np.void], symbols: Symbols) -> NDArray[np.intp]:
        """The number of each check's kind."""
        numbers = self._numbers
        return np.array([numbers[key] if key in numbers else self._enter(key, symbols) for key in _keys(checks)], np.intp)

    def noise(self, numbers: NDArray[np.intp]) -> NDArray[np.bool_]:
        """For each number whether its kind is noise."""
        return np.array([kind.noise for kind in self._kinds], np.bool_)[numbers]

    def _enter(self, key: bytes, symbols: Symbols) -> int:
        number = self._numbers[key] = len(self._kinds)
        self._kinds.append(_kind(key, symbols))
        return number


_KEY: Final = np.dtype(
    [("stack", "<u8", (STACK_DEPTH,)), ("capability", "<u4"), ("granted", "<u4"), ("namespace", "<u4"), ("own_namespace", "<u4")]
)


def _keys(checks: NDArray[np.void]) -> list[bytes]:
    keys = np.empty(len(checks), _KEY)
    for field in _KEY.names or ():
        keys[field] = checks[field]
    plain: list[bytes] = keys.view(f"V{_KEY.itemsize}").tolist()
    return plain


def _kind(key: bytes, symbols: Symbols) -> KnownCheck:
    record = np.frombuffer(key, _KEY)[0]
    functions = tuple(symbols.function(address) for address in record["stack"].tolist() if address)
    asker = asking_function(functions) if functions else ""
    return KnownCheck(
        capability=int(record["capability"]),
        granted=bool(record["granted"]),
        namespace=int(record["namespace"]),
        own_namespace=int(record["own_namespace"]),
        functions=functions,
        asker="" if asker.startswith("0x") else asker,
        noise=bool(functions) and is_noise(functions),
    )
