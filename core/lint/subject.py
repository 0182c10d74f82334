"""The policy under lint, with its filter built, and questions to that filter: emulation is the judge of what is left open."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Final

from core.bpf.build import BuiltFilter, build
from core.bpf.emulate import Emulator
from core.bpf.meaning import Meaning, Section
from core.knowledge.syscalls import ARCHES, Parameter, syscall
from core.policy.action import Action, ActionKind
from core.policy.architectures import NATIVE, call_number
from core.policy.model import Policy, Rule
from core.policy.overlap import witness
from core.policy.rules import U64, ResolvedRule, expand

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
    """A policy in mode "filter"."""

    def __init__(self, policy: Policy) -> None:
        """Raises `FilterError` where its filter cannot be built."""
        self.policy = policy
        self.meaning = Meaning.of(policy.seccomp)
        self.built: BuiltFilter = build(policy.seccomp)
        self._emulator = Emulator([self.built.program])

    @property
    def default(self) -> Action:
        """What becomes of a call that no rule speaks of."""
        return Action.from_value(self.meaning.default)

    def tables(self) -> Iterator[tuple[Section, str]]:
        """The covered call tables by name, the native one first."""
        pairs = [(section, table) for section in self.meaning.sections for table in section.tables]
        yield from sorted(pairs, key=lambda pair: pair[1] != NATIVE)

    def rules(self) -> Iterator[tuple[int, Rule]]:
        """The enabled rules with their numbers."""
        yield from ((number, rule) for number, rule in enumerate(self.policy.seccomp.rules, start=1) if rule.enabled)

    def names(self, rule: Rule) -> tuple[str, ...]:
        """The rule's calls by name, groups spelled out and numbers looked up; numbers without a name are left out."""
        found = (call if isinstance(call, str) else _native_name(call) for call in expand(rule))
        return tuple(dict.fromkeys(name for name in found if name))

    def resolved(self, section: Section, number: int) -> ResolvedRule:
        """An enabled rule in that section's numbers."""
        return self._by_number[section.arch][number]

    def answer(self, table: str, name: str, args: Sequence[int] = ZEROS) -> Action | None:
        """What the filter makes of a call; None where the table has no such call, or no arguments so wide."""
        nr = call_number(table, name)
        if nr is None or max(args) > widest(table):
            return None
        return Action.from_value(self.value(ARCHES[table], nr, args))

    def value(self, arch: int, nr: int, args: Sequence[int]) -> int:
        """What the filter answers, as the kernel sees it."""
        return self._emulator.value(arch, nr, 0, args)

    def may_run(self, table: str, name: str) -> bool:
        """Whether the filter lets the call run with some arguments, as far as those that the rules name show it."""
        answers = (self.answer(table, name, args) for args in (ZEROS, *self._told(table, name)))
        return any(action is not None and not refuses(action) for action in answers)

    @functools.cached_property
    def _by_number(self) -> dict[int, dict[int, ResolvedRule]]:
        return {section.arch: {rule.number: rule for rule in section.rules} for section in self.meaning.sections}

    @functools.cached_property
    def refuses_something(self) -> bool:
        """Whether there is a call that it keeps from running."""
        return refuses(self.default) or any(refuses(rule.action) for section in self.meaning.sections for rule in section.rules)

    def is_refused(self, table: str, name: str) -> bool:
        """Whether the filter keeps the call from running with some arguments; False where the table has no such call."""
        answers = (self.answer(table, name, args) for args in (ZEROS, *self._told(table, name)))
        return any(action is not None and refuses(action) for action in answers)

    def _told(self, table: str, name: str) -> tuple[Arguments, ...]:
        # Arguments that satisfy each rule for the call.
        section = self.meaning.section(ARCHES[table])
        nr = call_number(table, name)
        if section is None or nr is None:
            return ()
        found = (witness(rule.tests) for rule in section.by_number.get(nr, ()))
        return tuple(args for args in found if args is not None)

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


def _native_name(nr: int) -> str | None:
    known = syscall(ARCHES[NATIVE], nr)
    return known.name if known else None


def series(words: Sequence[str], conjunction: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {conjunction} {words[-1]}"
