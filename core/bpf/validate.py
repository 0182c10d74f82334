"""The kernel's own acceptance checks: which programs seccomp(2) refuses with EINVAL, and why.

Sources: bpf_check_classic and check_load_and_stores in net/core/filter.c, seccomp_check_filter in kernel/seccomp.c.
"""

from __future__ import annotations

from typing import Final

from core.bpf import program as bpf
from core.bpf.program import Instruction, ProgramError, decode_program

_BOTH_SOURCES: Final = (bpf.K, bpf.X)
_ARITHMETIC: Final = (bpf.ADD, bpf.SUB, bpf.MUL, bpf.DIV, bpf.OR, bpf.AND, bpf.LSH, bpf.RSH, bpf.XOR)
_TESTS: Final = (bpf.JEQ, bpf.JGT, bpf.JGE, bpf.JSET)

MEMORY_LOADS: Final = frozenset({bpf.LD | bpf.MEM, bpf.LDX | bpf.MEM})
STORES: Final = frozenset({bpf.ST, bpf.STX})
RETURNS: Final = frozenset({bpf.RET | bpf.K, bpf.RET | bpf.A})
CONDITIONAL_JUMPS: Final = frozenset(bpf.JMP | test | source for test in _TESTS for source in _BOTH_SOURCES)

ALLOWED_CODES: Final = (
    frozenset({bpf.LOAD, bpf.LD | bpf.LEN, bpf.LDX | bpf.LEN, bpf.LD | bpf.IMM, bpf.LDX | bpf.IMM})
    | frozenset(bpf.ALU | operation | source for operation in _ARITHMETIC for source in _BOTH_SOURCES)
    | frozenset({bpf.ALU | bpf.NEG, bpf.MISC | bpf.TAX, bpf.MISC | bpf.TXA, bpf.JMP | bpf.JA})
    | MEMORY_LOADS
    | STORES
    | RETURNS
    | CONDITIONAL_JUMPS
)
"""Every instruction code that a seccomp filter may have; packet loads other than 32-bit words, and MOD, are not among them."""


def validate(program: bytes) -> None:
    """Raises `ProgramError`, naming the instruction, exactly where seccomp(2) would answer EINVAL."""
    instructions = decode_program(program)
    for index, one in enumerate(instructions):
        _check(instructions, index, one)
    if instructions[-1].code not in RETURNS:
        raise ProgramError(f"instruction {len(instructions) - 1}: a filter must end with a return")
    _check_memory(instructions)


def _check(instructions: tuple[Instruction, ...], index: int, one: Instruction) -> None:
    left = len(instructions) - index - 1
    if one.code not in ALLOWED_CODES:
        raise ProgramError(f"instruction {index}: code 0x{one.code:02x} is not allowed in a seccomp filter")
    if one.code == bpf.LOAD and (one.k >= bpf.DATA_SIZE or one.k % 4):
        raise ProgramError(f"instruction {index}: loads from offset {one.k}; offsets are multiples of 4 below {bpf.DATA_SIZE}")
    if one.code == bpf.ALU | bpf.DIV | bpf.K and one.k == 0:
        raise ProgramError(f"instruction {index}: divides by zero")
    if one.code in (bpf.ALU | bpf.LSH | bpf.K, bpf.ALU | bpf.RSH | bpf.K) and one.k >= 32:
        raise ProgramError(f"instruction {index}: shifts by {one.k}; a word has 32 bits")
    if one.code in MEMORY_LOADS | STORES and one.k >= bpf.MEMORY_WORDS:
        raise ProgramError(f"instruction {index}: uses memory word {one.k}; there are {bpf.MEMORY_WORDS}")
    if (one.code == bpf.JMP | bpf.JA and one.k >= left) or (one.code in CONDITIONAL_JUMPS and max(one.jt, one.jf) >= left):
        raise ProgramError(f"instruction {index}: jumps behind the end of the filter")


def _check_memory(instructions: tuple[Instruction, ...]) -> None:
    # One forward pass, as the kernel's: a word may be read where every way to the instruction has written it.
    everything = (1 << bpf.MEMORY_WORDS) - 1
    written_at = [everything] * (len(instructions) + 1)
    written = 0
    for index, (code, jt, jf, k) in enumerate(instructions):
        written &= written_at[index]
        if code in STORES:
            written |= 1 << k
        elif code in MEMORY_LOADS and not written >> k & 1:
            raise ProgramError(f"instruction {index}: reads memory word {k}, which may not have been written before")
        elif code == bpf.JMP | bpf.JA:
            written_at[index + 1 + k] &= written
            written = everything
        elif code in CONDITIONAL_JUMPS:
            written_at[index + 1 + jt] &= written
            written_at[index + 1 + jf] &= written
            written = everything
