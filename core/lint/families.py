"""Calls that do the same (resources/lint/siblings.toml), and how a rule's tests for one of them read for another."""

from __future__ import annotations

import dataclasses
import functools
import operator
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from core.knowledge.constants import constant
from core.policy.model import ArgumentTest
from core.policy.rules import U64, ResolvedTest, resolve_test
from core.resources import resource_path

_ROLE: Final = re.compile(r"(\w+)(:?=)(.+)")
_INT: Final = 0xFFFFFFFF


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """One way to make a call that a family speaks of."""

    call: str
    roles: Mapping[str, int]
    """What an argument means, by its index."""
    means: Mapping[str, int]
    """What the call stands for where it has no such argument."""
    fixed: Mapping[int, int]
    """Values that other arguments must have."""

    @classmethod
    def parse(cls, text: str) -> Form:
        """Of a row of the data file: "openat 0:=AT_FDCWD flags=2"."""
        call, *parts = text.split()
        roles, means, fixed = {}, {}, {}
        for name, sign, value in (_parted(part) for part in parts):
            if sign == "=":
                roles[name] = int(value)
            elif name.isdecimal():
                fixed[int(name)] = constant(value)
            else:
                means[name] = constant(value)
        return cls(call, MappingProxyType(roles), MappingProxyType(means), MappingProxyType(fixed))

    def fixed_tests(self) -> tuple[ResolvedTest, ...]:
        """The values of `fixed`, as the low halves of registers."""
        return tuple(ResolvedTest(index, "&==", value & _INT, _INT) for index, value in self.fixed.items())


@dataclasses.dataclass(frozen=True, slots=True)
class Family:
    """Siblings."""

    what: str
    """Completes "another call that …"."""
    why: str
    calls: tuple[Form, ...]
    """Each is a sibling of all others."""
    also: tuple[Form, ...]
    """Further ways, which are no siblings themselves."""
    libc: str | None = None
    """The call that libc's functions make today."""
    code: str = "sibling-open"
    tested: bool = False
    """Only rules whose tests ask for `requires` are meant."""
    requires: tuple[str, int, int] | None = None
    """A role, bits of it, and what they must be."""

    def telling(self, role: str) -> int:
        """The bits of a role by which the calls that do not have it as an argument differ."""
        return functools.reduce(operator.or_, (form.means.get(role, 0) for form in self.calls), 0)

    def required(self, form: Form) -> tuple[ResolvedTest, ...]:
        """`requires`, as a test of this form's arguments."""
        if self.requires is None or self.requires[0] not in form.roles:
            return ()
        role, bits, value = self.requires
        return (ResolvedTest(form.roles[role], "&==", value, bits),)


def hides(form: Form, other: Form) -> bool:
    """Whether `other` takes from memory what an argument of `form` says."""
    return any(role not in other.roles and role not in other.means for role in form.roles)


def translated(args: tuple[int, ...], form: Form, other: Form) -> tuple[int, ...] | None:
    """The arguments with which `other` does what `form` does with `args`; None where it cannot."""
    values = [0] * 6
    for index, value in other.fixed.items():
        values[index] = value & U64
    for role, value in ({role: args[index] for role, index in form.roles.items()} | dict(form.means)).items():
        if role in other.roles:
            values[other.roles[role]] = value
        elif role in other.means and other.means[role] != value:
            return None
    return tuple(values)


def tests_for(form: Form, other: Form) -> tuple[ResolvedTest, ...]:
    """What must hold of `form`'s arguments for `other` to be able to do the same."""
    alike = (ResolvedTest(index, "==", other.means[role]) for role, index in form.roles.items() if role in other.means)
    return (*form.fixed_tests(), *alike)


def tests_of_way(tests: Iterable[ArgumentTest], form: Form, other: Form, family: Family) -> tuple[ArgumentTest, ...] | None:
    """The tests with which a rule about `other` says what `tests` say about `form`; None where it cannot."""
    by_index = {index: role for role, index in form.roles.items()}
    found = []
    for test in tests:
        role = by_index.get(test.index)
        if role is not None and role in other.roles:
            found.append(msgspec.structs.replace(test, index=other.roles[role]))
        elif test.index not in form.fixed and (role is None or role not in other.means):
            return None
    found += [_masked(index, value & family.telling(role), family.telling(role)) for role, index, value in _meant(form, other, family)]
    # A negative value is AT_FDCWD: the call with another directory is no better.
    found += [_masked(index, value, _INT) for index, value in other.fixed.items() if value >= 0]
    found += [_masked(test.index, test.value, test.mask) for test in family.required(other)]
    return tuple({_meaning(test): test for test in reversed(found)}.values())[::-1]


def _meant(form: Form, other: Form, family: Family) -> Iterator[tuple[str, int, int]]:
    # What the family requires of a role is test enough.
    for role, value in form.means.items():
        if role in other.roles and family.telling(role) and (family.requires is None or role != family.requires[0]):
            yield role, other.roles[role], value


def _masked(index: int, value: int, mask: int) -> ArgumentTest:
    return ArgumentTest(index=index, op="&==", mask=mask, value=value)


def _meaning(test: ArgumentTest) -> tuple[int, str, int, int]:
    resolved = resolve_test(test)
    return resolved.index, resolved.op, resolved.mask, resolved.value


@functools.cache
def families() -> tuple[Family, ...]:
    """All of them, in the data file's order."""
    entries = tomllib.loads(resource_path("lint/siblings.toml").read_text(encoding="utf-8"))["family"]
    return tuple(_family(entry) for entry in entries)


def _family(entry: Mapping[str, Any]) -> Family:
    role, _, bits = entry.get("with", entry.get("without", "")).partition("&")
    return Family(
        what=entry["what"],
        why=entry["why"],
        calls=tuple(map(Form.parse, entry["calls"])),
        also=tuple(map(Form.parse, entry.get("also", ()))),
        libc=entry.get("libc"),
        code=entry.get("code", "sibling-open"),
        tested=entry.get("tested", False),
        requires=(role, constant(bits), constant(bits) if "with" in entry else 0) if role else None,
    )


def _parted(text: str) -> tuple[str, str, str]:
    match = _ROLE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not ROLE=INDEX, ROLE:=VALUE or INDEX:=VALUE")
    return match[1], match[2], match[3]
