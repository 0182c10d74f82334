"""A call written down, `socket(AF_INET, SOCK_RAW, 1)`, as the data that a filter would see of it, and back."""

from __future__ import annotations

import re
from typing import Final

from core.bpf.machine import SeccompData
from core.knowledge.constants import constant, decoding_set
from core.knowledge.syscalls import ARCHES, arch_name, syscall
from core.policy.architectures import NATIVE, call_number, check_call_name
from core.policy.error import quoted, suggestion

_CALL: Final = re.compile(r"\s*(?:(?P<arch>[\w-]+)\s*:)?\s*(?P<name>\w+)\s*(?:\((?P<args>.*)\)\s*;?)?\s*", re.DOTALL)
_NUMBER: Final = re.compile(r"[+-]?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_PLAIN: Final = 1 << 16
"""Numbers from here on are easier to read in hexadecimal."""
_HOW: Final = "Write it as in C, with numbers and constants: socket(AF_INET, SOCK_RAW, 1)."


def parse_call(text: str) -> SeccompData:
    """Reads a call: a name or a number, and up to six arguments (numbers, constants joined by `|`); missing ones are 0.

    `x86:socket(...)` makes it another architecture's call. Raises ValueError with a sentence that says what cannot be read.
    """
    parts = _CALL.fullmatch(text)
    if not parts:
        raise ValueError(f"{quoted(text)} is not a call. {_HOW}")
    architecture = parts["arch"] or NATIVE
    if architecture not in ARCHES:
        raise ValueError(
            f"{quoted(architecture)} is not an architecture{suggestion(architecture, ARCHES) or '.'} Allowed: {', '.join(ARCHES)}."
        )
    nr = _number(architecture, parts["name"])
    arguments = [] if not (parts["args"] or "").strip() else parts["args"].split(",")
    if len(arguments) > 6:
        raise ValueError(f"{quoted(text)} has {len(arguments)} arguments; a system call takes at most six.")
    values = [_argument(place, argument.strip()) for place, argument in enumerate(arguments)]
    return SeccompData(nr, ARCHES[architecture], 0, (*values, *[0] * (6 - len(values))))


def write_call(call: SeccompData) -> str:
    """The inverse of `parse_call`: as many arguments as the call takes, in symbols where these say it exactly. The instruction pointer is left out.

    Raises ValueError for a call of an architecture that has no table here.
    """
    architecture = arch_name(call.arch, call.nr)
    if architecture not in ARCHES:
        raise ValueError(f"calls of the architecture {architecture} cannot be written: it has no table here.")
    known = syscall(call.arch, call.nr)
    count = max(len(known.parameters) if known else 0, *(place + 1 for place, value in enumerate(call.args) if value), 0)
    name = known.name if known else hex(call.nr)
    words = [_word(known.name if known else "", place, value) for place, value in enumerate(call.args[:count])]
    return f"{'' if architecture == NATIVE else f'{architecture}:'}{name}({', '.join(words)})"


def _word(name: str, place: int, value: int) -> str:
    symbols = decoding_set(name, place)
    text = symbols.describe(value) if symbols is not None else ""
    if text[:1].isalpha() and _argument(place, text) == value:
        return text
    return str(value) if value < _PLAIN else hex(value)


def _number(architecture: str, name: str) -> int:
    if _NUMBER.fullmatch(name):
        nr = _c_number(name)
        if nr > 0xFFFFFFFF:
            raise ValueError(f"{name} is not a call's number: they have 32 bits.")
        return nr
    found = call_number(architecture, check_call_name(name))
    if found is None:
        raise ValueError(f"{architecture} has no call named {name}.")
    return found


def _argument(place: int, text: str) -> int:
    if not text or text[0] in "\"'{[&":
        raise ValueError(f"argument {place} is {text or 'empty'}: a filter sees a number, never what it points to. {_HOW}")
    if _NUMBER.fullmatch(text):
        value = _c_number(text)
    elif text == "NULL":
        value = 0
    else:
        value = constant(text)
    if not -(1 << 63) <= value < 1 << 64:
        raise ValueError(f"argument {place} is {text}, which does not fit into 64 bits.")
    return value & 0xFFFFFFFFFFFFFFFF


def _c_number(text: str) -> int:
    # As C reads it: a leading zero makes it octal.
    digits = text.lstrip("+-")
    octal = len(digits) > 1 and digits[0] == "0" and digits[1] not in "xX"
    value = int(digits, 8 if octal else 0)
    return -value if text.startswith("-") else value
