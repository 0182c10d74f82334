"""A button whose words may be longer than it is wide: cut with an ellipsis, whole in the tip and for a screen reader."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from gui.naming import named

_ROOM: Final = 26
"""What the border and the padding take."""


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
