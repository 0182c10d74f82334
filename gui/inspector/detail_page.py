"""A page behind a gate: a way back at its top, its content below in a column that scrolls."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from gui.labels import strong_label
from gui.naming import named
from gui.theme import GRID, MARGIN, Theme


class DetailPage(QWidget):
    """Subclasses fill `column`."""

    back_wanted = Signal()

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.back = named(QPushButton(), "Back to the gates", "Back to the gates (Esc, Alt+Left)", "crumb")
        self.back.clicked.connect(self.back_wanted)
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 2 * GRID, MARGIN, GRID)
        head.setSpacing(GRID)
        head.addWidget(self.back)
        head.addWidget(strong_label(f"›  {title}"))
        head.addStretch(1)
        content = QWidget()
        self.column = QVBoxLayout(content)
        self.column.setContentsMargins(16, GRID, 16, MARGIN)
        self.column.setSpacing(2 * GRID)
        self.area = QScrollArea(widgetResizable=True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(content)
        self.area.setAccessibleName(title)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(head)
        outer.addWidget(self.area, 1)
        self.setFocusProxy(self.back)

    def name_call(self, call: str) -> None:
        """The call from which the page was opened: the way back bears its name."""
        self.back.setText(f"‹ {call}")


def paragraph(text: str = "", *, muted: bool = False, rich: bool = False) -> QLabel:
    """Text that wraps and can be selected; plain unless it is `rich`."""
    label = QLabel(text, wordWrap=True)
    label.setTextFormat(Qt.TextFormat.RichText if rich else Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setProperty("muted", muted)
    # A long word must not make a narrow panel wider.
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label
