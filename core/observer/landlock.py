"""Landlock: which ABI the kernel has, and the steps by which a child puts a ruleset on itself (landlock(7))."""

from __future__ import annotations

import ctypes
import dataclasses
import os
import stat
import struct
from collections.abc import Callable, Iterator
from typing import Final

from core.observer import native, wire
from core.observer.audit import CAP_AUDIT_READ

_SYS_CREATE_RULESET: Final = 444
_SYS_ADD_RULE: Final = 445
_SYS_RESTRICT_SELF: Final = 446
"""The same numbers on every architecture."""

_CREATE_RULESET_VERSION: Final = 1
_LOG_NEW_EXEC_ON: Final = 2
_LOGGING_ABI: Final = 7
_RULE_PATH_BENEATH: Final = 1
_RULE_NET_PORT: Final = 2

_RULESET: Final = struct.Struct("<QQ")  # struct landlock_ruleset_attr: handled_access_fs, handled_access_net (ABI 4)
_PATH_BENEATH: Final = struct.Struct("<Qi")  # packed, landlock.h says
_NET_PORT: Final = struct.Struct("<QQ")

EXECUTE: Final = 1 << 0
READ_FILE: Final = 1 << 2
"""LANDLOCK_ACCESS_FS_*: what execve asks for."""

_ON_FILES: Final = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15  # execute, write_file, read_file, truncate, ioctl_dev
# The kernel refuses a rule on a file that gives a right on directories.


def abi() -> int:
    """The kernel's Landlock ABI, from 1 on; 0 where it has none, or where it is switched off."""
    version = int(native.libc.syscall(_SYS_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(_CREATE_RULESET_VERSION)))
    return max(version, 0)


def without_links(spec: wire.Landlock) -> wire.Landlock:
    """The same rules, on the paths to which theirs lead now: the kernel follows links when it takes them."""
    return dataclasses.replace(spec, paths=tuple((os.path.realpath(top), rights) for top, rights in spec.paths))


def steps(spec: wire.Landlock) -> Iterator[Callable[[], object]]:
    """What the child calls, in this order; each raises OSError. Before the last, it needs no_new_privs or CAP_SYS_ADMIN."""
    ruleset = Ruleset(spec)
    yield ruleset.create
    for path, rights in spec.paths:
        yield PathRule(ruleset, path, rights)
    for port, rights in spec.ports:
        yield PortRule(ruleset, port, rights)
    yield ruleset.restrict


class Ruleset:
    """The ruleset in the making, in the child."""

    def __init__(self, spec: wire.Landlock) -> None:
        # A kernel before ABI 4 does not know the second mask: it takes the longer structure where what it does not know is zero.
        self._attributes = _RULESET.pack(spec.handled_fs, spec.handled_net)
        # By default the kernel's audit log is told only of what the restricted program itself is refused, and not the one that it executes.
        self._flags = _LOG_NEW_EXEC_ON if abi() >= _LOGGING_ABI and native.capget()[0] >> CAP_AUDIT_READ & 1 else 0
        self.fd = -1

    def create(self) -> None:
        """landlock_create_ruleset(2); the descriptor closes on exec."""
        size = ctypes.c_size_t(len(self._attributes))
        self.fd = native.check(native.libc.syscall(_SYS_CREATE_RULESET, self._attributes, size, ctypes.c_uint(0)))

    def add(self, kind: int, attributes: bytes) -> None:
        """landlock_add_rule(2)."""
        native.check(native.libc.syscall(_SYS_ADD_RULE, self.fd, kind, attributes, ctypes.c_uint(0)))

    def restrict(self) -> None:
        """landlock_restrict_self(2)."""
        native.check(native.libc.syscall(_SYS_RESTRICT_SELF, self.fd, ctypes.c_uint(self._flags)))
        os.close(self.fd)


class PathRule:
    """The step that gives rights below a path."""

    def __init__(self, ruleset: Ruleset, path: str, rights: int) -> None:
        self.path = path
        self._ruleset = ruleset
        self._name = os.fsencode(path)
        self._rights = rights

    def __call__(self) -> None:
        # Opened only now: with the target's own rights, since what it cannot reach needs no rule.
        fd = os.open(self._name, os.O_PATH | os.O_CLOEXEC)
        try:
            directory = stat.S_ISDIR(os.fstat(fd).st_mode)
            rights = self._rights if directory else self._rights & _ON_FILES
            if rights:
                self._ruleset.add(_RULE_PATH_BENEATH, _PATH_BENEATH.pack(rights, fd))
        finally:
            os.close(fd)


class PortRule:
    """The step that gives rights on a TCP port."""

    def __init__(self, ruleset: Ruleset, port: int, rights: int) -> None:
        self._ruleset = ruleset
        self._attributes = _NET_PORT.pack(rights, port)

    def __call__(self) -> None:
        self._ruleset.add(_RULE_NET_PORT, self._attributes)
