"""The colours can be read, and the theme follows."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from gui.theme import DARK, LIGHT, Choice, Theme, Tokens

PAIRS = [
    *((ink, ground) for ink in ("text", "muted", "seccomp", "capability", "other", "passed", "killed", "asked") for ground in ("panel",)),
    *((gate, f"{gate}_tint") for gate in ("seccomp", "capability", "other", "passed", "killed")),
    ("on_accent", "accent"),
    ("text", "selection"),
    ("muted", "alternate"),
]


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parsed = QColor(colour)
    parts = (parsed.redF(), 0.2126), (parsed.greenF(), 0.7152), (parsed.blueF(), 0.0722)
    return sum(weight * (part / 12.92 if part <= 0.04045 else pow((part + 0.055) / 1.055, 2.4)) for part, weight in parts)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_text_can_be_read(tokens: Tokens, ink: str, ground: str) -> None:
    bright, dim = sorted((luminance(getattr(tokens, ink)), luminance(getattr(tokens, ground))), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= 4.5


def test_choice_repaints_the_application(qapp: QApplication, theme: Theme, qtbot: QtBot) -> None:
    with qtbot.waitSignal(theme.changed):
        theme.choose(Choice.DARK)
    assert qapp.palette().color(QPalette.ColorRole.Base) == QColor(DARK.panel)
    assert DARK.line in qapp.styleSheet()
    theme.choose(Choice.LIGHT)
    assert qapp.palette().color(QPalette.ColorRole.Base) == QColor(LIGHT.panel)


def test_larger_type_is_larger(theme: Theme) -> None:
    points, height = theme.ui_font.pointSizeF(), theme.scaled(25)
    theme.set_large(True)
    assert theme.ui_font.pointSizeF() > points
    assert theme.scaled(25) > height


@pytest.mark.usefixtures("theme")
def test_buttons_of_dialogs_have_words_only(qtbot: QtBot) -> None:
    box = QMessageBox(QMessageBox.Icon.Question, "Save?", "It ends with the window.", QMessageBox.StandardButton.Save)
    qtbot.addWidget(box)
    assert [button.icon().isNull() for button in box.buttons()] == [True]
