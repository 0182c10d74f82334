"""Paints the grid of capabilities and sets: a box in the middle of its cell, marked where the kernel would refuse it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionButton, QStyleOptionViewItem

from gui.delegates.capability import paint_capability
from gui.delegates.style import style_of
from gui.icons import Shape, paint_shape
from gui.models.capability_model import Role
from gui.models.capability_sets import Column, SetRole
from gui.theme import LIST_ROW_HEIGHT, MARGIN, Theme

_SIGN: Final = 9
_KEYS: Final = (Qt.Key.Key_Space, Qt.Key.Key_Select)


class CapabilitySetDelegate(QStyledItemDelegate):
    """The whole cell is the box: a click anywhere in it toggles, and so does Space."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: ARG002  Qt's signature
        return QSize(24, self._theme.scaled(LIST_ROW_HEIGHT))

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> bool:
        if Column(index.column()) is Column.NAME:
            return super().editorEvent(event, model, option, index)
        if isinstance(event, QMouseEvent):
            if event.type() is QEvent.Type.MouseButtonRelease and event.button() is Qt.MouseButton.LeftButton:
                return model.setData(index, None, Qt.ItemDataRole.CheckStateRole)
            return event.type() is QEvent.Type.MouseButtonDblClick
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in _KEYS:
            return model.setData(index, None, Qt.ItemDataRole.CheckStateRole)
        return False

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        tokens = self._theme.tokens
        refusal = index.data(SetRole.REFUSAL)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(tokens.selection))
        elif refusal is not None:
            painter.fillRect(option.rect, QColor(tokens.killed_tint))
        if Column(index.column()) is Column.NAME:
            paint_capability(painter, option.rect.adjusted(MARGIN, 0, -4, 0), self._theme, index.data(Role.CAPABILITY))
        else:
            box = self._paint_box(painter, option, Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)))
            if refusal is not None:
                side = self._theme.scaled(_SIGN)
                sign = QRectF(box.right() - side / 2 + 1, box.top() - side / 2, side, side)
                paint_shape(painter, Shape.WARNING, sign, QColor(tokens.killed))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(tokens.accent)))
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))

    def _paint_box(self, painter: QPainter, option: QStyleOptionViewItem, state: Qt.CheckState) -> QRect:
        style, box = style_of(option), QStyleOptionButton()
        side = QSize(
            style.pixelMetric(QStyle.PixelMetric.PM_IndicatorWidth, box, option.widget),
            style.pixelMetric(QStyle.PixelMetric.PM_IndicatorHeight, box, option.widget),
        )
        rect = QRect(option.rect.center() - QRect(0, 0, side.width(), side.height()).center(), side)
        if state is Qt.CheckState.PartiallyChecked:
            # Left as it is: no box, since nothing is chosen.
            paint_shape(painter, Shape.DASH, QRectF(rect).adjusted(4, 4, -4, -4), QColor(self._theme.tokens.muted))
            return rect
        ground = QStyleOptionViewItem(option)
        ground.rect = rect
        ground.state &= ~(QStyle.StateFlag.State_HasFocus | QStyle.StateFlag.State_MouseOver)
        ground.state |= QStyle.StateFlag.State_On if state is Qt.CheckState.Checked else QStyle.StateFlag.State_Off
        style.drawPrimitive(QStyle.PrimitiveElement.PE_IndicatorItemViewItemCheck, ground, painter, option.widget)
        return rect
