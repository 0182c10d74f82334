"""Labels as panels use them: quiet, strong, wrong; and the one-pixel line between parts."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

_TOP_LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop


def strong_label(text: str) -> QLabel:
    """A heading inside a panel."""
    label = QLabel(text)
    label.setProperty("strong", True)
    return label


def muted_label(text: str = "", *, wrap: bool = True) -> QLabel:
    """What explains: readable, not loud."""
    label = QLabel(text, wordWrap=wrap)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("muted", True)
    if wrap:
        label.setAlignment(_TOP_LEFT)
        # A long word must not make a narrow panel wider.
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label


def plain_label() -> QLabel:
    """A paragraph to read, and to select with the mouse."""
    label = QLabel(wordWrap=True, textInteractionFlags=Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setAlignment(_TOP_LEFT)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label


def field_label(text: str, buddy: QWidget) -> QLabel:
    """A field's name at its left; its mnemonic (&) puts the keyboard into the field."""
    label = QLabel(text)
    label.setProperty("muted", True)
    label.setBuddy(buddy)
    return label


def rule_line() -> QFrame:
    """One pixel between two parts of a panel."""
    line = QFrame()
    line.setObjectName("rule")
    return line


class ProblemLabel(QLabel):
    """What is wrong with the field above it; hidden while nothing is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, wordWrap=True)
        self.setAlignment(_TOP_LEFT)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.setProperty("problem", True)
        self.hide()

    def show_problem(self, sentence: str) -> None:
        """Shows the sentence, or with an empty one hides."""
        self.setText(sentence)
        self.setAccessibleName(sentence)
        self.setVisible(bool(sentence))
