"""Bytes as strings in C's and strace's manner."""

from __future__ import annotations

from typing import Final

_NAMED: Final = {0x22: '\\"', 0x5C: "\\\\", 0x09: "\\t", 0x0A: "\\n", 0x0B: "\\v", 0x0C: "\\f", 0x0D: "\\r"}
_PRINTABLE: Final = range(0x20, 0x7F)
_DIGITS: Final = range(0x30, 0x38)


def quote(data: bytes, *, more: bool = False) -> str:
    """`"text"` with what is not printable ASCII escaped; `...` behind it where there is more than `data`."""
    text = data.decode("latin-1")
    plain = text.isascii() and text.isprintable() and '"' not in text and "\\" not in text
    body = text if plain else _escape(data)
    return f'"{body}"...' if more else f'"{body}"'


def quote_bytes(data: bytes, *, more: bool = False) -> str:
    """The same with every byte as `\\x7f`: for what is no text."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in data) + ('"...' if more else '"')


def _escape(data: bytes) -> str:
    words = []
    following: list[int] = [*data[1:], 0]
    for byte, after in zip(data, following, strict=True):
        if byte in _NAMED:
            words.append(_NAMED[byte])
        elif byte in _PRINTABLE:
            words.append(chr(byte))
        else:
            # Three digits where the next byte is one too, so that it is not read as part of the escape.
            words.append(f"\\{byte:03o}" if after in _DIGITS else f"\\{byte:o}")
    return "".join(words)
