"""The table of calls that ask for capabilities."""

import ctypes
import errno
import os
import socket
from collections.abc import Callable

import pytest

from core import resources
from core.knowledge.capabilities import CAPABILITIES, capability_name
from core.knowledge.privileged_calls import REFUSAL_ERRNOS, privileged_call, refusal_errnos
from core.knowledge.syscalls import ARCHES, number

ROWS = resources.rows("privileged/calls.tsv")


def named(call: str, args: tuple[int, ...], error: int) -> tuple[str, ...]:
    found = privileged_call(call, args + (0,) * (6 - len(args)), error)
    return tuple(capability_name(number) for number in found.capabilities) if found else ()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]}")
def test_each_row_names_a_call_and_a_source(row: list[str]) -> None:
    call, _, _, _, source = row
    assert any(number(arch, call) is not None for arch in ARCHES)
    assert ": " in source or " and " in source


@pytest.mark.parametrize(
    ("call", "args", "error", "capabilities"),
    [
        ("socket", (2, 0x80003), errno.EPERM, ("NET_RAW",)),
        ("socket", (2, 1), errno.EPERM, ()),
        ("socket", (17, 2), errno.EPERM, ("NET_RAW",)),
        ("socket", (2, 3), errno.EACCES, ()),
        ("mknod", (0, 0o20666), errno.EPERM, ("MKNOD",)),
        ("mknod", (0, 0o10666), errno.EPERM, ()),
        ("unshare", (0x10000000,), errno.EPERM, ()),
        ("unshare", (0x10020000,), errno.EPERM, ("SYS_ADMIN",)),
        ("prlimit64", (0, 7, 0), errno.EPERM, ()),
        ("prlimit64", (0, 7, 0xFFFF_0000_1000), errno.EPERM, ("SYS_RESOURCE",)),
        ("mlock", (), errno.ENOMEM, ("IPC_LOCK",)),
        ("bpf", (), errno.EPERM, ("BPF", "SYS_ADMIN")),
        ("openat", (), errno.EACCES, ()),
    ],
)
def test_look_up(call: str, args: tuple[int, ...], error: int, capabilities: tuple[str, ...]) -> None:
    assert named(call, args, error) == capabilities


def test_rubbish_above_an_int_argument_does_not_matter() -> None:
    assert named("socket", (0xDEAD_0000_0002, 0xBEEF_0000_0003), errno.EPERM) == ("NET_RAW",)


def test_all_errnos_are_telling() -> None:
    assert {errno.EPERM, errno.EACCES, errno.ENOMEM} <= refusal_errnos()
    assert errno.ENOENT not in refusal_errnos()
    assert set(REFUSAL_ERRNOS) <= {capability.number for capability in CAPABILITIES}


def _refused(call: str) -> int:
    # The errno of a call that is made without any capability, in a child.
    attempts: dict[str, Callable[[], object]] = {
        "socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        "chroot": lambda: os.chroot("/"),
        "sethostname": lambda: socket.sethostname(socket.gethostname()),
        "mknod": lambda: os.mknod("/tmp/never", 0o20600, 0x103),  # noqa: S108  # it must be refused before it is made
        "kill": lambda: os.kill(1, 0),
        "setgroups": lambda: os.setgroups([0]),
        "setresuid": lambda: os.setresuid(1, 1, 1),
        "vhangup": _vhangup,
    }
    try:
        attempts[call]()
    except OSError as err:
        return err.errno or 0
    return 0


def _vhangup() -> None:
    if ctypes.CDLL(None, use_errno=True).vhangup():
        raise OSError(ctypes.get_errno(), "refused")


@pytest.mark.parametrize("call", ["socket", "chroot", "sethostname", "mknod", "kill", "setgroups", "setresuid", "vhangup"])
def test_the_kernel_refuses_as_the_table_says(call: str) -> None:
    """Each made for real, by somebody without capabilities."""
    args = {"socket": (2, 3), "mknod": (0, 0o20600)}.get(call, ())
    child = os.fork()
    if not child:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
        os._exit(_refused(call))
    _, status = os.waitpid(child, 0)
    assert privileged_call(call, args + (0,) * (6 - len(args)), os.WEXITSTATUS(status)) is not None
