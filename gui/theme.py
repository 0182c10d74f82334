"""The colours and fonts of the window, light and dark, and the object that applies them."""

from __future__ import annotations

import dataclasses
import enum
import os
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication

from gui.style_sheet import style_sheet

GRID: Final = 4
"""The grid on which everything lies, in pixels."""
MARGIN: Final = 12
"""Margin of a panel."""
ROW_HEIGHT: Final = 25
"""Height of a row in the log."""
LIST_ROW_HEIGHT: Final = 27
"""Height of a row in lists and forms."""
HEADER_HEIGHT: Final = 34
"""Height of the strip of tabs above a panel."""
CARD_RADIUS: Final = 9
UI_POINTS: Final = 9.5
MONO_POINTS: Final = 9.0
LARGE_TYPE: Final = 1.35
"""How much larger the type for a projector is."""


class Choice(enum.StrEnum):
    """Which colours the user wants."""

    DESKTOP = "desktop"
    LIGHT = "light"
    DARK = "dark"


@dataclasses.dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one theme, as `#rrggbb`. `_tint` is the pale ground on which the colour itself is readable."""

    dark: bool
    window: str
    panel: str
    alternate: str
    line: str
    header: str
    text: str
    muted: str
    accent: str
    on_accent: str
    selection: str
    seccomp: str
    seccomp_tint: str
    capability: str
    capability_tint: str
    other: str
    other_tint: str
    passed: str
    passed_tint: str
    killed: str
    killed_tint: str
    asked: str


LIGHT: Final = Tokens(
    dark=False,
    window="#f5f5f4",
    panel="#ffffff",
    alternate="#fafaf9",
    line="#dedddb",
    header="#f0efed",
    text="#1f2328",
    muted="#6b7280",
    accent="#2f5fd0",
    on_accent="#ffffff",
    selection="#e6ecfb",
    seccomp="#6d4fc7",
    seccomp_tint="#efebfb",
    capability="#a55a0b",
    capability_tint="#fbf0e2",
    other="#29748e",
    other_tint="#e3f1f5",
    passed="#2d7a4d",
    passed_tint="#e6f3ea",
    killed="#c0322b",
    killed_tint="#fbe6e4",
    asked="#0b7f7a",
)

DARK: Final = Tokens(
    dark=True,
    window="#1b1d21",
    panel="#23262b",
    alternate="#262a2f",
    line="#353940",
    header="#2a2e34",
    text="#e4e6ea",
    muted="#9aa2ad",
    accent="#7aa2ff",
    on_accent="#14161a",
    selection="#2d3d63",
    seccomp="#b39bff",
    seccomp_tint="#332c4d",
    capability="#f0a848",
    capability_tint="#42331f",
    other="#6cc0dc",
    other_tint="#1f3a44",
    passed="#6fce93",
    passed_tint="#20382a",
    killed="#ff8079",
    killed_tint="#4a2826",
    asked="#4fd0c8",
)


def palette_of(tokens: Tokens) -> QPalette:
    """What native widgets paint themselves with."""
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: tokens.panel,
        QPalette.ColorRole.WindowText: tokens.text,
        QPalette.ColorRole.Base: tokens.panel,
        QPalette.ColorRole.AlternateBase: tokens.alternate,
        QPalette.ColorRole.Text: tokens.text,
        QPalette.ColorRole.Button: tokens.panel,
        QPalette.ColorRole.ButtonText: tokens.text,
        QPalette.ColorRole.BrightText: tokens.killed,
        QPalette.ColorRole.Highlight: tokens.selection,
        QPalette.ColorRole.HighlightedText: tokens.text,
        QPalette.ColorRole.Link: tokens.accent,
        QPalette.ColorRole.LinkVisited: tokens.accent,
        QPalette.ColorRole.ToolTipBase: tokens.header,
        QPalette.ColorRole.ToolTipText: tokens.text,
        QPalette.ColorRole.PlaceholderText: tokens.muted,
        QPalette.ColorRole.Accent: tokens.accent,
        QPalette.ColorRole.Mid: tokens.line,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.muted))
    return palette


class Theme(QObject):
    """The theme in force: its colours, its fonts, and the desktop's wish that it follows unless the user chose."""

    changed = Signal()
    """Colours or type are others now; the application's palette, font and style sheet already are."""

    def __init__(self, application: QApplication, choice: Choice = Choice.DESKTOP, *, large: bool = False) -> None:
        super().__init__(application)
        self._application = application
        self._desktop_font = application.font()
        self._choice = choice
        self._large = large
        self._dressed = False
        self.tokens = LIGHT
        self.ui_font = QFont()
        self.mono_font = QFont()
        application.styleHints().colorSchemeChanged.connect(self._on_desktop_changed)
        self._apply()

    @property
    def choice(self) -> Choice:
        return self._choice

    @property
    def large(self) -> bool:
        """Whether the type is the larger one, for a projector."""
        return self._large

    def dress(self) -> None:
        """Puts the style sheet on the application, from now on with every change.

        Once the window is built: under a style sheet, a widget is styled anew with all that is in it each time that it is put into
        another, which was a third of the time until the window was shown.
        """
        self._dressed = True
        self._apply()

    def choose(self, choice: Choice) -> None:
        """Follows the desktop again, or stays light or dark."""
        self._choice = choice
        self._apply()

    def set_large(self, large: bool) -> None:
        self._large = large
        self._apply()

    def scaled(self, pixels: int) -> int:
        """A height that text must fit in, in pixels: larger with the larger type."""
        return round(pixels * LARGE_TYPE) if self._large else pixels

    def bold(self, font: QFont) -> QFont:
        """The same font at weight 600."""
        heavier = QFont(font)
        heavier.setWeight(QFont.Weight.DemiBold)
        return heavier

    def small(self, font: QFont) -> QFont:
        """The same font a half point smaller, for what is secondary."""
        smaller = QFont(font)
        smaller.setPointSizeF(font.pointSizeF() - 0.5)
        return smaller

    def _on_desktop_changed(self) -> None:
        if self._choice is Choice.DESKTOP:
            self._apply()

    def _apply(self) -> None:
        wishes_dark = self._application.styleHints().colorScheme() == Qt.ColorScheme.Dark
        dark = wishes_dark if self._choice is Choice.DESKTOP else self._choice is Choice.DARK
        self.tokens = DARK if dark else LIGHT
        factor = LARGE_TYPE if self._large else 1.0
        self.ui_font = _ui_font(self._desktop_font, UI_POINTS * factor)
        self.mono_font = _mono_font(MONO_POINTS * factor)
        self._application.setFont(self.ui_font)
        self._application.setPalette(palette_of(self.tokens))
        if self._dressed:
            self._application.setStyleSheet(style_sheet(self.tokens, self.scaled(30)))
        self.changed.emit()


def _ui_font(desktop: QFont, points: float) -> QFont:
    font = QFont(desktop)
    # Without a desktop, Qt's answer is a mere fallback, and a font made for interfaces serves better.
    if not os.environ.get("XDG_CURRENT_DESKTOP") and "Inter" in QFontDatabase.families():
        font.setFamily("Inter")
    font.setPointSizeF(points)
    font.setFeature(QFont.Tag("tnum"), 1)
    # Inter's contextual forms would write 0x10 as 0×10.
    font.setFeature(QFont.Tag("calt"), 0)
    return font


def _mono_font(points: float) -> QFont:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    if not os.environ.get("XDG_CURRENT_DESKTOP") or not QFontInfo(font).fixedPitch():
        font.setFamilies(["JetBrains Mono", font.family(), "DejaVu Sans Mono"])
    font.setFixedPitch(True)
    font.setPointSizeF(points)
    # Ligatures would hide what a program wrote: != and -> are two characters.
    for feature in ("liga", "calt"):
        font.setFeature(QFont.Tag(feature), 0)
    return font
