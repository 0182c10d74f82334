"""Building a filter with libseccomp: exported as bytes, never loaded into a process of ours.

libseccomp takes numbers of the native architecture and finds the other architectures' calls by name, so each architecture gets a filter of its
own, with exactly its calls, and the filters are merged.
"""

from __future__ import annotations

import errno
import os
from typing import Final

import pyseccomp

from core.bpf.meaning import Meaning, Section, effective
from core.observer.wire import X32_SYSCALL_BIT
from core.policy.model import Operator
from core.policy.rules import ResolvedRule, ResolvedTest

_ARCHES: Final = {
    "x86_64": pyseccomp.Arch.X86_64,
    "x86": pyseccomp.Arch.X86,
    "x32": pyseccomp.Arch.X32,
    "aarch64": pyseccomp.Arch.AARCH64,
}
_OPERATORS: Final[dict[Operator, int]] = {
    "==": pyseccomp.EQ,
    "!=": pyseccomp.NE,
    "<": pyseccomp.LT,
    "<=": pyseccomp.LE,
    ">": pyseccomp.GT,
    ">=": pyseccomp.GE,
    "&==": pyseccomp.MASKED_EQ,
}
_BINARY_TREE: Final = 2
_WORTH_A_TREE: Final = 16
# From this many calls on, a binary search by the number is shorter on average than trying one number after the other.
_LEVELS: Final = range(7, 4, -1)
# libseccomp's API levels that know every action; which ones exist depends on its version.


class UnsuitableError(ValueError):
    """libseccomp cannot express this filter; the sentence says why."""


def export(meaning: Meaning) -> bytes:
    """The program that libseccomp makes of the rules. It is not necessarily right: see `core.bpf.verify`. Raises `UnsuitableError`."""
    _know_every_action()
    parts = [_part(section, table, meaning) for section in meaning.sections for table in section.tables]
    whole = parts[0]
    try:
        for part in parts[1:]:
            whole.merge(part)
        return _bytes(whole)
    except OSError as err:
        raise UnsuitableError(f"libseccomp could not join the architectures: {err.strerror}") from err


def _know_every_action() -> None:
    # Otherwise libseccomp asks the running kernel, but the filter may be meant for another machine.
    for level in _LEVELS:
        try:
            pyseccomp.set_api(level)
        except (OSError, NotImplementedError):
            continue
        return


def _part(section: Section, table: str, meaning: Meaning) -> pyseccomp.SyscallFilter:
    architecture = _ARCHES.get(table)
    if architecture is None:
        raise UnsuitableError(f"libseccomp is not told of the architecture {table}")
    try:
        one = _empty(architecture, meaning)
    except OSError as err:  # such as errno 4095, which the kernel takes
        raise UnsuitableError(f"libseccomp refuses the default or the bad-architecture action: {err.strerror}") from err
    numbers = [nr for nr in sorted(section.by_number) if (nr >= X32_SYSCALL_BIT) == (table == "x32")]
    if len(numbers) >= _WORTH_A_TREE:
        one.set_attr(pyseccomp.Attr.CTL_OPTIMIZE, _BINARY_TREE)
    for nr in numbers:
        rules = effective(section.by_number[nr], meaning.default)
        _refuse_merging(rules)
        for rule in rules:
            _add(one, architecture, nr, rule)
    return one


def _empty(architecture: int, meaning: Meaning) -> pyseccomp.SyscallFilter:
    one = pyseccomp.SyscallFilter(meaning.default)
    if architecture != pyseccomp.system_arch():
        one.add_arch(architecture)
        one.remove_arch(pyseccomp.system_arch())
    one.set_attr(pyseccomp.Attr.ACT_BADARCH, meaning.bad_arch)
    return one


def _refuse_merging(rules: tuple[ResolvedRule, ...]) -> None:
    # Measured with 2.5.4: adding a second rule with masks for one call can loop for ever inside the library, and of random pairs with ordered
    # comparisons one in seven comes out wrong (GHSA-4q85-33p6-j5g6). Equality alone, and a single rule, never did.
    if len(rules) > 1 and any(test.op != "==" for rule in rules for test in rule.tests):
        numbers = " and ".join(str(rule.number) for rule in rules)
        raise UnsuitableError(f"libseccomp cannot be trusted to merge the comparisons of rules {numbers}, which speak of one call")


def _add(one: pyseccomp.SyscallFilter, architecture: int, nr: int, rule: ResolvedRule) -> None:
    if len({test.index for test in rule.tests}) < len(rule.tests):
        raise UnsuitableError(f"libseccomp takes one test of an argument a rule, but rule {rule.number} has several")
    try:
        one.add_rule_exactly(rule.action.value, _native_number(architecture, nr), *(_argument(test) for test in rule.tests))
    except OSError as err:
        reason = "it overlaps with another rule" if err.errno == errno.EEXIST else err.strerror
        raise UnsuitableError(f"libseccomp refuses rule {rule.number}: {reason}") from err


def _native_number(architecture: int, nr: int) -> int:
    if architecture == pyseccomp.system_arch():
        return nr
    try:
        name = pyseccomp.resolve_syscall(architecture, nr)
    except ValueError as err:
        raise UnsuitableError(f"libseccomp does not know call {nr} of architecture {architecture:#x}") from err
    native: int = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name.decode())
    return native


def _argument(test: ResolvedTest) -> pyseccomp.Arg:
    if test.op == "&==":
        return pyseccomp.Arg(test.index, _OPERATORS[test.op], test.mask, test.value)
    return pyseccomp.Arg(test.index, _OPERATORS[test.op], test.value)


def _bytes(whole: pyseccomp.SyscallFilter) -> bytes:
    with os.fdopen(os.memfd_create("filter", os.MFD_CLOEXEC), "w+b") as file:
        whole.export_bpf(file)
        file.seek(0)
        return file.read()
