"""The tables of system calls against the running kernel and the system's headers."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.knowledge import syscalls
from core.knowledge.syscalls import ARCHES, Parameter, arch_name, by_name, name, names, number, syscall
from core.observer.wire import X32_SYSCALL_BIT
from resources.generate.syscalls import EVENTS, HEADERS, KERNEL_NAMES, event_signatures, header_numbers
from tests.support.privilege import require
from tests.support.tracefs import tracefs

X86_64 = ARCHES["x86_64"]


@pytest.fixture(scope="module", autouse=True)
def _mounted() -> Iterator[None]:
    with tracefs():
        yield


def test_the_running_kernel_has_no_call_that_the_table_misses() -> None:
    require((EVENTS / "sys_enter_openat/format").exists(), "tracefs is not readable: its events are compared with the table")
    known = {*names("x86_64")}
    events = {folder.name.removeprefix("sys_enter_") for folder in EVENTS.glob("sys_enter_*")}
    newer_than_the_table = {"listns", "rseq_slice_yield"}
    assert {KERNEL_NAMES.get(event, event) for event in events} - known <= newer_than_the_table


def test_parameters_are_those_of_the_running_kernel() -> None:
    require((EVENTS / "sys_enter_openat/format").exists(), "tracefs is not readable: its formats are compared with the table")
    for call_name, text in event_signatures().items():
        call = by_name("x86_64").get(call_name)
        if call is None:
            continue
        theirs = re.findall(r"(\w+)(?:,|$)", text)
        assert len(call.parameters) == len(theirs), call_name
        if os.uname().release.startswith("6.18."):  # the kernel of the table; others may have renamed some
            assert [parameter.name for parameter in call.parameters] == theirs, call_name


NOT_MADE = {
    # They end, stop or copy the caller, hang up its terminal, write out every file system, or are for the kernel's own trampolines.
    "clone", "exit", "exit_group", "fork", "pause", "rt_sigreturn", "sync", "uprobe", "uretprobe", "vfork", "vhangup",
}  # fmt: skip
MAKE_CALLS = """
import ctypes, sys
syscall, minus_one = ctypes.CDLL(None).syscall, [ctypes.c_long(-1)] * 6
numbers = eval(sys.stdin.readline())
for number in numbers: syscall(ctypes.c_long(number), *minus_one)
"""


@pytest.fixture
def trace_instance() -> Iterator[Path]:
    """A trace buffer of one's own: nobody else's tracing is disturbed."""
    instance = EVENTS.parent.parent / "instances" / f"gatescope-test-{os.getpid()}"
    require(os.access(instance.parent, os.W_OK), "tracefs is not writable: the kernel's own names of the numbers are asked there")
    instance.mkdir()
    yield instance
    (instance / "events/enable").write_text("0")
    instance.rmdir()


def test_the_kernel_calls_every_number_as_the_table_does(trace_instance: Path) -> None:
    """Each call is made with arguments that it must refuse (-1 everywhere), and the kernel's event of that very call must fire."""
    events = {KERNEL_NAMES.get(name, name) for name in (folder.name.removeprefix("sys_enter_") for folder in EVENTS.glob("sys_enter_*"))}
    made = [call for call in by_name("x86_64").values() if call.name in events - NOT_MADE]
    child = subprocess.Popen([sys.executable, "-I", "-S", "-c", MAKE_CALLS], stdin=subprocess.PIPE, text=True)
    (trace_instance / "set_event_pid").write_text(str(child.pid))
    (trace_instance / "events/syscalls/enable").write_text("1")
    child.communicate(repr([call.nr for call in made]) + "\n", timeout=30)
    trace = (trace_instance / "trace").read_text(encoding="utf-8")
    # Between the reading of the list and the interpreter's end stand the calls, with a few of the interpreter's own among them.
    seen = iter([KERNEL_NAMES.get(name, name) for name in re.findall(r": sys_(\w+)\(", trace)])
    missing = [call.name for call in made if call.name not in seen]
    assert not missing, f"the kernel calls {missing[0]} otherwise"
    assert len(made) > 330


@pytest.mark.parametrize("arch", HEADERS)
def test_no_number_differs_from_the_headers(arch: str) -> None:
    header, options = HEADERS[arch]
    found = {call: nr for call, nr in header_numbers(header, options).items() if number(arch, call) != nr}
    assert not found, f"{header} has numbers that the table lacks: generate it again"


@pytest.mark.parametrize("arch", ARCHES)
def test_numbers_and_names_are_one_to_one(arch: str) -> None:
    table = [call.nr for call in by_name(arch).values()]
    assert len(set(table)) == len(table) > 300
    for call_name in names(arch):
        nr = number(arch, call_name)
        assert nr is not None
        assert name(ARCHES[arch], nr) == call_name
        assert arch_name(ARCHES[arch], nr) == arch


def test_every_call_has_at_most_six_parameters() -> None:
    assert all(len(call.parameters) <= 6 for arch in ARCHES for call in by_name(arch).values())


def test_what_openat_takes() -> None:
    call = syscall(X86_64, 257)
    assert call is not None
    assert call.name == "openat"
    assert call.parameters == (
        Parameter("dfd", "int"),
        Parameter("filename", "const char *"),
        Parameter("flags", "int"),
        Parameter("mode", "umode_t"),
    )
    assert [parameter.is_pointer for parameter in call.parameters] == [False, True, False, False]


def test_architectures_differ() -> None:
    assert number("x86", "openat") == 295
    assert number("aarch64", "openat") == 56
    assert number("x32", "execve") == X32_SYSCALL_BIT | 520
    assert number(X86_64, "execve") == 59
    assert number("aarch64", "open") is None
    clone_64, clone_32 = by_name("x86_64")["clone"], by_name("x86")["clone"]
    assert clone_64.parameters[3].name == clone_32.parameters[4].name == "child_tidptr"


def test_what_has_no_name() -> None:
    assert name(X86_64, 0x1C7F) == "syscall_0x1c7f"
    assert syscall(X86_64, 5000) is None
    assert name(0x12345678, 1) == "syscall_0x1"
    assert arch_name(0x12345678, 1) == "0x12345678"
    assert arch_name(X86_64, 0xFFFFFFFF) == "x86_64"  # seccomp's tests use -1: no x32 call, though bit 30 is set
    assert names("riscv") == ()
    assert number("riscv", "read") is None


def test_tables_are_read_only_when_asked_for() -> None:
    code = "import core.knowledge.syscalls as s; print(s._table.cache_info().currsize + s._signatures.cache_info().currsize)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "0\n"
    assert syscalls.names("x86_64")[0] == "read"
