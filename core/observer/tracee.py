"""A stopped tracee: its registers, its memory, and system calls made through it (ptrace(2), x86_64)."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from core.observer import native

CONT: Final = 7
SINGLESTEP: Final = 9
GETREGS: Final = 12
SETREGS: Final = 13
DETACH: Final = 17
SYSCALL: Final = 24
GETEVENTMSG: Final = 0x4201
GETSIGINFO: Final = 0x4202
SEIZE: Final = 0x4206
INTERRUPT: Final = 0x4207
LISTEN: Final = 0x4208
GET_SYSCALL_INFO: Final = 0x420E
"""Requests of ptrace(2)."""

_POKEUSER: Final = 6
_DEBUG_REGISTERS: Final = 848
"""offsetof(struct user, u_debugreg) on x86_64."""

OPTION_SYSGOOD: Final = 1
OPTION_FORK: Final = 2
OPTION_VFORK: Final = 4
OPTION_CLONE: Final = 8
OPTION_EXEC: Final = 16
OPTION_EXITKILL: Final = 1 << 20

EVENT_FORK: Final = 1
EVENT_VFORK: Final = 2
EVENT_CLONE: Final = 3
EVENT_EXEC: Final = 4
EVENT_STOP: Final = 128

WALL: Final = 0x40000000
"""__WALL of waitpid(2)."""

STOP_SIGNALS: Final = frozenset((signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU))

ptrace: Final = native.libc.ptrace
ptrace.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
ptrace.restype = ctypes.c_long

# fmt: off
_REGISTERS: Final = (
    "r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi", "orig_rax",
    "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs",
)  # struct user_regs_struct, sys/user.h
# fmt: on
_REGISTER_STRUCT: Final = struct.Struct(f"<{len(_REGISTERS)}Q")
_ARGUMENTS: Final = ("rdi", "rsi", "rdx", "r10", "r8", "r9")
_CODE_SEGMENT_64: Final = 0x33

AT_ENTRY: Final = 9
AT_SYSINFO_EHDR: Final = 33


class TraceeGone(Exception):
    """The process ended (`status` is its wait status) or was killed while we worked on it."""

    def __init__(self, status: int | None = None) -> None:
        super().__init__("the traced process ended")
        self.status = status


def request(number: int, pid: int, address: int = 0, data: int = 0) -> int:
    """ptrace(2). Raises OSError, and `TraceeGone` where the tracee is no longer there to ask."""
    try:
        return native.check(ptrace(number, pid, address, data))
    except ProcessLookupError:
        raise TraceeGone from None


def event_message(pid: int) -> int:
    """The number that comes with an event stop."""
    message = ctypes.c_ulong()
    request(GETEVENTMSG, pid, 0, ctypes.addressof(message))
    return message.value


def signal_info(pid: int) -> tuple[int, int, int]:
    """(si_signo, si_errno, si_code) of the signal at which the tracee is stopped."""
    buffer = ctypes.create_string_buffer(128)
    request(GETSIGINFO, pid, 0, ctypes.addressof(buffer))
    number, error, code = struct.unpack_from("<3i", buffer)
    return number, error, code


def registers(pid: int) -> dict[str, int]:
    """All general registers, by name."""
    buffer = ctypes.create_string_buffer(_REGISTER_STRUCT.size)
    request(GETREGS, pid, 0, ctypes.addressof(buffer))
    return dict(zip(_REGISTERS, _REGISTER_STRUCT.unpack(buffer.raw), strict=True))


def set_registers(pid: int, values: dict[str, int]) -> None:
    """Set all general registers."""
    buffer = ctypes.create_string_buffer(_REGISTER_STRUCT.pack(*(values[name] for name in _REGISTERS)), _REGISTER_STRUCT.size)
    request(SETREGS, pid, 0, ctypes.addressof(buffer))


def is_64_bit(values: dict[str, int]) -> bool:
    """Whether the processor runs the tracee's code in 64-bit mode."""
    return values["cs"] == _CODE_SEGMENT_64


def read_memory(pid: int, address: int, size: int) -> bytes:
    """`size` bytes of the tracee's memory. Raises OSError where not all of them can be read."""
    buffer = ctypes.create_string_buffer(size)
    _transfer(native.process_vm_readv, pid, buffer, address, size)
    return buffer.raw


def write_memory(pid: int, address: int, data: bytes) -> None:
    """Write to the tracee's memory. Raises OSError where not all of it can be written."""
    _transfer(native.process_vm_writev, pid, ctypes.create_string_buffer(data, len(data)), address, len(data))


def _transfer(transfer: Callable[..., int], pid: int, buffer: ctypes.Array[ctypes.c_char], address: int, size: int) -> None:
    local = struct.pack("<QQ", ctypes.addressof(buffer), size)
    remote = struct.pack("<QQ", address, size)
    if native.check(transfer(pid, local, 1, remote, 1, 0)) != size:
        raise OSError(14, f"only a part of the {size} bytes at {address:#x} is the target's")


def auxiliary_vector(pid: int) -> dict[int, int]:
    """What the kernel handed to the program at exec, by AT_*. Raises OSError."""
    return dict(struct.iter_unpack("<QQ", Path(f"/proc/{pid}/auxv").read_bytes()))


def mappings(pid: int) -> Iterator[tuple[int, int, str]]:
    """(start, end, permissions) of the tracee's memory, in order of address."""
    for line in Path(f"/proc/{pid}/maps").read_text(errors="surrogateescape").splitlines():
        addresses, permissions = line.split()[:2]
        start, end = addresses.split("-")
        yield int(start, 16), int(end, 16), permissions


def set_breakpoint(pid: int, address: int | None) -> None:
    """Stop this thread before it executes `address` (None: no longer), by a debug register: its code stays as it is.

    exec and fork leave it behind.
    """
    if address is None:
        request(_POKEUSER, pid, _DEBUG_REGISTERS + 7 * 8, 0)
    else:
        request(_POKEUSER, pid, _DEBUG_REGISTERS, address)
        request(_POKEUSER, pid, _DEBUG_REGISTERS + 7 * 8, 1)


class Held:
    """A tracee that stays in our hands from stop to stop; signals that arrive meanwhile are sent anew afterwards."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._signals: list[int] = []

    def step(self) -> None:
        """Let it execute one instruction. Raises `TraceeGone`."""
        request(SINGLESTEP, self.pid)
        while True:
            _, status = os.waitpid(self.pid, WALL)
            if not os.WIFSTOPPED(status):
                raise TraceeGone(status)
            if status >> 16:
                request(SINGLESTEP, self.pid)
                continue
            if os.WSTOPSIG(status) == signal.SIGTRAP:
                return
            self._signals.append(os.WSTOPSIG(status))
            request(SINGLESTEP, self.pid)

    def release(self) -> None:
        """Send what was held back."""
        for number in self._signals:
            with contextlib.suppress(ProcessLookupError):
                native.tgkill(self.pid, self.pid, number)
        self._signals.clear()

    def call(self, instruction: int, number: int, *arguments: int) -> int:
        """Make the tracee execute a system call at `instruction` (the address of one) and return what the kernel answered (-errno)."""
        before = registers(self.pid)
        changed = dict(before, rip=instruction, rax=number, orig_rax=2**64 - 1)
        changed.update(zip(_ARGUMENTS, arguments, strict=False))
        set_registers(self.pid, changed)
        self.step()
        answer = registers(self.pid)["rax"]
        set_registers(self.pid, before)
        return answer - 2**64 if answer >> 63 else answer


def syscall_instruction(pid: int) -> int:
    """The address of a `syscall` instruction in the tracee's vdso, so that none has to be written. Raises OSError."""
    start = auxiliary_vector(pid).get(AT_SYSINFO_EHDR, 0)
    for low, high, _ in mappings(pid):
        if low == start:
            offset = read_memory(pid, low, high - low).find(b"\x0f\x05")
            if offset >= 0:
                return low + offset
    raise OSError(2, "the target has no vdso with a syscall instruction in it")
