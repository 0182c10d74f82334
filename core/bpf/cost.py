"""What filters cost: the instructions that the kernel executes for a call before the call runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Final

from core.bpf import program as bpf
from core.bpf.emulate import Emulation, emulate, strictest
from core.bpf.machine import SeccompData
from core.bpf.program import decode_program
from core.bpf.validate import CONDITIONAL_JUMPS
from core.knowledge.syscalls import ARCHES, number
from core.policy.action import Action, ActionKind
from core.policy.architectures import NATIVE
from core.policy.overlap import witness
from core.policy.rules import ResolvedRule

COMMON_CALLS: Final = (
    "read", "write", "openat", "close", "newfstatat", "fstat", "statx", "mmap", "munmap", "mprotect", "brk", "lseek", "pread64",
    "rt_sigaction", "rt_sigprocmask", "ioctl", "fcntl", "getdents64", "access", "readlink", "futex", "ppoll", "epoll_wait",
    "clone", "clone3", "execve", "wait4", "pipe2", "socket", "connect", "sendto", "recvfrom", "getpid", "clock_nanosleep", "exit_group",
)  # fmt: skip
"""What the most of a build, a shell, a server and the loader consists of (strace -c of make, git, bash and python3 -m http.server)."""

_ZEROS: Final = (0,) * 6
# What the kernel follows when it looks for calls that are always allowed, beside loads of the number and the architecture.
_FOLLOWED: Final = frozenset(
    {bpf.RET | bpf.K, bpf.JMP | bpf.JA, bpf.ALU | bpf.AND | bpf.K, *(code for code in CONDITIONAL_JUMPS if not code & bpf.X)}
)


@dataclasses.dataclass(frozen=True, slots=True)
class Cost:
    """Of one call, over all filters."""

    call: str
    least: int
    most: int
    """More than `least` where the filters look at the arguments."""
    cached: bool
    """The kernel knows beforehand that the answer is allow, whatever the arguments, and executes nothing (a bitmap, since Linux 5.11)."""
    action: Action
    """The answer to arguments that are all 0."""

    @property
    def words(self) -> str:
        """ "none", "7", "7–19"."""
        if self.cached:
            return "none"
        return str(self.least) if self.least == self.most else f"{self.least}–{self.most}"


def costs(filters: Sequence[bytes], rules: Iterable[ResolvedRule] = (), calls: Iterable[str] = COMMON_CALLS) -> tuple[Cost, ...]:
    """Of these calls of the native architecture, those that it has, in their order.

    `rules` are the native rules of all filters: arguments that they name are tried beside zeros.
    """
    rules = tuple(rules)
    found = ((name, nr) for name in calls if (nr := number(NATIVE, name)) is not None)
    return tuple(_cost(filters, name, nr, [_ZEROS, *_named(rules, nr)]) for name, nr in found)


def _named(rules: Iterable[ResolvedRule], nr: int) -> list[tuple[int, ...]]:
    return [args for rule in rules if nr in rule.nrs and (args := witness(rule.tests)) is not None]


def _cost(filters: Sequence[bytes], name: str, nr: int, tried: Sequence[tuple[int, ...]]) -> Cost:
    runs = [[emulate(program, SeccompData(nr, ARCHES[NATIVE], 0, args)) for program in filters] for args in tried]
    counts = [sum(len(emulation.path) for emulation in run) for run in runs]
    cached = all(_is_cached(program, emulation) for program, emulation in zip(filters, runs[0], strict=True))
    action = Action.from_value(strictest([emulation.value for emulation in runs[0]]))
    return Cost(name, min(counts), max(counts), cached, action)


def _is_cached(program: bytes, emulation: Emulation) -> bool:
    # As seccomp_is_const_allow in kernel/seccomp.c has it.
    if Action.from_value(emulation.value) != Action(ActionKind.ALLOW):
        return False
    instructions = decode_program(program)
    executed = [instructions[index] for index in emulation.path]
    return all(one.code in _FOLLOWED or (one.code == bpf.LOAD and one.k < bpf.POINTER_OFFSET) for one in executed)
