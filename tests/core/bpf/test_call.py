import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bpf.call import parse_call, write_call
from core.bpf.machine import SeccompData
from core.knowledge.constants import constant
from core.knowledge.syscalls import ARCHES, names, number
from core.observer.wire import AUDIT_ARCH_I386, AUDIT_ARCH_X86_64


def test_names_and_constants() -> None:
    assert parse_call("socket(AF_INET, SOCK_RAW, 1)") == SeccompData(
        41, AUDIT_ARCH_X86_64, 0, (socket.AF_INET, socket.SOCK_RAW, 1, 0, 0, 0)
    )


@pytest.mark.parametrize(
    ("text", "nr", "first"),
    [
        ("getpid()", 39, 0),
        ("getpid", 39, 0),
        ("41(0x10)", 41, 16),
        ("close(-1)", 3, 2**64 - 1),
        ("umask(022)", 95, 18),
        ("brk(NULL);", 12, 0),
        (" write ( 0xffffffffffffffff , 0 ) ", 1, 2**64 - 1),
    ],
)
def test_other_ways_to_write_it(text: str, nr: int, first: int) -> None:
    assert parse_call(text) == SeccompData(nr, AUDIT_ARCH_X86_64, 0, (first, 0, 0, 0, 0, 0))


def test_another_architecture() -> None:
    assert (parse_call("x86:getpid()").nr, parse_call("x86:getpid()").arch) == (20, AUDIT_ARCH_I386)
    assert parse_call("x32:getpid()").nr == 0x40000000 | 39


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sokcet(1)", "did you mean"),
        ("socket(", "is not a call"),
        ("open('/x')", "never what it points to"),
        ("write(1,,2)", "argument 1 is empty"),
        ("write(1,2,3,4,5,6,7)", "at most six"),
        ("close(0x10000000000000000)", "64 bits"),
        ("vax:close(1)", "is not an architecture"),
        ("x86:arch_prctl_nonsense(1)", "is not a system call"),
        ("5000000000(1)", "32 bits"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_call(text)


_CALLS = st.sampled_from([(arch, name) for arch in ARCHES for name in names(arch)])
_CONSTANTS = st.sampled_from(["AF_INET", "SOCK_RAW", "O_WRONLY|O_CREAT", "PROT_READ|PROT_WRITE", "SIGKILL", "CLONE_NEWUSER", "F_SETOWN"])
_ARGUMENTS = st.integers(0, 2**64 - 1) | st.integers(0, 40) | _CONSTANTS.map(constant)


@given(_CALLS, st.tuples(*[_ARGUMENTS] * 6))
def test_what_is_written_is_read_back(call: tuple[str, str], args: tuple[int, ...]) -> None:
    arch, name = call
    nr = number(arch, name)
    assert nr is not None
    data = SeccompData(nr, ARCHES[arch], 0, args)
    assert parse_call(write_call(data)) == data


@pytest.mark.parametrize(
    "text",
    [
        "socket(AF_INET, SOCK_RAW, 1)",
        "openat(0xffffff9c, 0x7fff0000, O_WRONLY|O_CREAT, 420)",
        "getpid()",
        "0x3e7(2)",
        "x86:kill(1, SIGKILL)",
    ],
)
def test_it_is_written_as_people_write_it(text: str) -> None:
    assert write_call(parse_call(text)) == text


def test_an_architecture_without_a_table_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="no table"):
        write_call(SeccompData(1, 0xC00000F3))
