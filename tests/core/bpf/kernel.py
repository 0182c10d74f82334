"""The running kernel as the oracle: what it makes of a call under given seccomp filters, and whether it takes a filter at all.

Everything happens in forked children, in a thread of theirs that loads the filters for itself alone, so that kill-thread and kill-process can be told
apart. The calls are made by a few bytes of machine code of our own: libc would change the result, and its instruction pointer is not known.
"""

from __future__ import annotations

import ctypes
import dataclasses
import errno
import mmap
import os
import resource
import signal
import struct
import threading
import time
from collections.abc import Sequence

from core.bpf.machine import SeccompData
from core.observer.wire import AUDIT_ARCH_I386, AUDIT_ARCH_X86_64

CODE_ADDRESS = 0x1_2345_6000
"""Where the calls are made from: above 4 GiB, so that the instruction pointer has a high half."""

_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP = 317
_SET_MODE_FILTER = 1
_TGKILL = 234
_GETTID = 186

# rdi points at nr and six arguments; the result comes back in rax.
_CALL_64 = bytes.fromhex("488b07 488b7710 488b5718 4c8b5720 4c8b4728 4c8b4f30 488b7f08 0f05 c3")
_CALL_32 = bytes.fromhex("5355 8b07 8b5f08 8b4f10 8b5718 8b7720 8b6f30 8b7f28 cd80 5d5b c3")
_POINTERS = {AUDIT_ARCH_X86_64: CODE_ADDRESS + 29, AUDIT_ARCH_I386: CODE_ADDRESS + 64 + 24}
_ENTRIES = {AUDIT_ARCH_X86_64: CODE_ADDRESS, AUDIT_ARCH_I386: CODE_ADDRESS + 64}

HARMLESS = {AUDIT_ARCH_X86_64: (39, 110, 111, 186), AUDIT_ARCH_I386: (20, 64, 65, 224)}
"""getpid, getppid, getpgrp, gettid: no arguments, a positive result; the harness makes none of them itself while a filter judges."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


@dataclasses.dataclass(frozen=True, slots=True)
class Observed:
    """What became of a call."""

    kind: str
    """"ran", "returned", "trapped", "thread killed", "process killed"."""
    value: int = 0
    """The raw result (-errno on failure); for a trap the filter's data."""


def call_data(arch: int, nr: int, args: Sequence[int]) -> SeccompData:
    """The data that filters see of a call made by `observe`."""
    width = 0xFFFFFFFF if arch == AUDIT_ARCH_I386 else 0xFFFFFFFFFFFFFFFF
    return SeccompData(nr, arch, _POINTERS[arch], tuple(arg & width for arg in args))


def expected(value: int, data: SeccompData) -> Observed:
    """What a filter's result must look like from outside, for a call that nothing but the filter stops."""
    action, detail = value & 0xFFFF0000, value & 0xFFFF
    match action:
        case 0x00050000:
            return Observed("returned", -min(detail, 4095))
        case 0x00030000:
            return Observed("trapped", detail)
        case 0x00000000:
            return Observed("thread killed")
        case 0x7FC00000 | 0x7FF00000:
            return Observed("returned", -errno.ENOSYS)
        case 0x7FFC0000 | 0x7FFF0000:
            return Observed("ran") if data.nr in HARMLESS[data.arch] else Observed("returned", -errno.ENOSYS)
        case _:
            return Observed("process killed")


def observe(filters: Sequence[bytes], calls: Sequence[SeccompData]) -> list[Observed]:
    """Makes each call once under the filters, loaded in their order. The filters must allow what the harness needs: see `guarded`."""
    observed: list[Observed] = []
    while len(observed) < len(calls):
        observed += _in_a_child(filters, calls[len(observed) :])
    return observed


def makes_32_bit_calls() -> bool:
    """Whether int 0x80 works here; without it the child dies of a segmentation fault."""
    try:
        return observe([], [call_data(AUDIT_ARCH_I386, HARMLESS[AUDIT_ARCH_I386][0], [0] * 6)]) == [Observed("ran")]
    except AssertionError:
        return False


# ── the parent's side ─────────────────────────────────────────────────────────────────────────────────────────────

_RUNNING, _RETURNED, _TRAPPED = 1, 2, 3
_RESULT = struct.Struct("<qq")
_THREAD_GONE, _NOT_LOADED = 71, 72


def _in_a_child(filters: Sequence[bytes], calls: Sequence[SeccompData]) -> list[Observed]:
    with mmap.mmap(-1, max(_RESULT.size * len(calls), 1)) as shared:
        pid = os.fork()
        if pid == 0:
            _child(filters, calls, shared)
        _, status = os.waitpid(pid, 0)
        return _read(shared, calls, status)


def _read(shared: mmap.mmap, calls: Sequence[SeccompData], status: int) -> list[Observed]:
    if status == _NOT_LOADED << 8:
        raise AssertionError("the kernel refused the filter")
    observed = []
    for number, call in enumerate(calls):
        state, value = _RESULT.unpack_from(shared, number * _RESULT.size)
        if state == _RETURNED:
            observed.append(Observed("ran") if value > 0 and call.nr in HARMLESS[call.arch] else Observed("returned", value))
        elif state == _TRAPPED:
            observed.append(Observed("trapped", value))
        elif state == _RUNNING and os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGSYS, f"the child died of signal {os.WTERMSIG(status)}"
            return [*observed, Observed("process killed")]
        elif state == _RUNNING and status == _THREAD_GONE << 8:
            return [*observed, Observed("thread killed")]
        else:
            raise AssertionError(f"the child ended with status {status:#x} before call {number}")
    return observed


# ── the child's side ──────────────────────────────────────────────────────────────────────────────────────────────


def _child(filters: Sequence[bytes], calls: Sequence[SeccompData], shared: mmap.mmap) -> None:
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _map_code()
        current = _catch_traps(shared)
        tids: list[int] = []
        threading.Thread(target=_worker, args=(filters, calls, shared, current, tids), daemon=True).start()
        pid = os.getpid()
        while not tids:
            time.sleep(0.0001)
        while _libc.syscall(_TGKILL, pid, tids[0], 0) == 0:
            time.sleep(0.0002)
        os._exit(_THREAD_GONE)
    except BaseException:  # a child of fork must never return into the test
        os._exit(70)


def _map_code() -> None:
    protection = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    fixed_no_replace = 0x100000
    place = _libc.mmap(CODE_ADDRESS, 4096, protection, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | fixed_no_replace, -1, 0)
    if place != CODE_ADDRESS:
        os._exit(70)
    ctypes.memmove(CODE_ADDRESS, _CALL_64, len(_CALL_64))
    ctypes.memmove(CODE_ADDRESS + 64, _CALL_32, len(_CALL_32))


class _SignalAction(ctypes.Structure):
    _fields_ = (("handler", ctypes.c_void_p), ("mask", ctypes.c_ulong * 16), ("flags", ctypes.c_int), ("restorer", ctypes.c_void_p))


_Handler = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_kept: list[object] = []


def _catch_traps(shared: mmap.mmap) -> list[int]:
    # SIGSYS comes at our own syscall instruction, outside the interpreter, so a Python callback may run there.
    current = [0]

    def on_trap(_number: int, info: int, _context: int) -> None:
        detail = ctypes.c_int.from_address(info + 4).value
        _RESULT.pack_into(shared, current[0] * _RESULT.size, _TRAPPED, detail)

    handler = _Handler(on_trap)
    siginfo = 4
    action = _SignalAction(ctypes.cast(handler, ctypes.c_void_p), flags=siginfo)
    _kept.extend((handler, action))
    if _libc.sigaction(signal.SIGSYS, ctypes.byref(action), None):
        os._exit(70)
    return current


def _worker(filters: Sequence[bytes], calls: Sequence[SeccompData], shared: mmap.mmap, current: list[int], tids: list[int]) -> None:
    tid = _libc.syscall(_GETTID)
    functions = {arch: ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(address) for arch, address in _ENTRIES.items()}
    arguments = [(ctypes.c_uint64 * 7)(call.nr, *call.args) for call in calls]
    for program in filters:
        if load(program):
            os._exit(_NOT_LOADED)
    tids.append(tid)
    for number, call in enumerate(calls):
        current[0] = number
        _RESULT.pack_into(shared, number * _RESULT.size, _RUNNING, 0)
        value = functions[call.arch](ctypes.addressof(arguments[number]))
        state, _ = _RESULT.unpack_from(shared, number * _RESULT.size)
        if state == _RUNNING:
            _RESULT.pack_into(shared, number * _RESULT.size, _RETURNED, value)
    os._exit(0)


def load(program: bytes) -> int:
    """Puts the calling thread under the filter (no_new_privs first); 0 or the errno."""
    buffer = ctypes.create_string_buffer(program, len(program))
    header = _Program(len(program) // 8, ctypes.addressof(buffer))
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return ctypes.get_errno()
    if _libc.syscall(_SECCOMP, _SET_MODE_FILTER, 0, ctypes.byref(header)):
        return ctypes.get_errno()
    return 0


def accepted(programs: Sequence[bytes]) -> list[int]:
    """For each program, 0 or the errno of seccomp(2). Each must begin by allowing everything, for they stay loaded; a child takes up to 1000."""
    with mmap.mmap(-1, max(4 * len(programs), 1)) as shared:
        pid = os.fork()
        if pid == 0:
            try:
                for number, program in enumerate(programs):
                    struct.pack_into("<i", shared, 4 * number, load(program))
            finally:
                os._exit(0)
        _, status = os.waitpid(pid, 0)
        assert status == 0, f"the child ended with status {status:#x}"
        return [value for (value,) in struct.iter_unpack("<i", shared[: 4 * len(programs)])]
