"""The same machine as `core.bpf.machine`, over many calls at once: one lane a call.

Jumps go forward only, so one pass over the program suffices: at each instruction all lanes that reach it are worked on together, and a jump's test
parts them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from core.bpf import program as bpf
from core.bpf.machine import State
from core.bpf.program import Instruction

Words = npt.NDArray[np.uint32]
Column = Callable[[int], Words]
"""Gives word n (of 16) of every call's seccomp_data."""


@dataclasses.dataclass(slots=True)
class _Lanes:
    # The lanes at one instruction: their rows in the data (None: all of them, in order), and their registers; arrays of one length.
    rows: npt.NDArray[np.intp] | None
    a: Words
    x: Words
    memory: dict[int, Words]

    def part(self, chosen: npt.NDArray[np.bool_]) -> _Lanes:
        memory = {word: values[chosen] for word, values in self.memory.items()}
        rows = np.flatnonzero(chosen) if self.rows is None else self.rows[chosen]
        return _Lanes(rows, self.a[chosen], self.x[chosen], memory)


def run_lanes(instructions: Sequence[Instruction], column: Column, count: int, start: State) -> Words:
    """The results of `count` calls, which all go on from `start` (its path is not looked at)."""
    results = np.zeros(count, np.uint32)
    waiting: dict[int, list[_Lanes]] = {start.pc: [_from_state(start, count)]}
    for pc in range(start.pc, len(instructions)):
        if arrived := waiting.pop(pc, None):
            _step(instructions[pc], pc, _join(arrived), column, waiting, results)
        if not waiting:
            break
    return results


def _from_state(start: State, count: int) -> _Lanes:
    def same(value: int) -> Words:
        return np.broadcast_to(np.uint32(value), count)

    memory = {word: same(value) for word, value in start.memory.items()}
    return _Lanes(None, same(start.a), same(start.x), memory)


def _join(arrived: list[_Lanes]) -> _Lanes:
    if len(arrived) == 1:
        return arrived[0]
    # A word that not every way has written is never read from here on: the kernel checks that.
    common = set.intersection(*(set(lanes.memory) for lanes in arrived))
    return _Lanes(
        np.concatenate([lanes.rows for lanes in arrived if lanes.rows is not None]),
        np.concatenate([lanes.a for lanes in arrived]),
        np.concatenate([lanes.x for lanes in arrived]),
        {word: np.concatenate([lanes.memory[word] for lanes in arrived]) for word in common},
    )


def _step(one: Instruction, pc: int, lanes: _Lanes, column: Column, waiting: dict[int, list[_Lanes]], results: Words) -> None:
    kind = one.code & 7
    if kind == bpf.RET:
        results[slice(None) if lanes.rows is None else lanes.rows] = lanes.a if one.code & 0x18 == bpf.A else one.k
    elif one.code == bpf.JMP | bpf.JA:
        waiting.setdefault(pc + 1 + one.k, []).append(lanes)
    elif kind == bpf.JMP:
        _jump(one, pc, lanes, waiting)
    else:
        _compute(one, lanes, column)
        if one.code == bpf.ALU | bpf.DIV | bpf.X:
            # These lanes end here with 0, which `results` holds already.
            lanes = lanes.part(lanes.x != 0)
        waiting.setdefault(pc + 1, []).append(lanes)


def _jump(one: Instruction, pc: int, lanes: _Lanes, waiting: dict[int, list[_Lanes]]) -> None:
    operand = lanes.x if one.code & bpf.X else np.uint32(one.k)
    match one.code & 0xF0:
        case bpf.JEQ:
            chosen = lanes.a == operand
        case bpf.JGT:
            chosen = lanes.a > operand
        case bpf.JGE:
            chosen = lanes.a >= operand
        case _:
            chosen = (lanes.a & operand) != 0
    count = int(np.count_nonzero(chosen))
    if count == len(chosen):
        waiting.setdefault(pc + 1 + one.jt, []).append(lanes)
    elif count == 0:
        waiting.setdefault(pc + 1 + one.jf, []).append(lanes)
    else:
        waiting.setdefault(pc + 1 + one.jt, []).append(lanes.part(chosen))
        waiting.setdefault(pc + 1 + one.jf, []).append(lanes.part(~chosen))


def _compute(one: Instruction, lanes: _Lanes, column: Column) -> None:
    code, k = one.code, one.k
    kind = code & 7
    if code == bpf.LOAD:
        whole = column(k >> 2)
        lanes.a = whole if lanes.rows is None else whole[lanes.rows]
    elif kind == bpf.LD:
        lanes.a = _loaded(code, k, lanes)
    elif kind == bpf.LDX:
        lanes.x = _loaded(code, k, lanes)
    elif kind == bpf.ST:
        lanes.memory = {**lanes.memory, k: lanes.a}
    elif kind == bpf.STX:
        lanes.memory = {**lanes.memory, k: lanes.x}
    elif kind == bpf.ALU:
        lanes.a = _arithmetic(code, lanes.a, lanes.x if code & bpf.X else np.uint32(k))
    elif code == bpf.MISC | bpf.TAX:
        lanes.x = lanes.a
    else:
        lanes.a = lanes.x


def _loaded(code: int, k: int, lanes: _Lanes) -> Words:
    mode = code & 0xE0
    if mode == bpf.MEM:
        return lanes.memory[k]
    return np.full(len(lanes.a), bpf.DATA_SIZE if mode == bpf.LEN else k, np.uint32)


def _arithmetic(code: int, a: Words, operand: Words | np.uint32) -> Words:
    # uint32 arrays wrap around as the kernel's words do; no array is changed in place, for A, X and memory may share one.
    match code & 0xF0:
        case bpf.ADD:
            return a + operand
        case bpf.SUB:
            return a - operand
        case bpf.MUL:
            return a * operand
        case bpf.DIV:
            return np.asarray(a // np.maximum(operand, np.uint32(1)), np.uint32)
        case bpf.OR:
            return a | operand
        case bpf.AND:
            return a & operand
        case bpf.LSH:
            return a << (operand & np.uint32(31))
        case bpf.RSH:
            return a >> (operand & np.uint32(31))
        case bpf.XOR:
            return a ^ operand
        case _:  # NEG
            return np.uint32(0) - a
