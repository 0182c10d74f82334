"""Runs in a few words: builders of records, batches and symbols, as an observer would have sent them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.bpf import program as bpf
from core.bpf.program import encode_program, instruction
from core.bpf.stack import build_stack
from core.judge.collect import Batch, Gap
from core.judge.context import JudgeContext
from core.judge.judge import Judge
from core.judge.judged import Judged
from core.judge.records import CALL_DTYPE, CHECK_DTYPE, PROCESS_DTYPE, Capture, Records
from core.judge.symbols import Symbols
from core.judge.verdict import Verdict
from core.knowledge.capabilities import parse_capability
from core.knowledge.errnos import errno_number
from core.knowledge.syscalls import number
from core.observer.wire import AUDIT_ARCH_X86_64, MAX_CAPTURE, CallFlag, CaptureKind, Engine, JudgeFrom, ProcessKind
from core.policy.action import parse_action
from core.policy.model import Rule, Seccomp

PASSED = CallFlag.PASSED | CallFlag.EXITED
STOPPED = CallFlag.EXITED
STOPPED_ENTRY = CallFlag.ENTRY_STOP | CallFlag.EXITED
HERE, INITIAL = 4026532000, 0xEFFFFFFD
"""Inode numbers of a user namespace made by somebody, and of the initial one."""

FUNCTIONS = (
    "capable", "ns_capable", "security_capable", "capable_wrt_inode_uidgid", "inet_create", "generic_permission", "__sys_setresuid",
    "security_vm_enough_memory_mm", "perf_allow_kernel", "do_mlock", "path_mount", "__x64_sys_socket", "sethostname", "inode_permission",
)  # fmt: skip
_ADDRESSES = {name: 0xFFFFFFFF81000000 + place * 0x1000 for place, name in enumerate(FUNCTIONS)}

_ids = itertools.count(1)


def symbols() -> Symbols:
    """Knows `FUNCTIONS`."""
    found = Symbols()
    found.feed("".join(f"{address:016x} {name}\n" for name, address in _ADDRESSES.items()).encode())
    return found


def call(name: str | int, ret: int | str = 0, flags: int = PASSED, *, at: int = 1000, args: Sequence[int] = (), **fields: Any) -> Records:
    """One call record; `ret` may be an errno's name; `at` is when it was entered, 10 ns before it returned."""
    record = np.zeros(1, CALL_DTYPE)
    arch = fields.pop("arch", AUDIT_ARCH_X86_64)
    nr = name if isinstance(name, int) else number(arch, name)
    values = {
        "id": next(_ids),
        "pid": 100,
        "tid": 100,
        "arch": arch,
        "nr": nr,
        "flags": flags,
        "entered_ns": at,
        "exited_ns": at + 10,
    } | fields
    for field, value in values.items():
        record[field] = value
    record["ret"] = -errno_number(ret) if isinstance(ret, str) else ret
    record["args"][0, : len(args)] = args
    return record


def check(of: Records, capability: str, *functions: str, granted: bool = False, **fields: Any) -> Records:
    """One check record inside a call, asked for through `functions` (cap_capable's caller first)."""
    record = np.zeros(1, CHECK_DTYPE)
    values = {
        "call": of["id"][0],
        "time_ns": of["entered_ns"][0] + 1,
        "pid": of["pid"][0],
        "tid": of["tid"][0],
        "capability": parse_capability(capability),
    }
    for field, value in {**values, "granted": granted, "namespace": INITIAL, "own_namespace": INITIAL, **fields}.items():
        record[field] = value
    record["stack"][0, : len(functions)] = [_ADDRESSES[name] for name in functions]
    return record


def process(kind: ProcessKind, *, at: int = 0, **fields: Any) -> Records:
    """One process record, of thread 100 where nothing else is said."""
    record = np.zeros(1, PROCESS_DTYPE)
    for field, value in {"kind": kind, "time_ns": at, "pid": 100, "tid": 100, **fields}.items():
        record[field] = value
    return record


def judging(at: int = 0, tid: int = 100) -> Records:
    return process(ProcessKind.JUDGING, at=at, tid=tid)


def filter_of(name: str, action: str, *, else_: str = "allow") -> bytes:
    """A filter of four instructions: this action for a call of x86_64, another for the rest."""
    number_of = number(AUDIT_ARCH_X86_64, name) or 0
    last = [instruction(bpf.RET, parse_action(word).value) for word in (action, else_)]
    return encode_program((instruction(bpf.LOAD, bpf.NR_OFFSET), instruction(bpf.JMP | bpf.JEQ, number_of, 0, 1), *last))


def install(
    program: bytes, seen: int = PASSED, *, by: str = "seccomp", flags: int = 0, ret: int = 0, **fields: Any
) -> tuple[Records | Capture, ...]:
    """The call by which a thread puts a filter on itself, at 100 ns where nothing else is said, and the captures of its program."""
    args = (1, flags, 0x1000) if by == "seccomp" else (22, 2, 0x1000)
    record = call(by, ret, seen, **{"at": 100, "args": args, **fields})
    pieces = [program[start : start + MAX_CAPTURE] for start in range(0, len(program), MAX_CAPTURE)]
    kind, last, of = int(CaptureKind.PROGRAM), len(pieces) - 1, int(record["id"][0])
    return record, *(Capture(of, place, kind, place < last, False, piece) for place, piece in enumerate(pieces))


def batch(*records: Records | Capture, lost: Mapping[str, int] | None = None) -> Batch:
    """The records sorted into a batch, calls and processes in the order given."""

    def of(dtype: np.dtype[np.void]) -> Records:
        chosen = [record for record in records if isinstance(record, np.ndarray) and record.dtype == dtype]
        return np.concatenate(chosen) if chosen else np.empty(0, dtype)

    captures: dict[int, tuple[Capture, ...]] = {}
    for record in records:
        if isinstance(record, Capture):
            captures[record.call] = (*captures.get(record.call, ()), record)
    return Batch(
        of(CALL_DTYPE), of(CHECK_DTYPE), of(PROCESS_DTYPE), captures, (Gap(0, 2**64 - 1, lost),) if lost else (), lost or {}, 10**9
    )


def policy(*rules: Rule, default: str = "allow", **fields: Any) -> Seccomp:
    return Seccomp(mode="filter", default=default, rules=rules, **fields)


def rule(syscalls: str, action: str, *args: Any) -> Rule:
    return Rule(syscalls=tuple(syscalls.split()), action=action, args=args)


def context(
    seccomp: Seccomp | None = None, engine: Engine = "ebpf", *, strict: bool = False, judge_from: JudgeFrom = "entry", flags: int = 0
) -> JudgeContext:
    """A run under this seccomp section, its filters built as for a real one."""
    filters = tuple(built.program for built in build_stack(seccomp)) if seccomp is not None else ()
    return JudgeContext(engine=engine, filters=filters, flags=flags, rules=seccomp or Seccomp(), strict=strict, judge_from=judge_from)


def judge(circumstances: JudgeContext, *records: Records | Capture, lost: Mapping[str, int] | None = None) -> Judged:
    """One batch judged by a new judge."""
    return Judge(circumstances).judge(batch(*records, lost=lost), symbols())


def verdict(circumstances: JudgeContext, *records: Records | Capture, lost: Mapping[str, int] | None = None) -> Verdict:
    """The verdict on the last of the calls."""
    judged = judge(circumstances, *records, lost=lost)
    return judged.verdict(len(judged) - 1)
