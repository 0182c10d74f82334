"""Strings in C's manner, with Python's own reader of C escapes as oracle."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.knowledge.quote import quote


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain", '"plain"'),
        (b"", '""'),
        (b'say "yes"\\', r'"say \"yes\"\\"'),
        (b"a\tb\nc\rd\x0b\x0c", r'"a\tb\nc\rd\v\f"'),
        (b"\x00", r'"\0"'),
        (b"\x017", r'"\0017"'),
        (b"\x01x", r'"\1x"'),
        ("ä".encode(), r'"\303\244"'),
        (b"\x7f\xff", r'"\177\377"'),
    ],
)
def test_as_strace_writes_it(data: bytes, text: str) -> None:
    assert quote(data) == text


def test_more_than_is_shown() -> None:
    assert quote(b"abc", more=True) == '"abc"...'


@given(st.binary(max_size=64))
def test_it_reads_back(data: bytes) -> None:
    assert ast.literal_eval("b" + quote(data)) == data
