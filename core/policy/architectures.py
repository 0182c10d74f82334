"""The architectures that a filter covers, by the policy's names, and the numbers that its calls have there."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from typing import Final

from core.knowledge import syscalls
from core.policy.error import quoted, suggestion

_MACHINES: Final = {
    "x86_64": "x86_64",
    "i386": "x86",
    "i486": "x86",
    "i586": "x86",
    "i686": "x86",
    "aarch64": "aarch64",
    "arm64": "aarch64",
}

NATIVE: Final = _MACHINES.get(platform.machine(), "x86_64")
"""What "native" means here, and whose numbers a policy's numbers are."""

ARCHITECTURES: Final = ("native", *syscalls.ARCHES)
"""The names that a policy may use."""

MAX_NUMBER: Final = 0x7FFFFFFF
"""seccomp_data.nr is an int, and no call's number is negative."""


def covered(architectures: Iterable[str], arch: int) -> tuple[str, ...]:
    """Those of a policy's architectures whose calls carry this AUDIT_ARCH_* ("x86_64" and "x32" share one), each once, "native" resolved."""
    names = dict.fromkeys(NATIVE if name == "native" else name for name in architectures)
    return tuple(name for name in names if syscalls.ARCHES.get(name) == arch)


def call_number(architecture: str, call: str | int) -> int | None:
    """A call's number as that architecture's filter sees it; None where it has no such call.

    A number is the native architecture's (x32's with bit 30); elsewhere it means the call of the same name, as libseccomp has it.
    """
    if isinstance(call, str):
        return syscalls.number(architecture, call)
    native = syscalls.ARCHES[NATIVE]
    if architecture == syscalls.arch_name(native, call):
        return call
    name = native_name(call)
    return syscalls.number(architecture, name) if name else None


def native_name(nr: int) -> str | None:
    """What a number in a policy is called, as far as the native architecture's table knows it."""
    found = syscalls.syscall(syscalls.ARCHES[NATIVE], nr)
    return found.name if found else None


def check_call_name(name: str) -> str:
    """The name of a call that some architecture has. Raises ValueError with the names that look like it."""
    if any(syscalls.number(architecture, name) is not None for architecture in syscalls.ARCHES):
        return name
    raise ValueError(
        f"{quoted(name)} is not a system call{suggestion(name, syscalls.names(NATIVE)) or '.'} Allowed: a name, a number, or a group such as @network-io."
    )
