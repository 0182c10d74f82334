"""Paints the cells of the quiet tables and trees: one line of text in the tone that the model gives it."""

from __future__ import annotations

import enum
from typing import Final

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gui.theme import ROW_HEIGHT, Theme

_PADDING: Final = 8


class Tone(enum.Enum):
    """How a cell's text is meant; a colour has its sign or word in the text itself."""

    PLAIN = enum.auto()
    QUIET = enum.auto()
    STRONG = enum.auto()
    MONO = enum.auto()
    """What a program wrote, or is called."""
    GOOD = enum.auto()
    REFUSED = enum.auto()
    BAD = enum.auto()


TONE_ROLE: Final = Qt.ItemDataRole.UserRole + 100
"""Under this role a model gives a cell's `Tone`."""


class CellDelegate(QStyledItemDelegate):
    """For models that know `TONE_ROLE`."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._on_theme_changed()
        theme.changed.connect(self._on_theme_changed)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        width = self._metrics[self._tone(index)].horizontalAdvance(str(index.data() or "")[:160]) + 2 * _PADDING + 2
        return QSize(width, max(option.rect.height(), self._theme.scaled(ROW_HEIGHT)))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        tokens = self._theme.tokens
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(tokens.selection))
        elif index.row() % 2 and option.features & QStyleOptionViewItem.ViewItemFeature.Alternate:
            painter.fillRect(option.rect, QColor(tokens.alternate))
        tone = self._tone(index)
        painter.setFont(self._fonts[tone])
        painter.setPen(QColor(self._inks[tone]))
        rect = option.rect.adjusted(_PADDING, 0, -_PADDING, 0)
        text = self._metrics[tone].elidedText(str(index.data() or ""), Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, int(index.data(Qt.ItemDataRole.TextAlignmentRole) or _LEFT), text)

    @staticmethod
    def _tone(index: QModelIndex | QPersistentModelIndex) -> Tone:
        tone: Tone = index.data(TONE_ROLE) or Tone.PLAIN
        return tone

    def _on_theme_changed(self) -> None:
        theme, tokens = self._theme, self._theme.tokens
        self._fonts: dict[Tone, QFont] = dict.fromkeys(Tone, theme.ui_font)
        self._fonts[Tone.MONO] = theme.mono_font
        self._fonts |= dict.fromkeys((Tone.STRONG, Tone.REFUSED, Tone.BAD), theme.bold(theme.ui_font))
        self._metrics = {tone: QFontMetrics(font) for tone, font in self._fonts.items()}
        self._inks: dict[Tone, str] = dict.fromkeys(Tone, tokens.text)
        self._inks |= {Tone.QUIET: tokens.muted, Tone.GOOD: tokens.passed, Tone.REFUSED: tokens.capability, Tone.BAD: tokens.killed}


_LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
