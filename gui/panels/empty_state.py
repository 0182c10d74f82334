"""What a page says while there is nothing on it, and what to do."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractScrollArea, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gui.naming import named
from gui.theme import Theme

_FEWEST_LETTERS: Final = 24
"""In a line of what comes of a thing to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Invitation:
    """One thing to do: an action, and what comes of it."""

    action: QAction
    explanation: str


class EmptyState(QWidget):
    """A heading and, below it, invitations as buttons with a line each."""

    def __init__(self, theme: Theme, heading: str, invitations: Sequence[Invitation], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._heading = QLabel(heading, alignment=Qt.AlignmentFlag.AlignHCenter)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        for row, invitation in enumerate(invitations):
            grid.addWidget(self._button(invitation.action), row, 0)
            grid.addWidget(_Explanation(invitation), row, 1)
        column = QVBoxLayout(self)
        column.addStretch(2)
        column.addWidget(self._heading)
        column.addSpacing(16)
        column.addLayout(grid)
        column.setAlignment(grid, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def cover(self, area: QAbstractScrollArea) -> None:
        """Lies over what the area shows, its header left in sight, wherever that grows; hidden at first."""
        self.setParent(area)
        area.viewport().installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's virtual method
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move) and isinstance(watched, QWidget):
            self.setGeometry(watched.geometry())
        return super().eventFilter(watched, event)

    def _button(self, action: QAction) -> QPushButton:
        # Without a letter of its own: the action's key stands beside it, and the letters are the menus' and the fields'.
        words = action.text().replace("&", "")
        button = named(QPushButton(words), words)
        button.clicked.connect(action.trigger)
        return button

    def _on_theme_changed(self) -> None:
        font = self._theme.bold(self._theme.ui_font)
        font.setPointSizeF(font.pointSizeF() + 3)
        self._heading.setFont(font)


class _Explanation(QLabel):
    """In one line where there is room, in several where there is not: it must not make the window wider than the screen."""

    def __init__(self, invitation: Invitation) -> None:
        key = invitation.action.shortcut().toString()
        super().__init__(invitation.explanation + (f"   {key}" if key else ""), wordWrap=True)
        self.setProperty("muted", True)

    def sizeHint(self) -> QSize:
        whole = self.fontMetrics().size(0, self.text())
        return QSize(whole.width() + 1, whole.height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's virtual method
        return QSize(self.fontMetrics().averageCharWidth() * _FEWEST_LETTERS, self.fontMetrics().height())
