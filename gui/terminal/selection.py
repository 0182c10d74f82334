"""What is selected in the terminal: from one place to another, in reading order."""

from __future__ import annotations

import re
from typing import Final

from gui.terminal.screen import TerminalScreen

Place = tuple[int, int]
"""Line number and column, as the screen counts them."""

_WORD: Final = re.compile(r"[\w./~:@%+=,-]+")


class Selection:
    """Where the user dragged; empty until then."""

    def __init__(self, screen: TerminalScreen) -> None:
        self._screen = screen
        self._anchor: Place = (0, 0)
        self._end: Place = (0, 0)

    @property
    def empty(self) -> bool:
        return self._anchor == self._end

    def clear(self) -> None:
        self._end = self._anchor

    def start(self, place: Place) -> None:
        self._anchor = self._end = place

    def extend(self, place: Place) -> None:
        self._end = place

    def all(self) -> None:
        self._anchor, self._end = (0, 0), (self._screen.line_count - 1, self._screen.columns)

    def word(self, place: Place) -> None:
        """The word, path or option at this place."""
        line, column = place
        for found in _WORD.finditer(self._screen.text(line)):
            if found.start() <= column <= found.end():
                self._anchor, self._end = (line, found.start()), (line, found.end())

    def columns(self, line: int) -> tuple[int, int]:
        """The columns of a line that are selected, from and to; equal where none is."""
        (first, left), (last, right) = sorted((self._anchor, self._end))
        if not first <= line <= last:
            return 0, 0
        return left if line == first else 0, right if line == last else self._screen.columns

    def text(self) -> str:
        """The selected text, its lines joined by newlines."""
        if self.empty:
            return ""
        first, last = sorted((self._anchor[0], self._end[0]))
        return "\n".join(self._screen.text(line, *self.columns(line)) for line in range(first, last + 1))
