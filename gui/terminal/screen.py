"""The terminal's state: what the target wrote, put through a VT emulation, with the lines that scrolled away."""

from __future__ import annotations

import copy
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

import pyte
from pyte.screens import Char

HISTORY_LINES: Final = 5000
_PENDING_LIMIT: Final = 512 * 1024
"""Bytes that may wait: more than this scrolls out of the history before anybody could read it."""
_KEPT: Final = 256 * 1024
_SLICE: Final = 2048
_NEW_LINE: Final = b""
"""Stands among the waiting bytes for a new line, unless the cursor is at the start of one."""

# Private modes are numbered by DEC and xterm; pyte keeps them shifted by five bits.
_CURSOR_KEYS: Final = 1 << 5
_BRACKETED_PASTE: Final = 2004 << 5
_ALTERNATE: Final = (47, 1047, 1049)
_ERASE_HISTORY: Final = 3


class _Screen(pyte.Screen):
    """pyte's screen with a history, and with xterm's alternate screen, which full-screen programs draw on and leave again.

    pyte has a screen with a history of its own; it looks at every access to any attribute, and takes twice the time.
    """

    answer: Callable[[bytes], None] | None = None
    """Takes what the terminal itself answers, such as the cursor's position."""
    _main: tuple[Any, Any] | None = None

    def __init__(self, columns: int, lines: int) -> None:
        self.scrolled: deque[Any] = deque(maxlen=HISTORY_LINES)
        """The lines that scrolled away at the top, the oldest first."""
        super().__init__(columns, lines)

    def set_mode(self, *modes: int, **kwargs: Any) -> None:
        if kwargs.get("private") and any(mode in _ALTERNATE for mode in modes) and self._main is None:
            self._main = copy.deepcopy(self.buffer), copy.copy(self.cursor)
            self.erase_in_display(2)
        super().set_mode(*modes, **kwargs)

    def reset_mode(self, *modes: int, **kwargs: Any) -> None:
        super().reset_mode(*modes, **kwargs)
        if kwargs.get("private") and any(mode in _ALTERNATE for mode in modes) and self._main is not None:
            self.buffer, self.cursor = self._main
            self._main = None
            self.dirty.update(range(self.lines))

    def index(self) -> None:
        top, bottom = self.margins or (0, self.lines - 1)
        # What scrolls away on the alternate screen, or inside a region below other lines, is no history.
        if self.cursor.y == bottom and top == 0 and self._main is None:
            self.scrolled.append(self.buffer[0])
        super().index()

    def erase_in_display(self, how: int = 0, *args: Any, **kwargs: Any) -> None:
        super().erase_in_display(how, *args, **kwargs)
        if how == _ERASE_HISTORY:
            self.scrolled.clear()

    def write_process_input(self, data: str) -> None:
        if self.answer is not None:
            self.answer(data.encode())


class TerminalScreen:
    """Lines by number, from the oldest that is kept; bytes wait until `work` is given time to interpret them."""

    def __init__(self, rows: int = 24, columns: int = 80) -> None:
        self._screen = _Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._pending: deque[bytes] = deque()
        self._waiting = 0
        self.left_out = 0
        """Bytes that were not shown because more came than the history holds."""

    def on_answer(self, answer: Callable[[bytes], None]) -> None:
        """Whom to give what the terminal itself answers."""
        self._screen.answer = answer

    # Bytes in.

    def feed(self, data: bytes) -> None:
        """Takes the target's bytes; `work` interprets them."""
        if not data:
            return
        self._pending.append(data)
        self._waiting += len(data)
        if self._waiting > _PENDING_LIMIT:
            self._cut()

    def start_line(self) -> None:
        """What is fed from now on begins on a line of its own."""
        self._pending.append(_NEW_LINE)

    def work(self, seconds: float) -> bool:
        """Interprets what waits, for about this long. Whether something still waits."""
        deadline = time.monotonic() + seconds
        while self._pending:
            data = self._pending.popleft()
            if not data:
                self._stream.feed(b"\r\n" if self._screen.cursor.x else b"")
                continue
            piece, rest = data[:_SLICE], data[_SLICE:]
            if rest:
                self._pending.appendleft(rest)
            self._waiting -= len(piece)
            self._stream.feed(piece)
            if time.monotonic() > deadline:
                break
        return bool(self._pending)

    def resize(self, rows: int, columns: int) -> None:
        self._screen.resize(rows, columns)

    def clear(self) -> None:
        """As a terminal that was just switched on."""
        self._pending.clear()
        self._waiting = self.left_out = 0
        self._screen.reset()
        self._screen.scrolled.clear()

    def _cut(self) -> None:
        data = b"".join(self._pending)
        start = data.find(b"\n", len(data) - _KEPT) + 1 or len(data) - _KEPT
        self.left_out += start
        notice = f"\x1b[0m\x1b[2m[… {self.left_out:,} bytes are not shown here; the recording has them]\x1b[0m\r\n".encode()
        self._pending = deque([notice, data[start:]])
        self._waiting = len(notice) + len(data) - start

    # Lines out.

    @property
    def rows(self) -> int:
        return int(self._screen.lines)

    @property
    def columns(self) -> int:
        return int(self._screen.columns)

    @property
    def history(self) -> int:
        """Lines that scrolled away and are kept."""
        return len(self._screen.scrolled)

    @property
    def line_count(self) -> int:
        return self.history + self.rows

    def line(self, number: int) -> Mapping[int, Char]:
        """The characters of a line by column; a missing column is blank."""
        history = self._screen.scrolled
        cells: Mapping[int, Char] = history[number] if number < len(history) else self._screen.buffer[number - len(history)]
        return cells

    def text(self, number: int, start: int = 0, stop: int | None = None) -> str:
        """A line's characters in these columns, without the blanks behind them."""
        cells = self.line(number)
        last = self.columns if stop is None else min(stop, self.columns)
        return "".join(cells[column].data if column in cells else " " for column in range(start, last)).rstrip()

    @property
    def cursor(self) -> tuple[int, int] | None:
        """(line, column); None while a program hides it."""
        cursor = self._screen.cursor
        return None if cursor.hidden else (self.history + int(cursor.y), int(cursor.x))

    @property
    def application_cursor_keys(self) -> bool:
        return _CURSOR_KEYS in self._screen.mode

    @property
    def bracketed_paste(self) -> bool:
        return _BRACKETED_PASTE in self._screen.mode
