"""Names for addresses, from kallsyms text."""

from pathlib import Path

import pytest

from core.judge.symbols import Symbols

TEXT = b"""ffffffff81000000 T _text
ffffffff81000100 t inet_create.isra.0
ffffffff81000200 D not_code
ffffffff81000300 t nf_hook\t[nf_tables]
"""


def known(*pieces: bytes) -> Symbols:
    symbols = Symbols()
    for piece in pieces:
        symbols.feed(piece)
    return symbols


@pytest.mark.parametrize(("address", "name"), [
    (0xFFFFFFFF81000001, "_text"),
    (0xFFFFFFFF81000100, "_text"),  # a return address right behind _text's last call
    (0xFFFFFFFF81000101, "inet_create"),
    (0xFFFFFFFF81000250, "inet_create"),
    (0xFFFFFFFF81000310, "nf_hook"),
    (0xFFFFFFFF80000000, "0xffffffff80000000"),
    (0xFFFFFFFFC0000000, "0xffffffffc0000000"),
    (0, "0x0"),
])  # fmt: skip
def test_functions(address: int, name: str) -> None:
    assert known(TEXT).function(address) == name


@pytest.mark.parametrize("cut", range(0, len(TEXT), 7))
def test_any_cut(cut: int) -> None:
    assert known(TEXT[:cut], TEXT[cut:]).function(0xFFFFFFFF81000310) == "nf_hook"


def test_what_comes_later_is_known_then() -> None:
    symbols = known(TEXT[:27])
    assert symbols.function(0xFFFFFFFF81000310) == "_text"
    symbols.feed(TEXT[27:])
    assert symbols.function(0xFFFFFFFF81000310) == "nf_hook"


@pytest.mark.parametrize(
    "text", [b"", b"\n\n", b"garbage", b"zz T name\n", b"0000000000000000 T hidden\n", b"1" * 40 + b" T far\n", b"\xff\xfe\x00"]
)
def test_nothing_readable_leaves_addresses(text: bytes) -> None:
    assert known(text).function(0x1234) == "0x1234"


@pytest.mark.parametrize("place", range(16))
def test_addresses_are_lower_case_hexadecimal(place: int) -> None:
    """Every byte in every place: what int() reads, is read so; what is no digit, is no address."""
    for byte in range(256):
        digits = bytearray(b"8000400020001000")
        digits[place] = byte
        symbols = known(bytes(digits) + b" T named\n")
        if byte in b"0123456789abcdef":
            assert symbols.function(int(digits, 16) + 1) == "named"
            assert symbols.function(int(digits, 16)) != "named"
        elif place:
            assert symbols.function(0x8000400020001000 & ~(0xF << 4 * (15 - place)) | 1) != "named"


def test_this_kernel() -> None:
    """/proc/kallsyms as it is here: real names where addresses are shown, none where they are hidden."""
    text = Path("/proc/kallsyms").read_bytes()
    lines = [line.split() for line in text.splitlines() if line.split()[1:3] == [b"T", b"inet_create"] or line.endswith(b" T vfs_read")]
    symbols = known(text)
    for address, _, name in lines:
        number = int(address, 16)
        assert symbols.function(number + 4) == (name.decode() if number else "0x4")
