"""Symbolic values of arguments: "O_WRONLY|O_CREAT" and back, and which parameter takes which (resources/constants/, values of x86)."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from core import resources

_ALL: Final = 2**64 - 1
_NUMBER: Final = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")


@dataclasses.dataclass(frozen=True, slots=True)
class ConstantSet:
    """The symbolic values that one kind of parameter takes."""

    name: str
    mask: int
    """Bits that hold one of several values; the other bits are flags. All bits for a plain enumeration, none for plain flags."""
    values: Mapping[str, int]
    """In the order in which they are written; second names of a value come last."""

    @property
    def is_flags(self) -> bool:
        """Whether values can be combined with `|`."""
        return self.mask != _ALL

    def describe(self, value: int) -> str:
        """The value in symbols, what has none in hexadecimal: `O_RDONLY|0x40000000`, `0x7b`; a 0 without a name is `0`.

        `value`: as the argument's C type has it, so negative for -100.
        """
        if not self.is_flags:
            return self._by_value().get(value) or (str(value) if value < 0 else hex(value) if value else "0")
        return self._flags(value)

    def _flags(self, value: int) -> str:
        chosen = value & self.mask
        # The value of the masked bits is named first even where it is 0 (O_RDONLY), and a plain 0 by its name where it has one (PROT_NONE).
        first = self._by_value().get(chosen) if self.mask or not value else None
        left = value & ~self.mask if first else value
        words = []
        for word, bits in self._combinations():
            if left & bits == bits:
                words.append(word)
                left &= ~bits
        words.sort(key=self._place)
        if first:
            words.insert(0, first)
        if left or not words:
            words.append(hex(left) if left else "0")
        return "|".join(words)

    def _place(self, word: str) -> int:
        return _places(self.name)[word]

    def _by_value(self) -> dict[int, str]:
        return _names_by_value(self.name)

    def _combinations(self) -> tuple[tuple[str, int], ...]:
        return _flag_bits(self.name)


def constant_set(name: str) -> ConstantSet:
    """A set by its name ("open_flags"). Raises KeyError."""
    return _sets()[name]


def constant(text: str) -> int:
    """The value of "AF_INET", "O_WRONLY|O_CREAT", "0x10", "010" (octal, as in C), "-1". Raises ValueError that names close matches."""
    value = 0
    parts = [part.strip() for part in text.split("|")]
    for part in parts:
        number = _number(part) if _NUMBER.fullmatch(part) else _values().get(part)
        if number is None:
            raise ValueError(f"{part!r} is not a symbolic value{_hint(part)}")
        value |= number
    return value


def constants_for(syscall: str, index: int) -> tuple[str, ...]:
    """The symbolic values that argument `index` of a call takes, for completion; none where it takes numbers."""
    found = dict.fromkeys(name for set_name, _ in _parameters().get((syscall, index), ()) for name in _sets()[set_name].values)
    return tuple(found)


def decoding_set(syscall: str, index: int) -> ConstantSet | None:
    """The set in whose symbols argument `index` of a call is shown, None where there is none, or it hangs on other arguments."""
    return next((_sets()[name] for name, decodes in _parameters().get((syscall, index), ()) if decodes), None)


def _number(text: str) -> int:
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    octal = len(digits) > 1 and digits[0] == "0" and digits[1] in "01234567"
    return sign * int(digits, 8 if octal else 0)


def _hint(word: str) -> str:
    close = difflib.get_close_matches(word.upper(), _values(), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(close)}?" if close else "; write a number, or a constant's C name such as AF_INET"


@functools.cache
def _sets() -> dict[str, ConstantSet]:
    return {
        name: ConstantSet(name, _ALL if mask == "all" else int(mask), _pairs(text))
        for name, mask, text in resources.rows("constants/sets.tsv")
    }


def _pairs(text: str) -> Mapping[str, int]:
    pairs = (word.partition("=") for word in text.split())
    return MappingProxyType({name: int(value, 16) for name, _, value in pairs})


@functools.cache
def _values() -> dict[str, int]:
    return {name: value for one in _sets().values() for name, value in one.values.items()}


@functools.cache
def _parameters() -> dict[tuple[str, int], tuple[tuple[str, bool], ...]]:
    found: dict[tuple[str, int], tuple[tuple[str, bool], ...]] = {}
    for call, index, name, use in resources.rows("constants/parameters.tsv"):
        key = call, int(index)
        found[key] = (*found.get(key, ()), (name, use == "decodes"))
    return found


@functools.cache
def _names_by_value(name: str) -> dict[int, str]:
    one = _sets()[name]
    found: dict[int, str] = {}
    for word, value in one.values.items():
        if not one.is_flags or not value & ~one.mask:
            found.setdefault(value, word)
    return found


@functools.cache
def _places(name: str) -> dict[str, int]:
    return {word: place for place, word in enumerate(_sets()[name].values)}


@functools.cache
def _flag_bits(name: str) -> tuple[tuple[str, int], ...]:
    # Names of several bits (O_SYNC, O_TMPFILE) before those of which they consist.
    one = _sets()[name]
    flags = [(word, value & 0xFFFFFFFF if value < 0 else value) for word, value in one.values.items() if value & ~one.mask]
    return tuple(sorted(flags, key=lambda item: -item[1].bit_count()))
