"""Landlock's rights, held against the kernel's header where it is installed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.knowledge.landlock import RIGHTS, SINCE, Right, abi_detail, abi_words, mask, newer
from tests.support.privilege import require

HEADER = Path("/usr/include/linux/landlock.h")


def test_the_bits_are_the_headers() -> None:
    require(HEADER.exists(), "linux/landlock.h is not installed")
    defined = {
        name.lower(): 1 << int(bit) for name, bit in re.findall(r"LANDLOCK_ACCESS_(?:FS|NET)_(\w+)\s+\(1ULL << (\d+)\)", HEADER.read_text())
    }
    assert len(defined) >= 13
    ours = {right.name: right.bit for right in RIGHTS}
    assert {name: ours.get(name) for name in defined} == defined


def test_each_right_has_a_bit_of_its_own() -> None:
    for network in (False, True):
        bits = [right.bit for right in RIGHTS if (right.kind in ("connect", "bind")) == network]
        assert bits == [1 << place for place in range(len(bits))]


@pytest.mark.parametrize("abi", range(max(SINCE) + 1))
def test_a_kind_has_what_the_abi_has_and_lacks_the_rest(abi: int) -> None:
    for kind in ("read", "write", "execute", "connect", "bind"):
        rights = [right for right in RIGHTS if right.kind == kind]
        lacking = newer(kind, abi)
        assert set(lacking) <= set(rights)
        assert mask(kind, abi) == sum(right.bit for right in rights if right not in lacking)


def test_abi_words_name_what_is_there_and_what_is_not() -> None:
    assert "no Landlock" in abi_words(0)
    assert abi_words(5) == "This kernel has Landlock ABI 5: files and directories, moves, truncation, TCP ports, devices."
    assert abi_detail(4) == (
        "ABI 4: files and directories, moves, truncation, TCP ports; not yet here: send ioctls to devices (ABI 5, Linux 6.10)"
    )


@pytest.mark.parametrize("right", [right for right in RIGHTS if right.abi > 1], ids=lambda right: right.name)
def test_a_right_is_told_as_missing_until_its_abi(right: Right) -> None:
    assert f"{right.doing} (ABI {right.abi}, Linux {SINCE[right.abi]})" in abi_detail(right.abi - 1)
    assert right.doing not in abi_detail(right.abi)
