"""The functions that return addresses lie in, from a list of the kernel's symbols."""

import struct
from pathlib import Path

import pytest

from core.observer.ebpf.symbols import KALLSYMS, Symbols

TEXT = b"""ffffffff81000000 T _text
ffffffff81000000 T startup_64
ffffffff81000100 t inet_create.isra.0
ffffffff81000200 D not_code
ffffffffa0000000 t nf_hook\t[nf_tables]
ffffffff81000300 T later_in_the_list
"""


def reading(folder: Path, text: bytes) -> Symbols:
    path = folder / "kallsyms"
    path.write_bytes(text)
    symbols = Symbols(path)
    assert symbols.wait() is None
    return symbols


def stack(*addresses: int) -> bytes:
    return struct.pack("<24Q", *addresses, *(0,) * (24 - len(addresses)))


@pytest.mark.parametrize(("address", "name"), [
    (0xFFFFFFFF81000001, b"_text"),
    (0xFFFFFFFF81000100, b"_text"),  # a return address right behind _text's last call
    (0xFFFFFFFF81000101, b"inet_create.isra.0"),
    (0xFFFFFFFF81000250, b"inet_create.isra.0"),
    (0xFFFFFFFF81000304, b"later_in_the_list"),
    (0xFFFFFFFFA0000010, b"nf_hook"),
])  # fmt: skip
def test_functions(tmp_path: Path, address: int, name: bytes) -> None:
    assert reading(tmp_path, TEXT).of({stack(address)}) == b"%016x %s\n" % (address, name)


@pytest.mark.parametrize("address", [0xFFFFFFFF80000000, 0xFFFFFFFFC0000000, 1, 0])
def test_what_lies_in_no_function_is_not_told(tmp_path: Path, address: int) -> None:
    assert reading(tmp_path, TEXT).of({stack(address)}) == b""


def test_each_is_told_once(tmp_path: Path) -> None:
    symbols = reading(tmp_path, TEXT)
    one, other, third = 0xFFFFFFFF81000001, 0xFFFFFFFF81000101, 0xFFFFFFFF81000301
    assert sorted(symbols.of({stack(one, other)}).split()[1::2]) == [b"_text", b"inet_create.isra.0"]
    assert symbols.of({stack(one, other)}) == b""
    assert symbols.of({stack(one, third), stack(other)}).split()[1::2] == [b"later_in_the_list"]


@pytest.mark.parametrize("text", [b"", b"\n\n", b"garbage", b"zz T name\n", b"1" * 40 + b" T far\n", b"\xff\xfe\x00"])
def test_nothing_readable_tells_nothing(tmp_path: Path, text: bytes) -> None:
    assert reading(tmp_path, text).of({stack(0x1234, 0xFFFFFFFF81000001)}) == b""


def test_this_kernel() -> None:
    """/proc/kallsyms as it is here: real names where addresses are shown, none where they are hidden."""
    symbols = Symbols(KALLSYMS)
    problem = symbols.wait()
    lines = [line.split() for line in KALLSYMS.read_bytes().splitlines() if line.endswith((b" T inet_create", b" T vfs_read"))]
    for address, _, name in lines:
        told = symbols.of({stack(int(address, 16) + 4)})
        assert told.split()[1:] == ([] if problem else [name])
