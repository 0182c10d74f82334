"""Names for addresses, as the observer tells them."""

import pytest

from core.judge.symbols import Symbols


def known(*pieces: bytes) -> Symbols:
    symbols = Symbols()
    for piece in pieces:
        symbols.feed(piece)
    return symbols


def test_functions() -> None:
    symbols = known(b"ffffffff81000104 inet_create.isra.0\nffffffff81000310 nf_hook\n")
    assert symbols.function(0xFFFFFFFF81000104) == "inet_create"
    assert symbols.function(0xFFFFFFFF81000310) == "nf_hook"
    assert symbols.function(0xFFFFFFFF81000105) == "0xffffffff81000105"


def test_what_comes_later_is_known_then() -> None:
    symbols = known(b"10 one\n")
    assert symbols.function(0x20) == "0x20"
    symbols.feed(b"20 two\n")
    assert [symbols.function(address) for address in (0x10, 0x20)] == ["one", "two"]


@pytest.mark.parametrize("text", [b"", b"\n\n", b"garbage", b"zz name\n", b"1234\n", b"1234 \n", b"1234 .isra.0\n", b"\xff\xfe\x00"])
def test_nothing_readable_leaves_addresses(text: bytes) -> None:
    assert known(text).function(0x1234) == "0x1234"
