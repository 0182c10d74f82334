"""Argument tests that do not compare what they seem to: a filter sees 64-bit registers, the kernel what the parameter's type makes of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from core import resources
from core.knowledge.syscalls import Parameter
from core.lint.edit import amend
from core.lint.finding import Finding, Fix
from core.lint.subject import Part, refuses, series, widest
from core.policy.model import ArgumentTest, Rule
from core.policy.overlap import witness
from core.policy.rules import U64, number, resolve_test

_UPPER_BIT: Final = 1 << 32


def check(part: Part) -> Iterator[Finding]:
    """For each enabled rule: each doubtful test once, with the calls for which it is."""
    for rule_number, rule in part.rules():
        for place, test in enumerate(rule.args):
            for one in (_missing, _pointer, _wide, _negative):
                yield from one(part, rule_number, rule, place, test)
        yield from _upper_half(part, rule_number, rule)


@functools.cache
def widths() -> Mapping[str, tuple[int, bool]]:
    """Type to (bits that the kernel looks at, whether signed), for types of fewer than 64."""
    return MappingProxyType({name: (int(bits), sign == "signed") for name, bits, sign in resources.rows("lint/types.tsv")})


def _width(parameter: Parameter) -> tuple[int, bool]:
    return widths().get(parameter.type.removeprefix("const "), (64, False))


def _calls(part: Part, rule: Rule, index: int, holds: Callable[[Parameter], bool]) -> list[str]:
    # The rule's calls whose parameter there is such a one.
    found = []
    for name in part.names(rule):
        parameters = part.parameters(name)
        if index < len(parameters) and holds(parameters[index]):
            found.append(name)
    return found


def _plain(test: ArgumentTest) -> int:
    # The value as it is written: negative where it is.
    return test.value if isinstance(test.value, int) else number(test.value) if not test.value.startswith("-") else int(test.value, 0)


def _with_tests(args: Sequence[ArgumentTest]) -> Callable[[Rule], Rule]:
    return lambda rule: msgspec.structs.replace(rule, args=tuple(args))


def _dropped(rule: Rule, place: int) -> Callable[[Rule], Rule]:
    return _with_tests([*rule.args[:place], *rule.args[place + 1 :]])


def _replaced(rule: Rule, place: int, test: ArgumentTest) -> Callable[[Rule], Rule]:
    return _with_tests([*rule.args[:place], test, *rule.args[place + 1 :]])


# ── what there is nothing of to compare ───────────────────────────────────────────────────────────────────────────


def _missing(part: Part, rule_number: int, rule: Rule, place: int, test: ArgumentTest) -> Iterator[Finding]:
    names = [name for name in part.names(rule) if part.has(name) and test.index >= len(part.parameters(name))]
    if names:
        message = (
            f"{series(names)} {_takes(part, names)}, so the kernel does not look at argument {test.index}: "
            "the program may put there what it likes, and the test holds or not as it pleases."
        )
        fix = Fix(f"Leave the test of argument {test.index} out.", amend(part.policy, rule_number, names, _dropped(rule, place)))
        yield Finding("argument-missing", "warning", rule_number, message, fix)


def _takes(part: Part, names: Sequence[str]) -> str:
    counts = sorted({len(part.parameters(name)) for name in names})
    many = series([str(count) for count in counts], "or")
    return f"{'takes' if len(names) == 1 else 'take'} {many} {'argument' if many == '1' else 'arguments'}"


def _pointer(part: Part, rule_number: int, rule: Rule, place: int, test: ArgumentTest) -> Iterator[Finding]:
    if test.op in ("==", "!=", "&==") and number(test.value) == 0:
        return  # whether there is a pointer at all can be asked
    names = _calls(part, rule, test.index, lambda parameter: parameter.is_pointer)
    if names:
        message = (
            f"Argument {test.index} of {series(names)} is a pointer: the filter compares an address, which differs from run to run, and cannot "
            "look at what lies there. Another thread could change that after the filter has looked. For paths take Landlock, file permissions "
            "or another security module."
        )
        fix = Fix(
            f"Leave the test out, so that {rule.action} applies whatever the pointer is.",
            amend(part.policy, rule_number, names, _dropped(rule, place)),
        )
        yield Finding("pointer-compared", "error", rule_number, message, fix)


# ── numbers that the type does not have, or has otherwise ─────────────────────────────────────────────────────────


def _wide(part: Part, rule_number: int, rule: Rule, place: int, test: ArgumentTest) -> Iterator[Finding]:
    value = _plain(test)

    def too_narrow(parameter: Parameter) -> bool:
        bits, _ = _width(parameter)
        return not parameter.is_pointer and bits < 64 and not -(1 << bits - 1) <= value < 1 << bits

    names = _calls(part, rule, test.index, too_narrow)
    if names:
        bits = _bits(part, names[0], test.index)
        message = (
            f"Argument {test.index} of {series(names)} has {bits} bits, and {test.value} has more: the kernel never sees such a number there, "
            "and only a program that fills the unused half of the register on purpose meets the test."
        )
        mask = (1 << bits) - 1
        cut = ArgumentTest(index=test.index, op="&==", mask=mask, value=value & mask)
        fix = Fix(
            f"Compare the lower {bits} bits with {value & mask:#x}.", amend(part.policy, rule_number, names, _replaced(rule, place, cut))
        )
        yield Finding("value-too-wide", "error", rule_number, message, fix if test.op in ("==", "&==") else None)


def _negative(part: Part, rule_number: int, rule: Rule, place: int, test: ArgumentTest) -> Iterator[Finding]:
    value = _plain(test)
    if value >= 0 or test.op == "&==":
        return
    names = _calls(part, rule, test.index, lambda parameter: _width(parameter)[0] == 32 and value >= -(1 << 31))
    if names and test.op in ("==", "!="):
        message = (
            f"Argument {test.index} of {series(names)} is a C int: {test.value} comes as 0x{value & 0xFFFFFFFF:x} with 32 zero bits or 32 one bits in "
            f"front, as the compiler likes, and the test knows only 0x{value & U64:x}."
        )
        cut = ArgumentTest(index=test.index, op="&==", mask=0xFFFFFFFF, value=test.value)
        fix = Fix("Compare the lower 32 bits.", amend(part.policy, rule_number, names, _replaced(rule, place, cut)))
        yield Finding("negative-compared", "warning", rule_number, message, fix if test.op == "==" else None)
    elif test.op not in ("==", "!="):
        message = (
            f"Comparisons are of unsigned numbers: {test.value} counts as 0x{value & U64:x}, which is greater than every positive number, "
            f"so {test.op} does not say what it seems to."
        )
        yield Finding("negative-compared", "warning", rule_number, message)


def _bits(part: Part, name: str, index: int) -> int:
    return _width(part.parameters(name)[index])[0]


# ── the half of the register that the kernel throws away ──────────────────────────────────────────────────────────


def _upper_half(part: Part, rule_number: int, rule: Rule) -> Iterator[Finding]:
    found: dict[int, list[str]] = {}
    for test in rule.args:
        if _plain(test) >= 0:
            names = _calls(part, rule, test.index, lambda parameter: not parameter.is_pointer and _width(parameter)[0] < 64)
            if evaded := [name for name in names if _evaded(part, rule_number, name, test)]:
                found.setdefault(test.index, evaded)
    if not found:
        return
    names = list(dict.fromkeys(name for evaded in found.values() for name in evaded))
    which = series([str(index) for index in found])
    message = (
        f"{series(names)} {'looks' if len(names) == 1 else 'look'} at the lower half of argument {which} only, but the test compares all 64 bits: a program "
        "that sets a bit of the upper half on purpose gets the refused call all the same."
    )
    yield Finding("upper-half", "warning", rule_number, message, _masking(part, rule_number, rule, names))


def _evaded(part: Part, rule_number: int, name: str, test: ArgumentTest) -> bool:
    for section, table in part.tables():
        args = witness(part.resolved(section, rule_number).tests)
        if args is None or widest(table) != U64:
            continue
        value = resolve_test(test).value
        for candidate in {args[test.index], value, value + 1, max(value - 1, 0)}:
            plain = _at(args, test.index, candidate & 0xFFFFFFFF)
            refused, marked = (
                part.subject.answer(table, name, plain),
                part.subject.answer(table, name, _at(plain, test.index, plain[test.index] | _UPPER_BIT)),
            )
            if refused is not None and marked is not None and refuses(refused) and not refuses(marked):
                return True
    return False


def _at(args: tuple[int, ...], index: int, value: int) -> tuple[int, ...]:
    return (*args[:index], value, *args[index + 1 :])


def _masking(part: Part, rule_number: int, rule: Rule, names: Sequence[str]) -> Fix | None:
    def masked(test: ArgumentTest) -> ArgumentTest:
        bits = max(_bits(part, name, test.index) if test.index < len(part.parameters(name)) else 64 for name in names)
        mask = {"==": U64, "&==": number(test.mask or 0)}.get(test.op, 0)
        if mask < 1 << bits:
            return test
        return ArgumentTest(index=test.index, op="&==", mask=mask & (1 << bits) - 1, value=test.value)

    args = tuple(masked(test) for test in rule.args)
    # Too wide a value is told by itself, and no mask mends it.
    if any(
        test.op not in ("==", "&==") or (test.mask is not None and number(test.value, number(test.mask)) & ~number(test.mask))
        for test in args
    ):
        return None
    return Fix("Compare the bits that the kernel looks at, with &==.", amend(part.policy, rule_number, names, _with_tests(args)))
