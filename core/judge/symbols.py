"""Names for the kernel's addresses, from the text of /proc/kallsyms.

Its lines are `<16 hexadecimal digits> <type> <name>[<tab>[module]]` on every 64-bit kernel (kernel/kallsyms.c, s_show), so the addresses of
100,000 lines are read at once, eight digits in a word; a name is cut out only when it is asked for.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_LONGEST_FUNCTION: Final = 1 << 20
# An address further than this behind the last symbol before it belongs to something without a name (JIT-compiled BPF, an unlisted module).

_DIGITS: Final = 16
_NAME: Final = _DIGITS + 3
# Where a line's name begins: behind the address, a blank, the type and a blank.

_IS_TEXT: Final = np.isin(np.arange(256), np.frombuffer(b"tTwW", np.uint8))


class Symbols:
    """The kernel's functions by address; the text is parsed when the first name is asked for."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._parsed = True
        self._text = b""
        self._addresses: NDArray[np.uint64] = np.empty(0, np.uint64)
        self._lines: NDArray[np.int64] = np.empty(0, np.int64)
        self._known: dict[int, str] = {}

    def feed(self, text: bytes) -> None:
        """Takes lines of `address type name [module]`, cut anywhere; lines that are none are passed over."""
        if text:
            self._pieces.append(text)
            self._parsed = False
            self._known.clear()

    def function(self, address: int) -> str:
        """The function that a return address lies in, without compiler suffixes (`.isra.0`, `.cold`); `0x…` where it is not known."""
        name = self._known.get(address)
        if name is None:
            name = self._known[address] = self._look_up(address)
        return name

    def _look_up(self, address: int) -> str:
        if not self._parsed:
            self._parse()
        # A return address may lie one byte behind its function, where the call was the function's last instruction.
        place = int(np.searchsorted(self._addresses, np.uint64(max(address - 1, 0)), side="right")) - 1
        if place < 0 or address - int(self._addresses[place]) > _LONGEST_FUNCTION:
            return f"{address:#x}"
        return self._name(int(self._lines[place])) or f"{address:#x}"

    def _name(self, line: int) -> str:
        end = self._text.find(b"\n", line)
        fields = self._text[line + _NAME : end].split(None, 1)
        return fields[0].split(b".", 1)[0].decode(errors="replace") if fields else ""

    def _parse(self) -> None:
        self._text = b"".join(self._pieces)
        self._pieces = [self._text]
        self._parsed = True
        data = np.frombuffer(self._text, np.uint8)
        ends = np.flatnonzero(data == ord("\n"))
        starts = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1])[: len(ends)]
        long_enough = starts[ends - starts > _NAME]
        lines = long_enough[_IS_TEXT[data[long_enough + _DIGITS + 1]] & (data[long_enough + _DIGITS] == ord(" "))]
        words = np.ndarray((max(len(data) - 7, 0),), ">u8", self._text, strides=(1,))  # one at every byte
        high, high_is_number = _eight_digits(words[lines])
        low, low_is_number = _eight_digits(words[lines + 8])
        addresses = high << np.uint64(32) | low
        # All addresses are 0 where the reader lacks CAP_SYSLOG.
        usable = high_is_number & low_is_number & (addresses > 0)
        addresses, lines = addresses[usable], lines[usable]
        order = np.argsort(addresses, kind="stable")
        # Where several names share an address, the first one in the file counts.
        addresses, lines = addresses[order], lines[order]
        first = np.flatnonzero(np.diff(addresses, prepend=np.uint64(0)))
        self._addresses, self._lines = addresses[first], lines[first]


def _eight_digits(words: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """The numbers that words of eight hexadecimal digits say, the first digit in the highest byte; and which words are such."""
    words = words.astype(np.uint64)
    values = (words & _every_byte(0x0F)) + (words >> np.uint64(6) & _every_byte(1)) * np.uint64(9)
    letters = (values + _every_byte(6)) >> np.uint64(4) & _every_byte(1)
    written = values + _every_byte(ord("0")) + letters * np.uint64(ord("a") - 10 - ord("0"))
    right = (written == words) & (values & _every_byte(0xF0) == 0)
    values = (values | values >> np.uint64(4)) & np.uint64(0x00FF00FF00FF00FF)
    values = (values | values >> np.uint64(8)) & np.uint64(0x0000FFFF0000FFFF)
    return (values | values >> np.uint64(16)) & np.uint64(0xFFFFFFFF), right


def _every_byte(value: int) -> np.uint64:
    return np.uint64(value * 0x0101010101010101)
