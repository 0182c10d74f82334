"""The policy under lint, with its filters built, and questions to them: emulation is the judge of what is left open."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Final

from core.bpf.build import BuiltFilter
from core.bpf.emulate import Emulator
from core.bpf.meaning import Meaning, Section
from core.bpf.stack import build_stack
from core.knowledge.syscalls import ARCHES, Parameter, syscall
from core.policy.action import Action, ActionKind
from core.policy.architectures import NATIVE, call_number, native_name
from core.policy.model import Policy, Rule
from core.policy.overlap import witness
from core.policy.rules import U64, ResolvedRule, expand
from core.policy.stack import Layer, layers

Arguments = tuple[int, ...]

ZEROS: Final[Arguments] = (0,) * 6
_RUNS: Final = {ActionKind.ALLOW: 0, ActionKind.LOG: 1}
_REFUSED: Final = 2


def refusal(action: Action) -> int:
    """How much an action keeps from running: 0 nothing, 1 runs and is logged, 2 does not run (trace: nobody is there to let it)."""
    return _RUNS.get(action.kind, _REFUSED)


def refuses(action: Action) -> bool:
    """Whether the call does not run."""
    return refusal(action) == _REFUSED


class Subject:
    """A policy in mode "filter". What it answers is what the kernel makes of all of its filters."""

    def __init__(self, policy: Policy) -> None:
        """Raises `FilterError` where a filter cannot be built."""
        self.policy = policy
        built = build_stack(policy.seccomp)
        self._emulator = Emulator([one.program for one in built])
        self.filters = tuple(Part(self, layer, one) for layer, one in zip(layers(policy.seccomp), built, strict=True))
        """Oldest first."""

    @property
    def stacked(self) -> bool:
        """Whether there are several filters."""
        return len(self.filters) > 1

    def tables(self) -> Iterator[str]:
        """The call tables that all filters cover, by name, the native one first; what others get is in the bad-architecture actions."""
        for _, table in self.filters[0].tables():
            if all(table in covered for covered in self._covered):
                yield table

    @functools.cached_property
    def _covered(self) -> tuple[frozenset[str], ...]:
        return tuple(frozenset(table for _, table in one.tables()) for one in self.filters)

    def answer(self, table: str, name: str, args: Sequence[int] = ZEROS) -> Action | None:
        """What becomes of a call; None where the table has no such call, or no arguments so wide."""
        nr = call_number(table, name)
        if nr is None or max(args) > widest(table):
            return None
        return Action.from_value(self._emulator.value(ARCHES[table], nr, 0, args))

    def may_run(self, table: str, name: str) -> bool:
        """Whether the filters let the call run with some arguments, as far as those that the rules name show it."""
        return any(not refuses(action) for action in self._answers(table, name))

    def is_refused(self, table: str, name: str) -> bool:
        """Whether the filters keep the call from running with some arguments; False where the table has no such call."""
        return any(refuses(action) for action in self._answers(table, name))

    def _answers(self, table: str, name: str) -> Iterator[Action]:
        for args in dict.fromkeys((ZEROS, *(args for one in self.filters for args in one.told(table, name)))):
            action = self.answer(table, name, args)
            if action is not None:
                yield action

    @functools.cached_property
    def refuses_something(self) -> bool:
        """Whether there is a call that is kept from running."""
        return any(one.refuses_something for one in self.filters)


class Part:
    """One filter of a subject, with its rules."""

    def __init__(self, subject: Subject, layer: Layer, built: BuiltFilter) -> None:
        self.subject = subject
        self.layer = layer
        self.built = built
        self.meaning = Meaning.of(layer.filter, layer.first_rule)
        self._emulator = Emulator([built.program])

    @property
    def policy(self) -> Policy:
        return self.subject.policy

    @property
    def prefix(self) -> str:
        """ "Filter 2: " in front of what is said of a filter and not of a rule, where there are several; else nothing."""
        return f"Filter {self.layer.number}: " if self.subject.stacked else ""

    @property
    def default(self) -> Action:
        """What it answers to a call that no rule speaks of."""
        return Action.from_value(self.meaning.default)

    def tables(self) -> Iterator[tuple[Section, str]]:
        """The covered call tables by name, the native one first."""
        pairs = [(section, table) for section in self.meaning.sections for table in section.tables]
        yield from sorted(pairs, key=lambda pair: pair[1] != NATIVE)

    def rules(self) -> Iterator[tuple[int, Rule]]:
        """The enabled rules with their numbers."""
        numbered = zip(self.layer.rule_numbers, self.layer.filter.rules, strict=True)
        yield from ((number, rule) for number, rule in numbered if rule.enabled)

    def rule(self, number: int) -> Rule:
        """The rule with this number."""
        return self.layer.filter.rules[number - self.layer.first_rule]

    def names(self, rule: Rule) -> tuple[str, ...]:
        """The rule's calls by name, groups spelled out and numbers looked up; numbers without a name are left out."""
        found = (call if isinstance(call, str) else native_name(call) for call in expand(rule))
        return tuple(dict.fromkeys(name for name in found if name))

    def resolved(self, section: Section, number: int) -> ResolvedRule:
        """An enabled rule in that section's numbers."""
        return self._by_number[section.arch][number]

    @functools.cached_property
    def _by_number(self) -> dict[int, dict[int, ResolvedRule]]:
        return {section.arch: {rule.number: rule for rule in section.rules} for section in self.meaning.sections}

    def value(self, arch: int, nr: int, args: Sequence[int]) -> int:
        """What this filter alone answers."""
        return self._emulator.value(arch, nr, 0, args)

    def refuses_some(self, table: str, name: str) -> bool:
        """Whether this filter alone keeps the call from running with some arguments; False where the table has no such call."""
        nr = call_number(table, name)
        if nr is None:
            return False
        tried = (args for args in (ZEROS, *self.told(table, name)) if max(args) <= widest(table))
        return any(refuses(Action.from_value(self.value(ARCHES[table], nr, args))) for args in tried)

    @functools.cached_property
    def refuses_something(self) -> bool:
        """Whether there is a call that it keeps from running."""
        return refuses(self.default) or any(refuses(rule.action) for section in self.meaning.sections for rule in section.rules)

    def told(self, table: str, name: str) -> tuple[Arguments, ...]:
        """Arguments that satisfy each of its rules for the call."""
        section = self.meaning.section(ARCHES[table])
        nr = call_number(table, name)
        if section is None or nr is None:
            return ()
        found = (witness(rule.tests) for rule in section.by_number.get(nr, ()))
        return tuple(args for args in found if args is not None)

    def has(self, name: str) -> bool:
        """Whether a covered table has the call."""
        return any(call_number(table, name) is not None for _, table in self.tables())

    def parameters(self, name: str) -> tuple[Parameter, ...]:
        """The call's parameters, of the first covered table that has it; none where no table knows them."""
        for section, table in self.tables():
            nr = call_number(table, name)
            known = None if nr is None else syscall(section.arch, nr)
            if known is not None:
                return known.parameters
        return ()


def widest(table: str) -> int:
    """The largest argument that a call of this table can have."""
    return U64 if ARCHES[table] & 0x80000000 else 0xFFFFFFFF


def series(words: Sequence[str], conjunction: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {conjunction} {words[-1]}"
