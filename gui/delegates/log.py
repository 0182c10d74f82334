"""Paints the log's cells: quiet text, and a chip of colour, shape and word where a gate said no."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from core.judge.verdict import Outcome
from gui.gates import Look, chip_of, result_ink
from gui.icons import paint_shape
from gui.models.log_columns import Column, Row
from gui.models.log_model import ALIGNMENTS, LogModel
from gui.theme import Theme

_PADDING: Final = 8
_CHIP_HEIGHT: Final = 17
_SHAPE: Final = 9
_MARK_WIDTH: Final = 3
_COLUMNS: Final = tuple(Column)
_QUIET: Final = (Column.NUMBER, Column.TIME, Column.DURATION, Column.TID, Column.EVIDENCE)


class LogDelegate(QStyledItemDelegate):
    """One delegate for all columns; fonts and metrics are taken once a theme, not once a cell, and the model is asked without Qt in between:
    while a program floods the log, painting it is what takes most of the window's time."""

    def __init__(self, theme: Theme, model: LogModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._log = model
        self._on_theme_changed()
        theme.changed.connect(self._on_theme_changed)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        number, column = index.row(), _COLUMNS[index.column()]
        row, selected = self._log.row(number), bool(option.state & QStyle.StateFlag.State_Selected)
        self._paint_ground(painter, option.rect, number, column, selected=selected)
        if column is Column.GATE and row.verdict is not None and (chip := chip_of(row.verdict, self._theme.tokens)):
            self._paint_chip(painter, option.rect, chip)
            return
        font = self._fonts[column]
        if column is Column.RESULT and row.verdict is not None and chip_of(row.verdict, self._theme.tokens):
            font = self._bold
        painter.setFont(font)
        painter.setPen(QColor(self._ink(row, column, selected)))
        rect = option.rect.adjusted(_PADDING, 0, -_PADDING, 0)
        text = self._metrics[column].elidedText(row.shown(column), Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, ALIGNMENTS[column], text)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        column = _COLUMNS[index.column()]
        text = self._log.row(index.row()).shown(column)
        width = self._metrics[column].horizontalAdvance(text[:160]) + 2 * _PADDING
        return QSize(width + (3 * _PADDING if column is Column.GATE else 2), option.rect.height())

    def _paint_ground(self, painter: QPainter, rect: QRect, number: int, column: Column, *, selected: bool) -> None:
        tokens = self._theme.tokens
        if selected:
            painter.fillRect(rect, QColor(tokens.selection))
        elif number % 2:
            painter.fillRect(rect, QColor(tokens.alternate))
        if column is Column.NUMBER and self._log.is_marked(number):
            painter.fillRect(QRect(rect.left(), rect.top(), _MARK_WIDTH, rect.height()), QColor(tokens.accent))

    def _paint_chip(self, painter: QPainter, rect: QRect, chip: Look) -> None:
        height = self._theme.scaled(_CHIP_HEIGHT)
        shape = self._theme.scaled(_SHAPE)
        width = min(self._metrics[Column.GATE].horizontalAdvance(chip.word) + shape + 4 + 2 * 7, rect.width() - _PADDING)
        body = QRectF(rect.left() + _PADDING - 1, rect.center().y() - height / 2 + 1, width, height)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(chip.tint))
        painter.drawRoundedRect(body, height / 2, height / 2)
        ink = QColor(chip.ink)
        paint_shape(painter, chip.shape, QRectF(body.left() + 7, body.center().y() - shape / 2, shape, shape), ink)
        painter.setPen(ink)
        painter.setFont(self._fonts[Column.GATE])
        painter.drawText(body.adjusted(7 + shape + 4, 0, 0, 0), int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), chip.word)
        painter.restore()

    def _ink(self, row: Row, column: Column, selected: bool) -> str:
        tokens = self._theme.tokens
        if row.verdict is None:
            return tokens.killed if row.alarm else tokens.muted
        if column in _QUIET:
            return tokens.muted
        if column is Column.RESULT:
            return result_ink(row.verdict, tokens)
        if column in (Column.REASON, Column.GATE):
            return tokens.text if selected else tokens.muted
        return tokens.muted if row.verdict.outcome is Outcome.UNFINISHED else tokens.text

    def _on_theme_changed(self) -> None:
        theme = self._theme
        plain, mono = theme.ui_font, theme.mono_font
        self._bold: QFont = theme.bold(plain)
        self._fonts: dict[Column, QFont] = dict.fromkeys(Column, plain)
        self._fonts[Column.ARGUMENTS] = mono
        self._fonts[Column.SYSCALL] = self._bold
        self._metrics = {column: QFontMetrics(font) for column, font in self._fonts.items()}
