"""Paints a finding in two lines: its sign and what is so; how grave it is, and where."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from core.lint.finding import Finding
from gui.gates import finding_look
from gui.icons import paint_shape
from gui.models.finding_model import Role, place_text
from gui.theme import MARGIN, Theme

_HEIGHT: Final = 43
_SHAPE: Final = 12
_INFO_SHAPE: Final = 7


class FindingDelegate(QStyledItemDelegate):
    """For a `FindingModel`."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: ARG002  Qt's signature
        return QSize(option.rect.width(), self._theme.scaled(_HEIGHT))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        finding: Finding = index.data(Role.FINDING)
        tokens = self._theme.tokens
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(tokens.selection))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(tokens.accent), 1))
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))
        look = finding_look(finding.severity, tokens)
        self._paint_shape(painter, option.rect, finding)
        left = MARGIN + self._theme.scaled(_SHAPE) + 8
        half = option.rect.height() // 2
        upper = option.rect.adjusted(left, 4, -MARGIN, -half)
        lower = option.rect.adjusted(left, half - 1, -MARGIN, -5)
        self._paint_text(painter, upper, str(index.data()), tokens.text)
        width = self._paint_text(painter, lower, look.word, look.ink)
        lower.setLeft(lower.left() + width)
        self._paint_text(painter, lower, f" · {place_text(finding)}", tokens.muted)
        painter.restore()

    def _paint_shape(self, painter: QPainter, rect: QRect, finding: Finding) -> None:
        look = finding_look(finding.severity, self._theme.tokens)
        cell = self._theme.scaled(_SHAPE)
        size = self._theme.scaled(_INFO_SHAPE) if finding.severity == "info" else cell
        middle = rect.top() + rect.height() / 4 + 3
        square = QRectF(rect.left() + MARGIN + (cell - size) / 2, middle - size / 2, size, size)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_shape(painter, look.shape, square, QColor(look.ink))

    def _paint_text(self, painter: QPainter, rect: QRect, text: str, ink: str) -> int:
        font: QFont = self._theme.ui_font
        painter.setFont(font)
        painter.setPen(QColor(ink))
        metrics = QFontMetrics(font)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), shown)
        return metrics.horizontalAdvance(shown)
