"""A part of a panel that is as tall as what is in it, and scrolls where there is no room for that."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

_LEAST: Final = 110


class ShrinkingArea(QScrollArea):
    """Around one widget."""

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent, widgetResizable=True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # whatever in it gets the keyboard comes into sight
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._content = content
        self.setWidget(content)
        content.installEventFilter(self)

    def sizeHint(self) -> QSize:
        content = self._content
        # By the width that is left beside a scroll bar: by the whole one, a bar that came once would stay for want of a few pixels.
        height = content.heightForWidth(self.viewport().width()) if content.hasHeightForWidth() else content.sizeHint().height()
        # A layout of texts that wrap may want more than their lines take at this width.
        return QSize(content.sizeHint().width(), max(height, content.minimumSizeHint().height()))

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's virtual method
        return QSize(self._content.minimumSizeHint().width(), min(_LEAST, self.sizeHint().height()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's virtual method
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            self.updateGeometry()
        return super().eventFilter(watched, event)
