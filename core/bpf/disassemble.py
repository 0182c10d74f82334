"""A filter as text that can be read: labels, and names instead of numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from core.bpf import program as bpf
from core.bpf.program import Instruction, decode_program
from core.bpf.validate import CONDITIONAL_JUMPS
from core.knowledge.arguments import formatter
from core.knowledge.constants import constant, decoding_set
from core.knowledge.syscalls import Syscall, arch_name, syscall
from core.observer.wire import X32_SYSCALL_BIT
from core.policy.action import ACTION_MASK, Action

_ARITHMETIC: Final[Mapping[int, str]] = MappingProxyType(
    {
        bpf.ADD: "add",
        bpf.SUB: "sub",
        bpf.MUL: "mul",
        bpf.DIV: "div",
        bpf.OR: "or",
        bpf.AND: "and",
        bpf.LSH: "lsh",
        bpf.RSH: "rsh",
        bpf.XOR: "xor",
        bpf.MOD: "mod",
    }
)
_TESTS: Final[Mapping[int, str]] = MappingProxyType({bpf.JEQ: "jeq", bpf.JGT: "jgt", bpf.JGE: "jge", bpf.JSET: "jset"})
_SIGNS: Final[Mapping[int, str]] = MappingProxyType({bpf.JEQ: "==", bpf.JGT: ">", bpf.JGE: ">=", bpf.JSET: "&"})
_ALL: Final = 0xFFFFFFFF
_LOADS: Final[Mapping[int, str]] = MappingProxyType({bpf.LD: "ld", bpf.LDX: "ldx"})


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One instruction in words."""

    index: int
    labels: tuple[str, ...]
    """Names by which jumps call this instruction; empty where none jumps here."""
    text: str
    """In the kernel's own assembler notation (tools/bpf/bpf_asm): "ld [4]", "jeq #0x29, L7, next"; "next" is the instruction that follows."""
    comment: str
    """What the numbers mean: "arch", "openat", "args[0] low == AF_INET", "errno:EPERM"; empty where there is nothing to say."""
    instruction: Instruction


@dataclasses.dataclass(frozen=True, slots=True)
class _Known:
    # What is known in front of an instruction, whichever way led there: which word of the data A holds and which of its bits are left, which
    # architecture it is, and between which numbers the call's lies.
    word: int | None = None
    mask: int = _ALL
    arch: int | None = None
    least: int = 0
    most: int = _ALL

    def about(self, word: int | None) -> _Known:
        # The same of the call, with another word in A.
        return dataclasses.replace(self, word=word, mask=_ALL)

    @property
    def call(self) -> Syscall | None:
        # The one call that it must be.
        return syscall(self.arch, self.least) if self.arch is not None and self.least == self.most else None


def disassemble(program: bytes) -> tuple[Line, ...]:
    """Raises `ProgramError` for bytes whose length is no program's; codes that the kernel would refuse are shown as numbers."""
    instructions = decode_program(program)
    targets = {target for index, one in enumerate(instructions) for target in _targets(index, one)}
    known: dict[int, _Known] = {0: _Known()}
    lines = []
    for index, one in enumerate(instructions):
        here = known.get(index, _Known())
        labels = (f"L{index}",) if index in targets else ()
        lines.append(Line(index, labels, _text(index, one), _comment(one, here), one))
        for successor, then in _successors(index, one, here):
            known[successor] = _both(known[successor], then) if successor in known else then
    return tuple(lines)


def _targets(index: int, one: Instruction) -> set[int]:
    # Where a label is needed; what follows is called "next".
    if one.code == bpf.JMP | bpf.JA:
        return {index + 1 + one.k}
    if one.code in CONDITIONAL_JUMPS:
        return {index + 1 + skip for skip in (one.jt, one.jf) if skip}
    return set()


def _successors(index: int, one: Instruction, here: _Known) -> list[tuple[int, _Known]]:
    kind = one.code & 7
    if kind == bpf.RET:
        return []
    if one.code == bpf.JMP | bpf.JA:
        return [(index + 1 + one.k, here)]
    if one.code in CONDITIONAL_JUMPS:
        return [(index + 1 + one.jt, _jumped(one, here)), (index + 1 + one.jf, _fallen_through(one, here))]
    if one.code == bpf.LOAD:
        return [(index + 1, here.about(one.k))]
    if one.code == bpf.ALU | bpf.AND:
        return [(index + 1, dataclasses.replace(here, mask=here.mask & one.k))]
    if kind in (bpf.LD, bpf.ALU) or one.code == bpf.MISC | bpf.TXA:
        return [(index + 1, here.about(None))]
    return [(index + 1, here)]


def _jumped(one: Instruction, here: _Known) -> _Known:
    test, word = _whole_word_test(one, here)
    if (test, word) == (bpf.JEQ, bpf.ARCH_OFFSET):
        return dataclasses.replace(here, arch=one.k)
    if word == bpf.NR_OFFSET and test in (bpf.JEQ, bpf.JGE, bpf.JGT):
        least = max(here.least, one.k + (test == bpf.JGT))
        return dataclasses.replace(here, least=least, most=one.k if test == bpf.JEQ else here.most)
    return here


def _fallen_through(one: Instruction, here: _Known) -> _Known:
    test, word = _whole_word_test(one, here)
    if word == bpf.NR_OFFSET and test in (bpf.JGE, bpf.JGT):
        return dataclasses.replace(here, most=min(here.most, one.k - (test == bpf.JGE)))
    return here


def _whole_word_test(one: Instruction, here: _Known) -> tuple[int, int | None]:
    return one.code & 0xF0, here.word if here.mask == _ALL and not one.code & bpf.X else None


def _both(one: _Known, other: _Known) -> _Known:
    same_word = one.word if (one.word, one.mask) == (other.word, other.mask) else None
    return _Known(
        same_word,
        one.mask if same_word is not None else _ALL,
        one.arch if one.arch == other.arch else None,
        min(one.least, other.least),
        max(one.most, other.most),
    )


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _text(index: int, one: Instruction) -> str:
    code, kind = one.code, one.code & 7
    source = "x" if code & bpf.X else f"#{one.k:#x}"
    if code in CONDITIONAL_JUMPS:
        return f"{_TESTS[code & 0xF0]} {source}, {_place(index, one.jt)}, {_place(index, one.jf)}"
    if code == bpf.JMP | bpf.JA:
        return f"ja {_place(index, one.k)}" if one.k else "ja next"
    if kind in _LOADS and (operand := _operand(one)):
        return f"{_LOADS[kind]} {operand}"
    if kind == bpf.RET and code & 0x18 in (bpf.K, bpf.A):
        return "ret a" if code & 0x18 == bpf.A else f"ret #{one.k:#x}"
    if code in (bpf.ST, bpf.STX):
        return f"{'st' if code == bpf.ST else 'stx'} M[{one.k}]"
    if code == bpf.ALU | bpf.NEG:
        return "neg"
    if kind == bpf.ALU and code & 0xF0 in _ARITHMETIC:
        return f"{_ARITHMETIC[code & 0xF0]} {source}"
    if code in (bpf.MISC | bpf.TAX, bpf.MISC | bpf.TXA):
        return "tax" if code == bpf.MISC | bpf.TAX else "txa"
    return f"code {code:#x}, {one.jt}, {one.jf}, #{one.k:#x}"


def _place(index: int, skip: int) -> str:
    return f"L{index + 1 + skip}" if skip else "next"


def _operand(one: Instruction) -> str:
    modes = {bpf.LOAD: f"[{one.k}]", bpf.LD | bpf.LEN: "#len", bpf.LDX | bpf.LEN: "#len"}
    modes |= {kind | bpf.IMM: f"#{one.k:#x}" for kind in _LOADS} | {kind | bpf.MEM: f"M[{one.k}]" for kind in _LOADS}
    return modes.get(one.code, "")


def _comment(one: Instruction, here: _Known) -> str:
    if one.code == bpf.LOAD:
        return _word_name(one.k)
    if one.code == bpf.RET:
        return _result_name(one.k)
    if one.code not in CONDITIONAL_JUMPS or one.code & bpf.X or here.word is None:
        return ""
    name = f"masked {_word_name(here.word)}" if here.mask != _ALL else _word_name(here.word)
    sign = _SIGNS[one.code & 0xF0]
    if here.word not in (bpf.NR_OFFSET, bpf.ARCH_OFFSET):
        return f"{name} {sign} {_argument(here, one) or hex(one.k)}"
    if here.mask != _ALL:
        return f"{name} {sign} {one.k:#x}"
    value = arch_name(one.k, 0) if here.word == bpf.ARCH_OFFSET else _call_name(here.arch, one.k)
    return value if sign == "==" else f"{name} {sign} {value}"


def _argument(here: _Known, one: Instruction) -> str:
    # The value in the symbols of the argument's type; empty where it has none, as the high half of a register.
    call, place, test = here.call, (here.word or 0) - bpf.ARGUMENTS_OFFSET, one.code & 0xF0
    index = place // 8
    if call is None or place < 0 or place % 8 or index >= len(call.parameters) or call.parameters[index].is_pointer:
        return ""
    symbols = decoding_set(call.name, index)
    of_flags = symbols is not None and symbols.is_flags
    if test != bpf.JEQ and not (of_flags and test == bpf.JSET):
        return ""
    text = formatter(call, index, wide=True)(one.k)
    looked_at = here.mask if test == bpf.JEQ else one.k
    if symbols is not None and of_flags and symbols.mask & ~looked_at:
        # Of one of several values not all bits are looked at, so it is not this one that is meant.
        text = "|".join(word for word in text.split("|") if word.startswith("0x") or constant(word) & looked_at)
    return text if text.upper() != text.lower() and not text.startswith("0x") else ""


def _word_name(offset: int) -> str:
    half = "high" if offset & 4 else "low"
    if offset >= bpf.ARGUMENTS_OFFSET:
        return f"args[{(offset - bpf.ARGUMENTS_OFFSET) // 8}] {half}"
    return {bpf.NR_OFFSET: "nr", bpf.ARCH_OFFSET: "arch"}.get(offset, f"instruction_pointer {half}")


def _call_name(arch: int | None, nr: int) -> str:
    if nr == X32_SYSCALL_BIT:
        return "the first x32 call"
    known = None if arch is None else syscall(arch, nr)
    return known.name if known else f"call {nr if nr < X32_SYSCALL_BIT else hex(nr)}"


def _result_name(value: int) -> str:
    action = Action.from_value(value)
    return action.word if action.value & ACTION_MASK == value & ACTION_MASK else "no known action: kill-process"
