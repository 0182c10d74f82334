"""A sentence at the place where something went wrong, with what to do: never a dialog."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from gui.icons import Shape, shape_icon
from gui.naming import named
from gui.style_sheet import restyle
from gui.theme import MARGIN, Theme


class InfoBar(QFrame):
    """Hidden until it has something to say; stays until closed or replaced."""

    action_chosen = Signal()
    """The offered remedy was pressed."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._problem = True
        self.setObjectName("infoBar")
        self._sign = QLabel()
        self._text = QLabel(wordWrap=True, textInteractionFlags=Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._action = QPushButton()
        self._action.clicked.connect(self.action_chosen)
        self._close = named(QToolButton(autoRaise=True), "Close this message", "Close")
        self._close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        row.addWidget(self._action)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        theme.changed.connect(self._on_theme_changed)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence shown; empty while hidden."""
        return self._text.text() if not self.isHidden() else ""

    def problem(self, sentence: str, action: str = "") -> None:
        """Something failed; `action` is the remedy's button, if there is one."""
        self._say(sentence, action, problem=True)

    def note(self, sentence: str) -> None:
        """Something worth knowing that stops nothing."""
        self._say(sentence, "", problem=False)

    def _say(self, sentence: str, action: str, *, problem: bool) -> None:
        self._problem = problem
        self._text.setText(sentence)
        self._text.setAccessibleName(sentence)
        self._action.setText(action)
        self._action.setVisible(bool(action))
        self._on_theme_changed()
        restyle(self, "kind", "problem" if problem else "note")
        self.show()

    def _on_theme_changed(self) -> None:
        tokens = self._theme.tokens
        icon = shape_icon(Shape.WARNING if self._problem else Shape.CIRCLE, tokens.killed if self._problem else tokens.accent)
        self._sign.setPixmap(icon.pixmap(QSize(15, 15)))
        self._close.setIcon(shape_icon(Shape.CLOSE, tokens.muted))
