"""The bar below the log for finding a text (Ctrl+F) and for going to an event or a time (Ctrl+G)."""

from __future__ import annotations

import enum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QToolButton, QWidget

from gui.icons import Shape, shape_icon
from gui.naming import named
from gui.theme import MARGIN, Theme


class Seek(enum.Enum):
    """What the bar is for at the moment: its label and its hint."""

    FIND = ("Find", "a word, or a filter such as errno:EPERM")
    GO_TO = ("Go to", "an event's number, or a time such as 1.25s")


class SeekBar(QWidget):
    """Hidden until asked for; Enter looks on, Escape closes."""

    find_wanted = Signal(str)
    go_to_wanted = Signal(str)
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._seek = Seek.FIND
        self._label = QLabel()
        self._edit = QLineEdit()
        self._next = QPushButton("&Next")
        self._answer = QLabel()
        self._answer.setProperty("muted", True)
        self._close = named(QToolButton(autoRaise=True), "Close this bar", "Close (Esc)")
        self._edit.setMaximumWidth(340)
        self._label.setBuddy(self._edit)
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 6, 8, 6)
        row.setSpacing(8)
        for widget in (self._label, self._edit, self._next):
            row.addWidget(widget)
        row.addWidget(self._answer, 1)
        row.addWidget(self._close)
        self._edit.returnPressed.connect(self._on_wanted)
        self._next.clicked.connect(self._on_wanted)
        self._close.clicked.connect(self._on_closed)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.hide()

    def ask(self, seek: Seek) -> None:
        """Opens for this, ready to type."""
        self._seek = seek
        label, hint = seek.value
        self._label.setText(label)
        self._edit.setPlaceholderText(hint)
        self._edit.setAccessibleName(label.replace("&", ""))
        self._answer.clear()
        self.show()
        self._edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._edit.selectAll()

    def answer(self, sentence: str) -> None:
        """What came of it, where nothing was found or what was typed means nothing."""
        self._answer.setText(sentence)

    @property
    def said(self) -> str:
        """The last answer; empty while all is well."""
        return self._answer.text()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._on_closed()
        else:
            super().keyPressEvent(event)

    def _on_wanted(self) -> None:
        self._answer.clear()
        wanted = self.find_wanted if self._seek is Seek.FIND else self.go_to_wanted
        if self._edit.text().strip():
            wanted.emit(self._edit.text().strip())

    def _on_closed(self) -> None:
        self.hide()
        self.closed.emit()

    def _on_theme_changed(self) -> None:
        self._close.setIcon(shape_icon(Shape.CLOSE, self._theme.tokens.muted))
