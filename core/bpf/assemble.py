"""Our own filter generator, for what libseccomp cannot express or gets wrong: plain comparisons behind a binary search for the call's number.

Rules are tried in the policy's order. The program is made from its end to its beginning, so that every jump's target lies already where it will be.
"""

from __future__ import annotations

from core.bpf import program as bpf
from core.bpf.error import FilterError
from core.bpf.meaning import NO_CALL, Meaning, Section, effective
from core.bpf.program import Instruction, encode_program, instruction
from core.observer.wire import X32_SYSCALL_BIT
from core.policy.rules import ResolvedRule, ResolvedTest

_FARTHEST = 254
# A conditional jump skips up to 255 instructions; one less, for the other target may need an instruction in between.

Outcome = int | tuple[ResolvedRule, ...]
"""What a number leads to: a result, or rules to be tried in their order."""


def assemble(meaning: Meaning) -> bytes:
    """A program that answers as `meaning` says. Raises `FilterError` where it would be longer than the kernel takes."""
    writer = _Writer()
    label = writer.result(meaning.bad_arch)
    for section in reversed(meaning.sections):
        start = writer.load(bpf.NR_OFFSET, _search(writer, _intervals(section, meaning), meaning))
        label = writer.jump(bpf.JEQ, section.arch, start, label)
    writer.load(bpf.ARCH_OFFSET, label)
    return writer.program()


def _intervals(section: Section, meaning: Meaning) -> list[tuple[int, Outcome]]:
    # Where each run of numbers with one outcome begins; the first is 0.
    starts = {0, X32_SYSCALL_BIT, NO_CALL}
    for nr in section.by_number:
        starts |= {nr, min(nr + 1, NO_CALL)}
    merged: list[tuple[int, Outcome]] = []
    for start in sorted(starts):
        outcome = _outcome(section, meaning, start)
        if not merged or merged[-1][1] != outcome:
            merged.append((start, outcome))
    return merged


def _outcome(section: Section, meaning: Meaning, nr: int) -> Outcome:
    if not section.covers(nr):
        return meaning.bad_arch
    rules = effective(section.by_number.get(nr, ()), meaning.default)
    if not rules:
        return meaning.default
    return rules if rules[0].tests else rules[0].action.value


def _search(writer: _Writer, intervals: list[tuple[int, Outcome]], meaning: Meaning) -> int:
    if len(intervals) == 1:
        outcome = intervals[0][1]
        return writer.result(outcome) if isinstance(outcome, int) else writer.rules(outcome, meaning.default)
    middle = len(intervals) // 2
    right = _search(writer, intervals[middle:], meaning)
    left = _search(writer, intervals[:middle], meaning)
    return writer.jump(bpf.JGE, intervals[middle][0], right, left)


class _Writer:
    # A label is an instruction's place counted from the program's end; the newest instruction is the one that runs first.
    def __init__(self) -> None:
        self._reversed: list[Instruction] = []
        self._results: dict[int, int] = {}
        self._rules: dict[tuple[ResolvedRule, ...], int] = {}

    def program(self) -> bytes:
        if len(self._reversed) > bpf.MAX_INSTRUCTIONS:
            raise FilterError(
                f"the filter would have {len(self._reversed)} instructions, but the kernel takes {bpf.MAX_INSTRUCTIONS}: use fewer rules with argument tests"
            )
        return encode_program(tuple(reversed(self._reversed)))

    def result(self, value: int) -> int:
        known = self._results.get(value)
        if known is not None and self._is_near(known):
            return known
        self._results[value] = self._emit(instruction(bpf.RET, value))
        return self._results[value]

    def rules(self, rules: tuple[ResolvedRule, ...], default: int) -> int:
        if rules not in self._rules:
            label = self.result(default)
            for rule in reversed(rules):
                label = self._rule(rule, label)
            self._rules[rules] = label
        return self._rules[rules]

    def _rule(self, rule: ResolvedRule, otherwise: int) -> int:
        label = self.result(rule.action.value)
        for test in reversed(rule.tests):
            label = self._test(test, label, otherwise)
        return label

    def _test(self, test: ResolvedTest, yes: int, no: int) -> int:
        low = bpf.ARGUMENTS_OFFSET + 8 * test.index
        match test.op:
            case "==":
                return self._equal(low, test.value, yes, no)
            case "!=":
                return self._equal(low, test.value, no, yes)
            case ">":
                return self._greater(bpf.JGT, low, test.value, yes, no)
            case ">=":
                return self._greater(bpf.JGE, low, test.value, yes, no)
            case "<":
                return self._greater(bpf.JGE, low, test.value, no, yes)
            case "<=":
                return self._greater(bpf.JGT, low, test.value, no, yes)
            case "&==":
                lower = self._masked(low, test.mask, test.value, yes, no)
                return self._masked(low + 4, test.mask >> 32, test.value >> 32, lower, no) if (test.mask | test.value) >> 32 else lower

    def _equal(self, low: int, value: int, yes: int, no: int) -> int:
        lower = self.load(low, self.jump(bpf.JEQ, value, yes, no))
        return self.load(low + 4, self.jump(bpf.JEQ, value >> 32, lower, no))

    def _greater(self, operation: int, low: int, value: int, yes: int, no: int) -> int:
        lower = self.load(low, self.jump(operation, value, yes, no))
        same = self.jump(bpf.JEQ, value >> 32, lower, no)
        return self.load(low + 4, self.jump(bpf.JGT, value >> 32, yes, same))

    def _masked(self, offset: int, mask: int, value: int, yes: int, no: int) -> int:
        compare = self.jump(bpf.JEQ, value, yes, no)
        if mask & 0xFFFFFFFF != 0xFFFFFFFF:
            compare = self._before(compare, instruction(bpf.ALU | bpf.AND, mask & 0xFFFFFFFF))
        return self.load(offset, compare)

    def load(self, offset: int, then: int) -> int:
        return self._before(then, instruction(bpf.LOAD, offset))

    def jump(self, test: int, k: int, yes: int, no: int) -> int:
        if yes == no:
            return yes
        yes, no = self._near(yes), self._near(no)
        return self._emit(instruction(bpf.JMP | test, k & 0xFFFFFFFF, self._skip(yes), self._skip(no)))

    def _before(self, then: int, one: Instruction) -> int:
        if then != len(self._reversed) - 1:
            self._detour(then)
        return self._emit(one)

    def _near(self, label: int) -> int:
        return label if self._is_near(label) else self._detour(label)

    def _is_near(self, label: int) -> bool:
        return self._skip(label) <= _FARTHEST

    def _detour(self, label: int) -> int:
        # A stepping stone: the same return again, or a jump without a test, which reaches everywhere.
        target = self._reversed[label]
        return self._emit(target if target.code == bpf.RET else instruction(bpf.JMP | bpf.JA, self._skip(label)))

    def _skip(self, label: int) -> int:
        return len(self._reversed) - 1 - label

    def _emit(self, one: Instruction) -> int:
        self._reversed.append(one)
        return len(self._reversed) - 1
