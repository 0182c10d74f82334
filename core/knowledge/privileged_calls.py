"""Which calls ask for which capabilities, and the errnos by which they say that one was refused (resources/privileged/calls.tsv)."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from core import resources
from core.knowledge.capabilities import parse_capability
from core.knowledge.errnos import errno_number

_TEST: Final = re.compile(r"([0-5])(?:&(0x[0-9a-f]+|\d+))?(!?=)(0x[0-9a-f]+|\d+)")

# int arguments may carry rubbish in the upper half of their registers, and no test here needs it.
_LOW_HALF: Final = 0xFFFFFFFF

_NOTHING: Final[Mapping[int, bytes]] = MappingProxyType({})


@dataclasses.dataclass(frozen=True, slots=True)
class ArgumentTest:
    """Whether `(args[index] & mask)` equals `value`, or does not."""

    index: int
    mask: int
    value: int
    equal: bool

    def holds(self, args: Sequence[int]) -> bool:
        return (args[self.index] & self.mask == self.value) is self.equal


@dataclasses.dataclass(frozen=True, slots=True)
class TextTest:
    """Whether the string that `args[index]` points to begins with `start`; not where it was not captured."""

    index: int
    start: bytes

    def holds(self, data: Mapping[int, bytes]) -> bool:
        return data.get(self.index, b"").startswith(self.start)


@dataclasses.dataclass(frozen=True, slots=True)
class PrivilegedCall:
    """A call that is refused to those who lack a capability, with certain arguments or with any."""

    call: str
    tests: tuple[ArgumentTest, ...]
    texts: tuple[TextTest, ...]
    """All must hold, of both."""
    capabilities: tuple[int, ...]
    """Each of them would do; in the order in which the kernel asks for them."""
    errnos: frozenset[int]
    """How a refusal is answered."""
    source: str
    """Kernel file and function that asks."""


REFUSAL_ERRNOS: Final[Mapping[int, frozenset[int]]] = MappingProxyType(
    {
        parse_capability(capability): frozenset(errno_number(name) for name in errnos.split())
        for capability, errnos in {
            "IPC_LOCK": "ENOMEM EAGAIN",  # mlock and MAP_LOCKED beyond RLIMIT_MEMLOCK
            "SYS_RESOURCE": "EAGAIN EMFILE ENOSPC EDQUOT",  # fork beyond RLIMIT_NPROC, message queues, reserved blocks, quotas
            "SYS_ADMIN": "EAGAIN ENFILE ENODATA",  # fork beyond RLIMIT_NPROC, file-max, reading trusted.* attributes
        }.items()
    }
)
"""Errnos beside EPERM and EACCES by which the kernel says that this capability was refused."""


def privileged_call(call: str, args: Sequence[int], errno: int, data: Mapping[int, bytes] = _NOTHING) -> PrivilegedCall | None:
    """The entry that explains `errno` of this call with these arguments, None where none does.

    `data`: by the argument's index what it points to, as far as it was captured.
    """

    def fits(one: PrivilegedCall) -> bool:
        return errno in one.errnos and all(test.holds(args) for test in one.tests) and all(test.holds(data) for test in one.texts)

    return next((one for one in privileged_forms(call) if fits(one)), None)


def privileged_forms(call: str) -> tuple[PrivilegedCall, ...]:
    """The entries of a call; none where it asks for no capability, or for one only in corners that the table leaves out."""
    return _by_call().get(call, ())


def refusal_errnos() -> frozenset[int]:
    """All errnos by which some call says that a capability is missing."""
    return frozenset().union(*(one.errnos for entries in _by_call().values() for one in entries))


@functools.cache
def _by_call() -> dict[str, tuple[PrivilegedCall, ...]]:
    found: dict[str, tuple[PrivilegedCall, ...]] = {}
    for call, when, capabilities, errnos, source in resources.rows("privileged/calls.tsv"):
        words = when.split()
        tests = tuple(_test(word) for word in words if "~" not in word)
        texts = tuple(TextTest(int(word[0]), word[2:].encode()) for word in words if "~" in word)
        numbers = tuple(parse_capability(name) for name in capabilities.split())
        entry = PrivilegedCall(call, tests, texts, numbers, frozenset(errno_number(name) for name in errnos.split()), source)
        found[call] = (*found.get(call, ()), entry)
    return found


def _test(text: str) -> ArgumentTest:
    match = _TEST.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a test of an argument")
    index, mask, operator, value = match.groups()
    return ArgumentTest(int(index), int(mask, 0) if mask else _LOW_HALF, int(value, 0), operator == "=")
