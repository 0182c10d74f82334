"""Paints the cells of the rule table: a rule that does not count is quiet, one that is wrong is red, the action is a chip."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from core.judge.verdict import Gate
from core.policy.action import ActionKind
from core.policy.model import Rule
from gui.delegates.style import style_of
from gui.gates import GATE_SHAPES, Look, finding_look
from gui.icons import Shape, paint_shape
from gui.models.rule_model import Column, Role
from gui.models.rule_text import arguments_summary, arguments_text, calls_text
from gui.theme import LIST_ROW_HEIGHT, MARGIN, Theme, Tokens

_PADDING: Final = 8
_CHIP_HEIGHT: Final = 18
_TALL_ROW: Final = 43
_SHAPE: Final = 9
_MARK: Final = 12
"""The warning sign in front of a rule's calls."""


def action_look(word: str, tokens: Tokens) -> Look:
    """An action's chip: what lets a call pass is green, what ends a process red, what asks sea green, and the rest seccomp's violet."""
    kind = word.partition(":")[0]
    short = word.partition(":")[2] if kind == ActionKind.ERRNO else word
    match kind:
        case ActionKind.ALLOW | ActionKind.LOG:
            return Look(Shape.CHECK, short, tokens.passed, tokens.passed_tint)
        case ActionKind.KILL_PROCESS | ActionKind.KILL_THREAD:
            return Look(Shape.CROSS, short, tokens.killed, tokens.killed_tint)
        case ActionKind.ASK | ActionKind.TRACE:
            return Look(Shape.TRIANGLE, short, tokens.asked, tokens.passed_tint)
        case _:
            return Look(Shape.DIAMOND, short, tokens.seccomp, tokens.seccomp_tint)


class RuleDelegate(QStyledItemDelegate):
    """One delegate for all columns."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.shows_tests_with_calls = False
        """Whether the tests stand behind the calls, because the table is too narrow for a column of theirs."""

    def chip_width(self, word: str) -> int:
        """What an action's cell needs, in pixels."""
        look = action_look(word, self._theme.tokens)
        text = QFontMetrics(self._theme.ui_font).horizontalAdvance(look.word)
        return text + self._theme.scaled(_SHAPE) + 4 + 2 * 7 + 2 * _PADDING

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        if index.column() == Column.ACTION:
            return QSize(self.chip_width(index.data()), option.rect.height())
        return super().sizeHint(option, index)

    def row_height(self, index: QModelIndex | QPersistentModelIndex) -> int:
        """What the rule's row needs, in pixels: two lines where there is something to remark."""
        return self._theme.scaled(_TALL_ROW if index.data(Role.REMARK) else LIST_ROW_HEIGHT)

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        if index.column() == Column.NUMBER:
            # The checkbox keeps the panel's margin, also where a click is looked for.
            option.rect.setLeft(option.rect.left() + MARGIN - 3)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        rule: Rule = index.data(Role.RULE)
        self._paint_ground(painter, option)
        painter.save()
        rect = option.rect
        column = Column(index.column())
        if column is not Column.NUMBER and (remark := index.data(Role.REMARK)):
            rect, below = _halves(rect)
            self._paint_remark(painter, _remark_rect(option, below), below, remark, idle=index.data(Role.IDLE))
        match column:
            case Column.NUMBER:
                self._paint_number(painter, option, index)
            case Column.ACTION:
                self._paint_chip(painter, rect, action_look(rule.action, self._theme.tokens), faded=not rule.enabled)
            case Column.CALLS:
                self._paint_calls(painter, _inner(rect), rule, index)
            case Column.TESTS:
                self._paint_text(painter, _inner(rect), arguments_text(rule), self._theme.mono_font, self._ink(rule, index))
            case Column.HITS:
                self._paint_hits(painter, rect.adjusted(0, 0, -MARGIN, 0), index.data())
            case Column.NOTE:
                self._paint_text(painter, _inner(rect), rule.note, self._theme.ui_font, self._theme.tokens.muted)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        tokens = self._theme.tokens
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(tokens.selection))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(tokens.accent), 1))
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))

    def _paint_number(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        box = QStyleOptionViewItem(option)
        self.initStyleOption(box, index)
        style = style_of(option)
        box.rect = style.subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, box, option.widget)
        checked = index.data(Qt.ItemDataRole.CheckStateRole) is Qt.CheckState.Checked
        box.state &= ~QStyle.StateFlag.State_HasFocus
        box.state |= QStyle.StateFlag.State_On if checked else QStyle.StateFlag.State_Off
        style.drawPrimitive(QStyle.PrimitiveElement.PE_IndicatorItemViewItemCheck, box, painter, option.widget)
        rect = QRect(option.rect)
        rect.setLeft(box.rect.right() + 6)
        painter.setFont(self._theme.ui_font)
        painter.setPen(QColor(self._theme.tokens.muted))
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), index.data())

    def _paint_calls(self, painter: QPainter, rect: QRect, rule: Rule, index: QModelIndex | QPersistentModelIndex) -> None:
        if severity := index.data(Role.SEVERITY):
            self._paint_mark(painter, rect, finding_look(severity, self._theme.tokens))
            rect.setLeft(rect.left() + self._theme.scaled(_MARK) + 5)
        font = self._theme.bold(self._theme.ui_font)
        text = calls_text(rule.syscalls)
        self._paint_text(painter, rect, text, font, self._ink(rule, index))
        if self.shows_tests_with_calls and rule.args:
            rect.setLeft(rect.left() + QFontMetrics(font).horizontalAdvance(text) + _PADDING)
            self._paint_text(painter, rect, arguments_summary(rule), self._theme.mono_font, self._theme.tokens.muted)

    def _paint_remark(self, painter: QPainter, rect: QRect, cell: QRect, text: str, *, idle: bool) -> None:
        # The line goes through all cells of the row; each paints its own piece of it.
        tokens = self._theme.tokens
        painter.setClipRect(cell)
        if not idle:
            self._paint_mark(painter, rect, Look(GATE_SHAPES[Gate.CAPABILITY], "", tokens.capability, ""), self._theme.scaled(_SHAPE))
            rect.setLeft(rect.left() + self._theme.scaled(_SHAPE) + 5)
        self._paint_text(painter, rect, text, self._theme.ui_font, tokens.capability if idle else tokens.muted)
        painter.setClipping(False)

    def _paint_mark(self, painter: QPainter, rect: QRect, look: Look, size: int = 0) -> None:
        size = size or self._theme.scaled(_MARK)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_shape(painter, look.shape, QRectF(rect.left(), rect.center().y() - size / 2 + 1, size, size), QColor(look.ink))

    def _paint_hits(self, painter: QPainter, rect: QRect, text: str) -> None:
        painter.setFont(self._theme.ui_font)
        painter.setPen(QColor(self._theme.tokens.muted))
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)

    def _paint_text(self, painter: QPainter, rect: QRect, text: str, font: QFont, ink: str) -> None:
        if rect.width() <= 0:
            return
        painter.setFont(font)
        painter.setPen(QColor(ink))
        elided = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), elided)

    def _paint_chip(self, painter: QPainter, rect: QRect, look: Look, *, faded: bool) -> None:
        tokens = self._theme.tokens
        height, shape = self._theme.scaled(_CHIP_HEIGHT), self._theme.scaled(_SHAPE)
        ink, tint = (tokens.muted, tokens.header) if faded else (look.ink, look.tint)
        body = QRectF(rect.left() + _PADDING, rect.center().y() - height / 2 + 1, rect.width() - 2 * _PADDING, height)
        body.setWidth(min(body.width(), self.chip_width(look.word) - 2 * _PADDING))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tint))
        painter.drawRoundedRect(body, height / 2, height / 2)
        paint_shape(painter, look.shape, QRectF(body.left() + 7, body.center().y() - shape / 2, shape, shape), QColor(ink))
        self._paint_text(painter, body.adjusted(7 + shape + 4, 0, 0, 0).toRect(), look.word, self._theme.ui_font, ink)

    def _ink(self, rule: Rule, index: QModelIndex | QPersistentModelIndex) -> str:
        tokens = self._theme.tokens
        if index.data(Role.PROBLEM):
            return tokens.killed
        return tokens.text if rule.enabled else tokens.muted


def _remark_rect(option: QStyleOptionViewItem, below: QRect) -> QRect:
    rect = QRect(below)
    view = option.widget
    if isinstance(view, QTableView):
        rect.setLeft(view.columnViewportPosition(Column.CALLS))
        rect.setRight(view.viewport().width() - 1)
    return _inner(rect)


def _halves(rect: QRect) -> tuple[QRect, QRect]:
    upper, lower = QRect(rect), QRect(rect)
    upper.setBottom(rect.center().y() + 1)
    lower.setTop(rect.center().y() - 1)
    return upper.translated(0, 1), lower.translated(0, -2)


def _inner(rect: QRect) -> QRect:
    return rect.adjusted(_PADDING, 0, -_PADDING, 0)
