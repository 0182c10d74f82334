"""Paints a capability: checkbox, name, a warning sign where it leads to root, and quietly what it governs."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from core.knowledge.capabilities import Capability
from gui.delegates.style import style_of
from gui.icons import Shape, paint_shape
from gui.models.capability_model import Role
from gui.theme import LIST_ROW_HEIGHT, MARGIN, Theme

_GAP: Final = 8
_SIGN: Final = 12
_LEAST_WORDS: Final = 24
"""Pixels below which a beginning of words says nothing."""


class CapabilityDelegate(QStyledItemDelegate):
    """One row of the list."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: ARG002  Qt's signature
        return QSize(120, self._theme.scaled(LIST_ROW_HEIGHT))

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        # The checkbox keeps the panel's margin, also where a click is looked for.
        super().initStyleOption(option, index)
        option.rect.setLeft(option.rect.left() + MARGIN - 3)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        capability: Capability = index.data(Role.CAPABILITY)
        ground = QStyleOptionViewItem(option)
        self.initStyleOption(ground, index)
        ground.text = ""
        style = style_of(option)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(self._theme.tokens.selection))
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, ground, painter, option.widget)
        box = style.subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, ground, option.widget)
        left_alone = Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) is Qt.CheckState.PartiallyChecked
        if left_alone:
            paint_shape(painter, Shape.DASH, QRectF(box).adjusted(4, 4, -4, -4), QColor(self._theme.tokens.muted))
        rect = QRect(option.rect)
        rect.setLeft(box.right() + _GAP + 1)
        rect.setRight(rect.right() - MARGIN)
        paint_capability(painter, rect, self._theme, capability, quiet=left_alone)


def paint_capability(painter: QPainter, rect: QRect, theme: Theme, capability: Capability, *, quiet: bool = False) -> None:
    """The name, the sign of those that lead to root, and as much as fits of what it governs."""
    painter.save()
    middle = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    muted = QColor(theme.tokens.muted)
    side = theme.scaled(_SIGN) if capability.root_equivalent else 0
    metrics = QFontMetrics(theme.ui_font)
    name = metrics.elidedText(capability.name, Qt.TextElideMode.ElideRight, rect.width() - side)
    painter.setFont(theme.ui_font)
    painter.setPen(muted if quiet else QColor(theme.tokens.text))
    painter.drawText(rect, middle, name)
    left = rect.left() + metrics.horizontalAdvance(name)
    if side:
        gap = min(_GAP, rect.right() - left - side)
        sign = QRectF(left + gap, rect.center().y() - side / 2 + 0.5, side, side)
        paint_shape(painter, Shape.WARNING, sign, QColor(theme.tokens.capability))
        left += gap + side
    rest = QRect(rect)
    rest.setLeft(left + _GAP)
    if rest.width() > _LEAST_WORDS:
        small = theme.small(theme.ui_font)
        painter.setFont(small)
        painter.setPen(muted)
        painter.drawText(rest, middle, QFontMetrics(small).elidedText(capability.governs, Qt.TextElideMode.ElideRight, rest.width()))
    painter.restore()
