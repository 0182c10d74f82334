"""A part of a panel that folds away behind its title, which then says in a few words what is inside."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from gui.naming import named


class Fold(QWidget):
    """Folded at first."""

    def __init__(self, title: str, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = named(QToolButton(autoRaise=True), title, style="fold")
        self.button.setCheckable(True)
        self.button.setText(title)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._summary = ""
        self._label = QLabel()
        self._label.setProperty("muted", True)
        self._label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._content = content
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.button)
        head.addWidget(self._label, 1)
        head.addStretch(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(content)
        self.button.toggled.connect(self._on_toggled)
        self._on_toggled(False)

    def set_summary(self, text: str) -> None:
        """What is inside, beside the title while it is folded."""
        self._summary = text
        self._label.setToolTip(text)
        self.button.setAccessibleDescription(text)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        self._label.setText(QFontMetrics(self._label.font()).elidedText(self._summary, Qt.TextElideMode.ElideRight, self._label.width()))

    def _on_toggled(self, unfolded: bool) -> None:
        self.button.setArrowType(Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow)
        self._content.setVisible(unfolded)
        self._label.setVisible(not unfolded)
