"""Rules that let calls run, while another filter of the stack refuses them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Final

from core.bpf.emulate import strictest
from core.bpf.meaning import Section, effective
from core.knowledge.syscalls import arch_name
from core.knowledge.syscalls import name as call_name
from core.lint.cover import implies
from core.lint.edit import decide, without_calls
from core.lint.finding import Finding, Fix
from core.lint.subject import Part, refuses, series
from core.policy.action import Action, parse_action
from core.policy.overlap import witness
from core.policy.rules import ResolvedRule

_FEW: Final = 5
_LOADS: Final = "seccomp"
# The call that loads the filters behind one: who lets it run does not do so in vain, whatever those say of it.


@dataclasses.dataclass(frozen=True, slots=True)
class _Moot:
    """A call that a rule lets run in vain."""

    name: str
    other: Part
    """The filter that refuses it, whatever the rule's tests leave."""
    neutral: bool
    """Whether the kernel would answer the same without the rule."""
    covered: bool
    """Whether the other filter's rules speak of the call's architecture at all."""
    table: str
    """The architecture's, by the policy's name."""


def check(part: Part) -> Iterator[Finding]:
    """For each enabled rule of a stacked filter that allows or logs what another filter refuses: the calls for which it does so in vain, and
    those for which it does so on some architectures only."""
    if not part.subject.stacked:
        return
    for number, rule in part.rules():
        if not refuses(parse_action(rule.action)) and number not in part.built.idle_rules:
            found, runs = _moot(part, number)
            if everywhere := [one for one in found if one.name not in runs]:
                yield _finding(part, number, everywhere, "", _fix(part, number, everywhere))
            if partly := [one for one in found if one.name in runs]:
                tables = series(list(dict.fromkeys(one.table for one in partly)))
                yield _finding(part, number, partly, f" on {tables}", None)


def _moot(part: Part, number: int) -> tuple[list[_Moot], set[str]]:
    """The calls on those architectures on which they are refused, and the names of those that run on some."""
    found: list[_Moot] = []
    runs: set[str] = set()
    for section in part.meaning.sections:
        rule = part.resolved(section, number)
        for nr in sorted(rule.nrs):
            name, other = call_name(section.arch, nr), _refusing(part, section, rule, nr)
            if other is None or (name == _LOADS and part is not part.subject.filters[-1]):
                runs.add(name)
                continue
            theirs = other.meaning.section(section.arch)
            covered = theirs is not None and theirs.covers(nr)
            found.append(_Moot(name, other, _is_neutral(part, section.arch, nr, rule), covered, arch_name(section.arch, nr)))
    return found, runs


def _refusing(part: Part, section: Section, rule: ResolvedRule, nr: int) -> Part | None:
    args = witness(rule.tests)
    if args is None or part.value(section.arch, nr, args) != rule.action.value:
        return None  # another rule of its own filter decides
    return next((other for other in part.subject.filters if other is not part and _always_refuses(other, section.arch, nr, rule)), None)


def _always_refuses(other: Part, arch: int, nr: int, rule: ResolvedRule) -> bool:
    section = other.meaning.section(arch)
    if section is None or not section.covers(nr):
        return refuses(Action.from_value(other.meaning.bad_arch))
    theirs = effective(section.by_number.get(nr, ()), other.meaning.default)
    if any(witness((*rule.tests, *one.tests)) is not None for one in theirs if not refuses(one.action)):
        return False
    return refuses(other.default) or any(implies(rule.tests, one.tests) for one in theirs)


def _is_neutral(part: Part, arch: int, nr: int, rule: ResolvedRule) -> bool:
    args = witness(rule.tests) or (0,) * 6
    answers = [one.value(arch, nr, args) for one in part.subject.filters]
    without = [part.meaning.default if one is part else answer for one, answer in zip(part.subject.filters, answers, strict=True)]
    return strictest(answers) == strictest(without)


def _finding(part: Part, number: int, moot: Sequence[_Moot], where: str, fix: Fix | None) -> Finding:
    names = _names(moot)
    others = list(dict.fromkeys(one.other.layer.number for one in moot))
    who = f"filter {others[0]} refuses" if len(others) == 1 else f"filters {series([str(other) for other in others])} refuse"
    message = (
        f"This rule says {part.rule(number).action} to {_few(names)}{where}, but {who} {'it' if len(names) == 1 else 'them'}: the kernel asks all filters and "
        "takes the strictest answer, so it is moot."
    )
    return Finding("allow-moot", "warning", number, message, fix)


def _fix(part: Part, number: int, moot: Sequence[_Moot]) -> Fix | None:
    names = _names(moot)
    if all(one.neutral for one in moot):
        what = "it is" if len(names) == 1 else "they are"
        return Fix(f"Take {_few(names)} out of rule {number}: {what} refused all the same.", without_calls(part.policy, number, names))
    if not all(one.covered for one in moot):
        return None  # whether the other filter should cover more is for its author to say
    policy, others = part.policy, list(dict.fromkeys(one.other.layer.number for one in moot))
    for other in others:
        policy = decide(policy, other, [one.name for one in moot if one.other.layer.number == other], "allow")
    return Fix(f"Let {_few(names)} run in {series([f'filter {other}' for other in others])} too.", policy)


def _names(moot: Sequence[_Moot]) -> list[str]:
    return list(dict.fromkeys(one.name for one in moot))


def _few(names: Sequence[str]) -> str:
    return series(names if len(names) <= _FEW else [*names[: _FEW - 1], f"{len(names) - _FEW + 1} more"])
