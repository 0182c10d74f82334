"""What the kernel does under a policy's filters: each call really made, in a child of its own."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Callable

from core.bpf.stack import build_stack
from core.knowledge.syscalls import number
from core.policy.architectures import NATIVE
from core.policy.model import Policy
from tests.core.bpf.kernel import load

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.syscall.argtypes = [ctypes.c_long] + [ctypes.c_ulong] * 6


def outcome(policy: Policy, call: str, *args: int | bytes) -> int:
    """The errno of a call under the policy (0: it worked); a negative number is the signal that ended the child."""
    nr = number(NATIVE, call)
    assert nr is not None
    return under(policy, lambda: _made(nr, args))


def under(policy: Policy, work: Callable[[], int]) -> int:
    """What `work` gives (0 to 255) in a child under the policy's filters; a negative number is the signal that ended it."""
    filters = [built.program for built in build_stack(policy.seccomp)]
    pid = os.fork()
    if pid == 0:
        try:
            for program in filters:
                if load(program):
                    os._exit(255)
            os._exit(work())
        finally:
            os._exit(254)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _made(nr: int, args: tuple[int | bytes, ...]) -> int:
    kept = [ctypes.create_string_buffer(arg) if isinstance(arg, bytes) else arg for arg in args]
    plain = [ctypes.addressof(arg) if not isinstance(arg, int) else arg & 0xFFFFFFFFFFFFFFFF for arg in kept]
    before = os.getpid()
    result = _libc.syscall(nr, *plain, *[0] * (6 - len(plain)))
    if os.getpid() != before:
        os._exit(0)  # the child of a fork or clone
    return ctypes.get_errno() if result == -1 else 0


def clone_args() -> bytes:
    """struct clone_args of a plain fork."""
    return struct.pack("<8Q", 0, 0, 0, 0, 17, 0, 0, 0)
