"""Seccomp's first mode: the calls that it lets pass."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

STRICT_CALLS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "x86_64": ("read", "write", "exit", "rt_sigreturn"),
        "x86": ("read", "write", "exit", "sigreturn"),
        "aarch64": ("read", "write", "exit", "rt_sigreturn"),
    }
)
"""By architecture; anything else is SIGKILL (mode1_syscalls in kernel/seccomp.c). An x32 call is none of them, for its bit."""

STRICT_MEANINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "read": "from descriptors that are open already",
        "write": "to descriptors that are open already",
        "exit": "ends the thread; libc's exit calls exit_group, which is SIGKILL",
        "rt_sigreturn": "comes back from a signal handler",
        "sigreturn": "comes back from a signal handler",
    }
)
"""What is left of each of them."""
