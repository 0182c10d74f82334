"""Buttons whose words may be longer than they are wide: cut with an ellipsis, whole in the tip and for a screen reader."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyleOptionToolButton, QToolButton, QWidget

from gui.naming import named

_ROOM: Final = 26
"""What the border and the padding take."""
_FEWEST_LETTERS: Final = 8


class ElidedButton(QPushButton):
    """Takes the width that there is."""

    def __init__(self, text: str, tip: str = "", *, link: bool = False, parent: QWidget | None = None) -> None:
        """`link`: looks like a line of text until the pointer or the keyboard is there."""
        super().__init__(parent)
        self._room = 0 if link else _ROOM
        if link:
            self.setObjectName("link")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.set_words(text, tip)

    def set_words(self, text: str, tip: str = "") -> None:
        """Other words, and what is said of them in the tip."""
        self._whole = text
        named(self, text, f"{text}\n{tip}".strip())
        self._cut()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        text = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, max(self.width() - self._room, 0))
        self.setText(text.replace("&", "&&"))


class YieldingButton(QToolButton):
    """A button of the toolbar that is as wide as its words where there is room, and gives way where there is not."""

    def __init__(self, suffix: str = "", most_letters: int = 0, parent: QWidget | None = None) -> None:
        """`suffix`: what is never cut off; `most_letters`: the width at most, whatever the room; 0: any."""
        super().__init__(parent)
        self._suffix = suffix
        self._most_letters = most_letters
        self._measured = False
        self._frame = 0
        """What the icon, the border and the padding take, in pixels."""
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def set_words(self, text: str) -> None:
        self.setText(text + self._suffix)

    def sizeHint(self) -> QSize:
        return self._with_letters(self._most_letters)

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's virtual method
        return self._with_letters(_FEWEST_LETTERS)

    def initStyleOption(self, option: QStyleOptionToolButton) -> None:
        super().initStyleOption(option)
        # Not while it is asked for its size, which comes through here.
        room, metrics = self.width() - self._frame, self.fontMetrics()
        if self._measured and metrics.horizontalAdvance(self.text()) > room:
            room -= metrics.horizontalAdvance(self._suffix)
            words = self.text().removesuffix(self._suffix)
            option.text = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room) + self._suffix

    def _with_letters(self, most: int) -> QSize:
        metrics = self.fontMetrics()
        words = metrics.horizontalAdvance(self.text())
        self._measured = False
        whole = super().sizeHint()
        self._measured = True
        self._frame = whole.width() - words
        if most:
            words = min(words, metrics.averageCharWidth() * most + metrics.horizontalAdvance(self._suffix))
        return QSize(self._frame + words, whole.height())
