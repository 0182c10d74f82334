"""Decoding where strace is no oracle: what was not captured, other architectures, results."""

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.judge.records import Capture
from core.knowledge.decode import decode_arguments, decode_result
from core.knowledge.syscalls import ARCHES, names, number
from core.observer.wire import X32_SYSCALL_BIT, CaptureKind

X86_64 = ARCHES["x86_64"]
BITS_64 = 2**64


def _number(name: str, arch: str = "x86_64") -> int:
    nr = number(arch, name)
    assert nr is not None
    return nr


def _text(name: str, *args: int, arch: str = "x86_64", captures: dict[int, Capture] | None = None) -> str:
    six = tuple(value % BITS_64 for value in args) + (0,) * (6 - len(args))
    return decode_arguments(ARCHES[arch], _number(name, arch), six, captures or {}, 0)


def _string(argument: int, data: bytes, *, truncated: bool = False, failed: bool = False) -> dict[int, Capture]:
    return {argument: Capture(1, argument, CaptureKind.STRING, truncated, failed, data)}


def test_what_was_not_captured_is_a_pointer() -> None:
    assert _text("openat", -100, 0x7F00, 0o2000000) == "AT_FDCWD, 0x7f00, O_RDONLY|O_CLOEXEC"
    assert _text("openat", -100, 0x7F00, 0, captures=_string(1, b"", failed=True)) == "AT_FDCWD, 0x7f00, O_RDONLY"
    assert _text("openat", -100, 0, 0) == "AT_FDCWD, NULL, O_RDONLY"


def test_what_goes_on_is_marked() -> None:
    assert _text("chdir", 1, captures=_string(0, b"/very/lo", truncated=True)) == '"/very/lo"...'


@pytest.mark.parametrize(
    ("data", "truncated", "text"),
    [
        (b"ls\0-l\0", False, '["ls", "-l"]'),
        (b"", False, "[]"),
        (b"\0", False, '[""]'),
        (b"ls\0-l\0", True, '["ls", "-l", ...]'),
        (b"ls\0-", True, '["ls", "-"..., ...]'),
    ],
)
def test_argument_lists(data: bytes, truncated: bool, text: str) -> None:
    captures = {1: Capture(1, 1, CaptureKind.POINTERS, truncated, False, data)}
    assert _text("execve", 0x10, 0x20, 0x30, captures=captures) == f"0x10, {text}, 0x30"


def test_structures_too_short_stay_pointers() -> None:
    captures = {1: Capture(1, 1, CaptureKind.BYTES, False, False, b"\2")}
    assert _text("connect", 3, 0x20, 1, captures=captures) == "3, 0x20, 1"


def test_a_capture_of_an_argument_that_is_not_there_is_left_out() -> None:
    assert _text("close", 3, captures=_string(4, b"stray")) == "3"


def test_clone() -> None:
    assert (
        _text("clone", 0x1200011, 0, 0, 0x70, 0)
        == "child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x70"
    )
    assert _text("clone", 0x3D0F00, 0x10, 0x20, 0x30, 0x40).endswith("parent_tid=0x20, tls=0x40, child_tidptr=0x30")
    assert _text("clone", 0x3D0F00, 0x10, 0x20, 0x40, 0x30, arch="x86").endswith("parent_tid=0x20, tls=0x40, child_tidptr=0x30")


@pytest.mark.parametrize(
    ("text", "name", "args"),
    [
        ("SIGRT_2", "kill", (1, 34)),
        ("SIGRTMIN", "kill", (1, 32)),
        ("99", "kill", (1, 99)),
        ("htons(ETH_P_ALL)", "socket", (17, 3, 0x300)),
        ("SO_BINDTODEVICE", "setsockopt", (3, 1, 25, 0x5, 4)),
        ("S_IFBLK|0600, makedev(0x8, 0x1)", "mknod", (0, 0o60600, 0x801)),
        ("PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0", "prctl", (47, 2, 13)),
        (
            "FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME, 1, NULL, FUTEX_BITSET_MATCH_ANY",
            "futex",
            (4096, 0x189, 1, 0, 0, 0xFFFFFFFF),
        ),
        ("IOPRIO_PRIO_VALUE(IOPRIO_CLASS_RT, 4)", "ioprio_set", (1, 0, 0x2004)),
        ("BPF_PROG_LOAD", "bpf", (5, 1, 2)),
        ("PTRACE_SEIZE, 77", "ptrace", (0x4206, 77)),
    ],
)
def test_one_argument_says_what_another_means(text: str, name: str, args: tuple[int, ...]) -> None:
    assert text in _text(name, *args)


def test_32_bit_calls_have_32_bit_longs() -> None:
    assert _text("lseek", 3, 0xFFFFFFFF, 0, arch="x86") == "3, -1, SEEK_SET"
    assert _text("lseek", 3, 0xFFFFFFFF, 0) == "3, 4294967295, SEEK_SET"
    x32 = _number("execve", "x32")
    assert x32 & X32_SYSCALL_BIT
    assert decode_arguments(X86_64, x32, (0, 0, 0, 0, 0, 0), {}) == "NULL, NULL, NULL"


def test_an_unknown_call_shows_its_registers() -> None:
    assert decode_arguments(X86_64, 5000, (1, 0, 0x1F, 0, 0, BITS_64 - 1), {}) == "0x1, 0, 0x1f, 0, 0, 0xffffffffffffffff"
    assert decode_arguments(0x1234, 1, (0,) * 6, {}) == "0, 0, 0, 0, 0, 0"


@given(
    arch=st.sampled_from(["x86_64", "x86", "x32", "aarch64"]),
    data=st.data(),
    args=st.tuples(*[st.integers(0, BITS_64 - 1) | st.integers(0, 300)] * 6),
    capture=st.builds(Capture, st.just(1), st.integers(0, 5), st.integers(1, 3), st.booleans(), st.booleans(), st.binary(max_size=100)),
)
def test_any_call_can_be_decoded(arch: str, data: st.DataObject, args: tuple[int, ...], capture: Capture) -> None:
    nr = _number(data.draw(st.sampled_from(names(arch))), arch)
    text = decode_arguments(ARCHES[arch], nr, args, {capture.argument: capture}, 0)
    assert text.isascii()
    assert text.isprintable()


@pytest.mark.parametrize(
    ("name", "ret", "text"),
    [
        ("openat", 3, "3"),
        ("openat", -errno.EPERM, "EPERM"),
        ("mmap", 0x7F0000000000, "0x7f0000000000"),
        ("mmap", -errno.ENOMEM, "ENOMEM"),
        ("brk", 0, "0"),
        ("umask", 0o22, "022"),
        ("read", -512, "ERESTARTSYS"),
        ("read", -4000, "4000"),
        ("lseek", 2**40, "1099511627776"),
        ("getpriority", -5000, "-5000"),
    ],
)
def test_results(name: str, ret: int, text: str) -> None:
    assert decode_result(X86_64, _number(name), ret) == text
