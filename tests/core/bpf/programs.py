"""Random classic BPF programs and random calls, from a seeded generator: the same seed gives the same case."""

from __future__ import annotations

import random
from collections.abc import Sequence

from core.bpf import program as bpf
from core.bpf.machine import SeccompData
from core.bpf.program import Instruction, encode_program, instruction
from core.observer.wire import AUDIT_ARCH_I386, AUDIT_ARCH_X86_64
from tests.core.bpf.kernel import HARMLESS, call_data

ALLOW = 0x7FFF0000
ERRNO = 0x00050000
UNASSIGNED = 500
"""From here on numbers are judged by the random program; they have no call (x86_64: up to 511, and far above)."""

_NUMBERS = (0, 1, 2, 31, 32, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_RESULTS = (
    ALLOW,
    0x7FFC0000,
    ERRNO,
    ERRNO | 1,
    ERRNO | 4095,
    ERRNO | 0xFFFF,
    0x00030007,
    0,
    0x80000000,
    0x7FF00003,
    0x7FC00000,
    0x00010000,
)


def seeded(seed: int) -> random.Random:
    """The generator of one case."""
    return random.Random(seed)  # noqa: S311  # nothing secret is drawn; the same case must come again


def guarded(body: Sequence[Instruction]) -> bytes:
    """A filter that lets everything pass but the calls of `random_calls`, and gives those to `body`, with A and X zero."""
    judged = sorted({nr for numbers in HARMLESS.values() for nr in numbers})
    head = [instruction(bpf.LOAD, bpf.NR_OFFSET), instruction(bpf.JMP | bpf.JGE, UNASSIGNED, len(judged) + 1, 0)]
    for place, nr in enumerate(judged):
        head.append(instruction(bpf.JMP | bpf.JEQ, nr, len(judged) - place, 0))
    head += [instruction(bpf.RET, ALLOW), instruction(bpf.LD | bpf.IMM, 0)]
    return encode_program((*head, *body))


def random_number(source: random.Random) -> int:
    """32 bits, often at an edge."""
    return source.choice((source.choice(_NUMBERS), source.randrange(64), source.getrandbits(32)))


def random_body(source: random.Random) -> list[Instruction]:
    """Instructions that the kernel accepts: memory is written before it is read, jumps stay inside, a return comes last."""
    length = source.randrange(1, 40)
    body = [_random_instruction(source, length - place) for place in range(length)]
    words = sorted({one.k for one in body if one.code in (bpf.LD | bpf.MEM, bpf.LDX | bpf.MEM)})
    stores = [instruction(source.choice((bpf.ST, bpf.STX)), word) for word in words]
    return [*stores, *body, *_ending(source)]


def _ending(source: random.Random) -> list[Instruction]:
    # A result that tells what was computed: the low twelve bits of A as an errno.
    folded = [instruction(bpf.ALU | bpf.AND, 0xFFF), instruction(bpf.ALU | bpf.OR, ERRNO), instruction(bpf.RET | bpf.A)]
    return source.choice((folded, folded, folded, [instruction(bpf.RET, source.choice(_RESULTS))]))


def _random_instruction(source: random.Random, left: int) -> Instruction:
    number = random_number(source)
    operand = source.choice((bpf.K, bpf.X))
    match source.randrange(12):
        case 0 | 1 | 2:
            return instruction(bpf.LOAD, 4 * source.randrange(16))
        case 3:
            return instruction(source.choice((bpf.LD, bpf.LDX)) | source.choice((bpf.IMM, bpf.LEN)), number)
        case 4:
            return instruction(source.choice((bpf.LD, bpf.LDX)) | bpf.MEM, source.randrange(16))
        case 5:
            return instruction(source.choice((bpf.ST, bpf.STX)), source.randrange(16))
        case 6 | 7:
            return _random_arithmetic(source, operand, number)
        case 8 | 9:
            test = source.choice((bpf.JEQ, bpf.JGT, bpf.JGE, bpf.JSET))
            return instruction(bpf.JMP | test | operand, number, source.randrange(left), source.randrange(left))
        case 10:
            return instruction(bpf.MISC | source.choice((bpf.TAX, bpf.TXA)))
        case _:
            jump = instruction(bpf.JMP | bpf.JA, source.randrange(left))
            return source.choice((jump, instruction(bpf.ALU | bpf.NEG), instruction(bpf.RET, source.choice(_RESULTS))))


def _random_arithmetic(source: random.Random, operand: int, number: int) -> Instruction:
    operation = source.choice((bpf.ADD, bpf.SUB, bpf.MUL, bpf.DIV, bpf.OR, bpf.AND, bpf.LSH, bpf.RSH, bpf.XOR))
    if operand == bpf.K and operation in (bpf.LSH, bpf.RSH):
        number %= 32
    if operand == bpf.K and operation == bpf.DIV:
        number = number or 1
    return instruction(bpf.ALU | operation | operand, number)


def random_calls(source: random.Random, count: int) -> list[SeccompData]:
    """Calls that `observe` can make without harm, 64-bit ones and some through int 0x80."""
    calls = []
    for _ in range(count):
        arch = source.choice((AUDIT_ARCH_X86_64, AUDIT_ARCH_X86_64, AUDIT_ARCH_I386))
        nr = source.choice((source.choice(HARMLESS[arch]), source.randrange(UNASSIGNED, 512), source.randrange(600, 0x40000000)))
        args = [source.choice((0, random_number(source), random_number(source) << 32 | random_number(source))) for _ in range(6)]
        calls.append(call_data(arch, nr, args))
    return calls
