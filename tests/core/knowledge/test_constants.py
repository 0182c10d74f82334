"""Symbolic values against Python's own, and there and back."""

import fcntl
import mmap
import os
import signal
import socket
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.knowledge.constants import ConstantSet, _parameters, _sets, constant, constant_set, constants_for, decoding_set
from core.knowledge.syscalls import ARCHES, by_name

PREFIXES: dict[ModuleType, tuple[str, ...]] = {
    os: ("O_", "SEEK_", "CLONE_", "PRIO_", "RTLD_NONE", "MFD_", "EFD_", "P_PID", "P_ALL", "SCHED_", "GRND_", "SPLICE_", "POSIX_FADV_"),
    socket: ("AF_", "SOCK_", "SO_", "IPPROTO_", "MSG_", "SOL_", "TCP_", "IP_", "IPV6_", "PF_"),
    fcntl: ("F_", "LOCK_", "FD_"),
    signal: ("SIG_BLOCK", "SIGKILL", "SIGTERM", "SIGSYS", "SIGCHLD", "ITIMER_"),
    mmap: ("MAP_", "PROT_", "MADV_"),
}
USERLAND = {
    # Of libc, not of the kernel: 0 on 64 bits, or another number behind the same name.
    "O_LARGEFILE", "O_ACCMODE", "SO_PROTOCOL",
}  # fmt: skip
SETS = [*_sets().values()]


def test_values_are_those_of_python() -> None:
    known = {word for one in SETS for word in one.values} - USERLAND
    compared = 0
    for module, prefixes in PREFIXES.items():
        for name in known.intersection(dir(module)):
            if name.startswith(prefixes):
                assert constant(name) & 0xFFFFFFFF == int(getattr(module, name)) & 0xFFFFFFFF, name
                compared += 1
    assert compared > 200


def test_a_name_has_one_value() -> None:
    values: dict[str, int] = {}
    for one in SETS:
        for name, value in one.values.items():
            assert values.setdefault(name, value) == value, name


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("AF_INET", 2),
        ("O_WRONLY|O_CREAT", 0o101),
        (" O_WRONLY | O_CREAT ", 0o101),
        ("0x10", 16),
        ("0X1f", 31),
        ("010", 8),
        ("0o10", 8),
        ("0", 0),
        ("42", 42),
        ("-1", -1),
        ("AT_FDCWD", -100),
        ("CLONE_NEWUSER|0x1", 0x10000001),
    ],
)
def test_what_texts_mean(text: str, value: int) -> None:
    assert constant(text) == value


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("O_WRONYL", "'O_WRONYL' is not a symbolic value; did you mean O_WRONLY"),
        ("AF_INET|nonsense", "'nonsense'"),
        ("af_inet", "AF_INET"),
        ("", "write a number"),
        ("08", "'08'"),
        ("0x", "'0x'"),
        ("1|", "''"),
    ],
)
def test_what_means_nothing_is_named(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match="is not a symbolic value") as caught:
        constant(text)
    assert hint in str(caught.value)


@given(one=st.sampled_from(SETS), value=st.integers(0, 2**32 - 1))
def test_any_value_comes_back(one: ConstantSet, value: int) -> None:
    assert constant(one.describe(value)) & 0xFFFFFFFF == value


@given(data=st.data(), one=st.sampled_from(SETS))
def test_symbols_come_back_as_symbols(data: st.DataObject, one: ConstantSet) -> None:
    name = data.draw(st.sampled_from([*one.values]))
    value = one.values[name]
    text = one.describe(value)
    assert constant(text) & 0xFFFFFFFF == value & 0xFFFFFFFF
    assert not text.lstrip("-")[0].isdigit()


def test_how_flags_are_written() -> None:
    assert constant_set("open_flags").describe(0o2204000) == "O_RDONLY|O_NONBLOCK|O_CLOEXEC|O_DIRECTORY"
    assert constant_set("open_flags").describe(0o20200002) == "O_RDWR|O_TMPFILE"
    assert constant_set("open_flags").describe(0o4010000) == "O_RDONLY|O_SYNC"
    assert constant_set("open_flags").describe(0x40000003) == "0x40000003"
    assert constant_set("mmap_prot").describe(0) == "PROT_NONE"
    assert constant_set("at_flags").describe(0) == "0"
    assert constant_set("socket_family").describe(99) == "0x63"
    assert constant_set("keyring").describe(-3) == "KEY_SPEC_SESSION_KEYRING"


def test_completion_by_parameter() -> None:
    assert "AF_INET" in constants_for("socket", 0)
    assert "SOCK_RAW" in constants_for("socket", 1)
    assert {"IPPROTO_ICMP", "NETLINK_ROUTE"} <= {*constants_for("socket", 2)}
    assert "O_CREAT" in constants_for("openat", 2)
    assert "CLONE_NEWUSER" in constants_for("unshare", 0)
    assert constants_for("read", 0) == ()
    assert constants_for("nonsense", 0) == ()


def test_what_hangs_on_another_argument_is_completed_but_not_decoded() -> None:
    assert decoding_set("socket", 2) is None
    found = decoding_set("socket", 0)
    assert found is not None
    assert found.name == "socket_family"


def test_every_parameter_exists() -> None:
    for call, index in _parameters():
        owners = [table[call] for arch in ARCHES if call in (table := by_name(arch))]
        assert any(index < len(owner.parameters) for owner in owners), f"{call}.{index}"
