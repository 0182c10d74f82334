"""A classic BPF machine over seccomp_data, as the kernel's seccomp runs it.

Everything is an unsigned 32-bit word. A division by an X of zero ends the filter with 0 (kill-thread), and shifts by X count X's low five bits,
as bpf_convert_filter in net/core/filter.c makes them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from core.bpf import program as bpf
from core.bpf.program import Instruction

WORD = 0xFFFFFFFF


@dataclasses.dataclass(frozen=True, slots=True)
class SeccompData:
    """What a filter sees of a call: struct seccomp_data."""

    nr: int
    arch: int
    """AUDIT_ARCH_*."""
    instruction_pointer: int = 0
    args: tuple[int, ...] = (0, 0, 0, 0, 0, 0)
    """Six unsigned 64-bit numbers."""

    def words(self) -> tuple[int, ...]:
        """The sixteen 32-bit words that the loads take, low half before high half (little-endian)."""
        return words_of(self.nr, self.arch, self.instruction_pointer, self.args)


def words_of(nr: int, arch: int, pointer: int, args: Sequence[int]) -> tuple[int, ...]:
    """`SeccompData.words` of these fields."""
    halves = [half for arg in args for half in (arg & WORD, arg >> 32 & WORD)]
    return (nr & WORD, arch, pointer & WORD, pointer >> 32 & WORD, *halves)


@dataclasses.dataclass(slots=True)
class State:
    """The machine between two instructions."""

    pc: int = 0
    a: int = 0
    x: int = 0
    memory: dict[int, int] = dataclasses.field(default_factory=dict)
    path: list[int] = dataclasses.field(default_factory=list)
    """Indexes of the instructions executed so far."""

    def resumed(self) -> State:
        """The same registers and memory to go on from, with a path of its own."""
        return State(self.pc, self.a, self.x, dict(self.memory))


def run(instructions: Sequence[Instruction], words: Sequence[int], state: State, *, stop_before: int = bpf.DATA_SIZE) -> int | None:
    """Goes on from `state`, which it changes, to the filter's result.

    Stops in front of the first load at or behind byte `stop_before` of the data, and then answers None: what was computed up to there holds for
    all data that agree below that byte. The program must be one that `validate` accepts.
    """
    a, x, pc = state.a, state.x, state.pc
    memory, step = state.memory, state.path.append
    try:
        while True:
            code, jt, jf, k = instructions[pc]
            kind = code & 7
            if kind == bpf.LD and code == bpf.LOAD and k >= stop_before:
                return None
            step(pc)
            pc += 1
            if kind == bpf.JMP:
                if code == bpf.JMP | bpf.JA:
                    pc += k
                else:
                    pc += jt if holds(code, a, x if code & bpf.X else k) else jf
            elif kind == bpf.LD:
                a = words[k >> 2] if code == bpf.LOAD else _loaded(code, k, memory)
            elif kind == bpf.RET:
                return a if code & 0x18 == bpf.A else k
            elif kind == bpf.ALU:
                operand = x if code & bpf.X else k
                if code & 0xF0 == bpf.DIV and not operand:
                    return 0
                a = arithmetic(code, a, operand)
            elif kind == bpf.ST:
                memory[k] = a
            elif kind == bpf.STX:
                memory[k] = x
            elif kind == bpf.LDX:
                x = _loaded(code, k, memory)
            elif code == bpf.MISC | bpf.TAX:
                x = a
            else:
                a = x
    finally:
        state.a, state.x, state.pc = a, x, pc


def holds(code: int, a: int, operand: int) -> bool:
    """Whether a conditional jump's test holds."""
    test = code & 0xF0
    if test == bpf.JEQ:
        return a == operand
    if test == bpf.JGT:
        return a > operand
    if test == bpf.JGE:
        return a >= operand
    return bool(a & operand)


def _loaded(code: int, k: int, memory: dict[int, int]) -> int:
    mode = code & 0xE0
    if mode == bpf.MEM:
        return memory[k]
    return bpf.DATA_SIZE if mode == bpf.LEN else k


def arithmetic(code: int, a: int, operand: int) -> int:
    """The new A of an ALU instruction; not for a division by zero."""
    match code & 0xF0:
        case bpf.ADD:
            return (a + operand) & WORD
        case bpf.SUB:
            return (a - operand) & WORD
        case bpf.MUL:
            return (a * operand) & WORD
        case bpf.DIV:
            return a // operand
        case bpf.OR:
            return a | operand
        case bpf.AND:
            return a & operand
        case bpf.LSH:
            return (a << (operand & 31)) & WORD
        case bpf.RSH:
            return a >> (operand & 31)
        case bpf.XOR:
            return a ^ operand
        case _:  # NEG
            return -a & WORD
