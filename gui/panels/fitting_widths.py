"""The widths of a table's columns: they fit the table, whatever its width, unless the user widens them by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHeaderView

from gui.theme import Theme

_LEAST: Final = 40
"""Pixels that a column keeps which gives way."""


class FittingWidths(QObject):
    """Gives columns their first widths, and others when the type becomes larger or smaller; what the user drags stays until then.

    The last column stretches. Where the others leave it too little they give way, each in proportion to what it can give, and take back
    what they had once there is room. What the user widens stays until the table has another width, even where it then scrolls sideways.
    """

    def __init__(self, header: QHeaderView, widths: Mapping[int, int], theme: Theme) -> None:
        """`widths`: in pixels, by column, for the ordinary type."""
        super().__init__(header)
        self._header, self._first, self._theme = header, widths, theme
        self._needed: dict[int, int] = {}
        self._wanted: dict[int, int] = {}
        self._by_hand = False
        self._busy = False
        self._large: bool | None = None
        header.setStretchLastSection(True)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.sectionResized.connect(self._on_section_resized)
        header.sectionMoved.connect(self.fit)
        header.viewport().installEventFilter(self)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def fit(self) -> None:
        """Columns came, went or changed places."""
        self._by_hand = False
        shown = self._shown()
        if shown:
            *others, last = shown
            least = self._at_first(last)  # from there it stretches
            widths = _given(self._widths(others), {column: self._least(column) for column in others}, self._room() - least)
            self._resize({**widths, last: least})

    def need(self, column: int, width: int) -> None:
        """The column is at least as wide, and gives way no further: what it shows must not be cut."""
        before, self._needed[column] = self._needed.get(column, 0), width
        narrow = not self._header.isSectionHidden(column) and self._header.sectionSize(column) < width
        if self._by_hand:
            self._resize({column: width} if narrow else {})
        elif narrow or width < before:
            self.fit()

    def state(self) -> QByteArray:
        """Widths, order and visibility, for the settings: the widths that are wanted, not those that there happens to be room for."""
        self._resize(self._widths(self._shown()[:-1]))
        state = self._header.saveState()
        self.fit()
        return state

    def restore(self, state: QByteArray) -> None:
        """What `state` gave, in a table of another width perhaps."""
        with self._silence():
            self._header.restoreState(state)
        self._wanted = {column: self._header.sectionSize(column) for column in self._shown()[:-1]}
        self.fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's virtual method
        if isinstance(event, QResizeEvent) and event.size().width() != event.oldSize().width():
            self.fit()
        return super().eventFilter(watched, event)

    def _on_section_resized(self, column: int, before: int, after: int) -> None:
        # To come and to go are no widths; and the last column's is not chosen by anybody.
        if not self._busy and before and after and column in self._shown()[:-1]:
            self._wanted[column] = after
            self._by_hand = True

    def _on_theme_changed(self) -> None:
        if self._large is not self._theme.large:
            self._large = self._theme.large
            self._wanted = {}
            self.fit()

    def _shown(self) -> list[int]:
        """The columns in sight, from left to right."""
        columns = (self._header.logicalIndex(place) for place in range(self._header.count()))
        return [column for column in columns if not self._header.isSectionHidden(column)]

    def _widths(self, columns: list[int]) -> dict[int, int]:
        """What is wanted."""
        return {column: max(self._wanted.get(column, self._at_first(column)), self._needed.get(column, 0)) for column in columns}

    def _least(self, column: int) -> int:
        return max(min(self._theme.scaled(_LEAST), self._at_first(column)), self._needed.get(column, 0))

    def _at_first(self, column: int) -> int:
        return self._theme.scaled(self._first.get(column, _LEAST))

    def _room(self) -> int:
        return self._header.viewport().width()

    def _resize(self, widths: Mapping[int, int]) -> None:
        with self._silence():
            for column, width in widths.items():
                self._header.resizeSection(column, width)

    @contextmanager
    def _silence(self) -> Iterator[None]:
        self._busy = True
        yield
        self._busy = False


def _given(wanted: Mapping[int, int], leasts: Mapping[int, int], room: int) -> dict[int, int]:
    """The widths that are wanted, or as much of what lies above the least ones as there is room for."""
    above = {column: max(width - leasts[column], 0) for column, width in wanted.items()}
    share = 1.0
    if (spare := sum(above.values())) and (over := sum(wanted.values()) - room) > 0:
        share = max(0.0, 1 - over / spare)
    return {column: width if share == 1 else width - above[column] + int(above[column] * share) for column, width in wanted.items()}
