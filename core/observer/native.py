"""The few system calls that neither os nor python-prctl offers, through ctypes; each raises OSError as os does."""

from __future__ import annotations

import ctypes
import os
import signal
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final

libc: Final = ctypes.PyDLL(None, use_errno=True)
"""PyDLL: the observer has one thread, so giving up the interpreter lock around each call would be wasted time."""

PR_SET_KEEPCAPS: Final = 8
PR_CAPBSET_READ: Final = 23
PR_CAPBSET_DROP: Final = 24
PR_GET_SECUREBITS: Final = 27
PR_SET_SECUREBITS: Final = 28
SECBIT_KEEP_CAPS: Final = 1 << 4
PR_CAP_AMBIENT: Final = 47
PR_CAP_AMBIENT_RAISE: Final = 2
PR_CAP_AMBIENT_CLEAR_ALL: Final = 4

CLONE_NEWUSER: Final = 0x10000000

SYS_SECCOMP: Final = 317
SYS_PRCTL: Final = 157
SYS_MMAP: Final = 9
SYS_MUNMAP: Final = 11
SYS_EXECVE: Final = 59
"""Numbers of the x86_64 table."""

SECCOMP_SET_MODE_STRICT: Final = 0
SECCOMP_SET_MODE_FILTER: Final = 1

LIBRARY_SIGNALS: Final = (32, 33)
"""The C library keeps these for itself and has sigaction(3) refuse them; they are inherited as ignored all the same."""

_SYS_RT_SIGACTION: Final = 13
_SYS_TGKILL: Final = 234
_CAPABILITY_VERSION_3: Final = 0x20080522
_SFD_FLAGS: Final = os.O_CLOEXEC | os.O_NONBLOCK
_SIGINFO_SIZE: Final = 128

_CAP_HEADER: Final = struct.Struct("<Ii")
_CAP_DATA: Final = struct.Struct("<6I")


def check(result: int) -> int:
    """The result of a libc call, or OSError with its errno where it is -1."""
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


_prctl = libc.prctl
_prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong)
_syscall = libc.syscall
_syscall.restype = ctypes.c_long


def prctl(option: int, first: int = 0, second: int = 0) -> int:
    """prctl(2), for what python-prctl lacks: the ambient set, and capabilities newer than itself."""
    return check(_prctl(option, first, second, 0, 0))


def unshare(flags: int) -> None:
    """unshare(2)."""
    check(libc.unshare(flags))


def tgkill(pid: int, tid: int, number: int) -> None:
    """tgkill(2): ESRCH also where `tid` is no thread of `pid`."""
    check(_syscall(_SYS_TGKILL, pid, tid, number))


def reset_signal(number: int) -> None:
    """Set a signal's action to the default, past the C library (rt_sigaction(2))."""
    check(_syscall(_SYS_RT_SIGACTION, number, bytes(32), None, 8))


def current_cpu() -> int:
    """The processor that this thread runs on."""
    return check(libc.sched_getcpu())


def last_capability() -> int:
    """The number of the newest capability that this kernel knows."""
    return int(Path("/proc/sys/kernel/cap_last_cap").read_text())


def capget() -> tuple[int, int, int]:
    """Our own (effective, permitted, inheritable) masks."""
    data = ctypes.create_string_buffer(_CAP_DATA.size)
    check(libc.capget(_CAP_HEADER.pack(_CAPABILITY_VERSION_3, 0), data))
    low_e, low_p, low_i, high_e, high_p, high_i = _CAP_DATA.unpack(data.raw)
    return low_e | high_e << 32, low_p | high_p << 32, low_i | high_i << 32


def capset(effective: int, permitted: int, inheritable: int) -> None:
    """capset(2) on ourselves."""
    low, high = (tuple(mask >> shift & 0xFFFFFFFF for mask in (effective, permitted, inheritable)) for shift in (0, 32))
    check(libc.capset(_CAP_HEADER.pack(_CAPABILITY_VERSION_3, 0), _CAP_DATA.pack(*low, *high)))


def sock_fprog(program: bytes, address: int) -> bytes:
    """struct sock_fprog for a filter whose instructions lie at `address`."""
    return struct.pack("<H6xQ", len(program) // 8, address)


def load_filter(program: bytes, flags: int) -> None:
    """seccomp(2): put a filter on ourselves."""
    code = ctypes.create_string_buffer(program, len(program))
    check(_syscall(SYS_SECCOMP, SECCOMP_SET_MODE_FILTER, ctypes.c_uint(flags), sock_fprog(program, ctypes.addressof(code))))


def signal_fd(signals: Iterable[int]) -> int:
    """Block these signals and return a descriptor that is readable while one is pending (signalfd(2), non-blocking, close on exec)."""
    numbers = list(signals)
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    mask = struct.pack("<16Q", sum(1 << number - 1 for number in numbers), *[0] * 15)
    return check(libc.signalfd(-1, mask, _SFD_FLAGS))


def pending_signals(fd: int) -> set[int]:
    """Take what a `signal_fd` holds: the numbers."""
    numbers: set[int] = set()
    while True:
        try:
            data = os.read(fd, _SIGINFO_SIZE * 16)
        except BlockingIOError:
            return numbers
        numbers.update(struct.unpack_from("<I", data, offset)[0] for offset in range(0, len(data), _SIGINFO_SIZE))


process_vm_readv: Final = libc.process_vm_readv
"""process_vm_readv(2) itself: it returns -1 where nothing can be read, and raises nothing."""
process_vm_writev: Final = libc.process_vm_writev
for _function in (process_vm_readv, process_vm_writev):
    _function.restype = ctypes.c_ssize_t
    _function.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong)

wait4: Final = libc.wait4
"""wait4(2) itself, which unlike os.waitpid comes back when a signal interrupts it (-1)."""
ptrace: Final = libc["ptrace"]
"""ptrace(2) itself, for the engine's loop.

Neither has argument types, which would cost a third more: ints for what is an int, c_void_p for what is not.
"""
