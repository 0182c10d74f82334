"""A classic BPF program as seccomp(2) takes it: instructions, their encoding, and the fields of the data that they read.

Sources: linux/filter.h, linux/bpf_common.h, linux/seccomp.h.
"""

from __future__ import annotations

import functools
import struct
from typing import Final, NamedTuple

MAX_INSTRUCTIONS: Final = 4096
"""BPF_MAXINSNS: a longer program is refused by the kernel."""

INSTRUCTION_SIZE: Final = 8
DATA_SIZE: Final = 64
"""sizeof(struct seccomp_data), in bytes."""

MEMORY_WORDS: Final = 16
"""BPF_MEMWORDS: the scratch memory, in 32-bit words."""

# Classes, the lowest three bits of a code.
LD, LDX, ST, STX, ALU, JMP, RET, MISC = range(8)
# Sources and modes.
K, X, A = 0x00, 0x08, 0x10
IMM, ABS, MEM, LEN = 0x00, 0x20, 0x60, 0x80
# Arithmetic.
ADD, SUB, MUL, DIV, OR, AND, LSH, RSH, NEG, MOD, XOR = range(0x00, 0xB0, 0x10)
# Jumps.
JA, JEQ, JGT, JGE, JSET = range(0x00, 0x50, 0x10)
# Miscellaneous.
TAX, TXA = 0x00, 0x80

LOAD: Final = LD | ABS
"""Loads a 32-bit word of seccomp_data into A; the only load from the data that seccomp allows."""

NR_OFFSET: Final = 0
ARCH_OFFSET: Final = 4
POINTER_OFFSET: Final = 8
ARGUMENTS_OFFSET: Final = 16

_FORMAT: Final = struct.Struct("<HBBI")


class ProgramError(ValueError):
    """The bytes are not a program that seccomp(2) would take; the sentence says why."""


class Instruction(NamedTuple):
    """struct sock_filter: what to do, how many instructions to skip when a jump's test holds and when not, and the operand."""

    code: int
    jt: int
    jf: int
    k: int


def instruction(code: int, k: int = 0, jt: int = 0, jf: int = 0) -> Instruction:
    """In the order of the kernel's BPF_STMT and BPF_JUMP macros."""
    return Instruction(code, jt, jf, k)


@functools.lru_cache(maxsize=64)
def decode_program(program: bytes) -> tuple[Instruction, ...]:
    """Little-endian struct sock_filter[], as export_bpf writes and seccomp(2) reads it. Raises `ProgramError` for a wrong length."""
    count, rest = divmod(len(program), INSTRUCTION_SIZE)
    if rest:
        raise ProgramError(
            f"a filter consists of instructions of {INSTRUCTION_SIZE} bytes, but this one has {len(program)} bytes: is it cut off, or not a filter?"
        )
    if not 1 <= count <= MAX_INSTRUCTIONS:
        raise ProgramError(f"a filter has 1 to {MAX_INSTRUCTIONS} instructions, not {count}")
    return tuple(Instruction(*fields) for fields in _FORMAT.iter_unpack(program))


def encode_program(instructions: tuple[Instruction, ...]) -> bytes:
    """The inverse of `decode_program`."""
    return b"".join(_FORMAT.pack(*fields) for fields in instructions)


def counted(instructions: int) -> str:
    """ "1 instruction", "9 instructions"."""
    return f"{instructions} {'instruction' if instructions == 1 else 'instructions'}"
