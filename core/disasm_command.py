"""`gatescope disasm`: a filter as text that can be read."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from rich.console import Console

from core.bpf.build import BuiltFilter, FilterError
from core.bpf.disassemble import disassemble
from core.bpf.program import INSTRUCTION_SIZE, MAX_INSTRUCTIONS, ProgramError, counted
from core.bpf.stack import build_stack
from core.bpf.validate import validate
from core.complaint import Complaint
from core.listing import listing
from core.policy.model import Seccomp
from core.policy.stack import Layer, layers
from core.run_command import load_policy

_MOST_BYTES: Final = MAX_INSTRUCTIONS * INSTRUCTION_SIZE
_STRICT: Final = (
    'mode "strict": the kernel\'s own four calls (read, write, exit, rt_sigreturn), without a filter; there is nothing to disassemble.'
)
_OFF: Final = 'mode "off": the policy has no filter; there is nothing to disassemble.'


def run(options: argparse.Namespace) -> int:
    """Returns the exit status. Raises `Complaint`."""
    if (options.policy is None) == (options.file is None):
        raise Complaint("disasm wants either --policy FILE or a file with a built filter (struct sock_filter[])")
    console = Console(highlight=False, soft_wrap=True, markup=False)
    if options.file is not None:
        _print(console, _read_program(options.file))
        return 0
    seccomp = load_policy(options.policy).seccomp
    if seccomp.mode != "filter":
        console.print(_STRICT if seccomp.mode == "strict" else _OFF)
        return 0
    for layer, built in zip(layers(seccomp), _build(seccomp, options.policy), strict=True):
        if seccomp.stacked:
            console.print("\n" * (layer.number > 1) + _title(layer, len(seccomp.stacked) + 1))
        _print(console, built.program, f"; our own generator made it: {built.reason}" if built.own else "")
    return 0


def _title(layer: Layer, count: int) -> str:
    note = f": {layer.filter.note}" if layer.filter.note else ""
    return f"Filter {layer.number} of {count}, [{layer.key}]{note}"


def _print(console: Console, program: bytes, remark: str = "") -> None:
    console.print(listing(disassemble(program)))
    console.print(f"{counted(len(program) // INSTRUCTION_SIZE)}, {len(program)} bytes{remark}")


def _build(seccomp: Seccomp, path: Path) -> tuple[BuiltFilter, ...]:
    try:
        return build_stack(seccomp)
    except FilterError as err:
        raise Complaint(f"{path}: {err}") from err


def _read_program(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            program = file.read(_MOST_BYTES + 1)
    except OSError as err:
        raise Complaint(f"{path}: cannot be read: {err.strerror}") from err
    if len(program) > _MOST_BYTES:
        raise Complaint(f"{path}: is not a filter: it has more than the {MAX_INSTRUCTIONS} instructions that the kernel takes")
    try:
        validate(program)
    except ProgramError as err:
        raise Complaint(f"{path}: is not a filter that the kernel would take: {err}") from err
    return program
