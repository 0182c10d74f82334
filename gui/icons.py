"""The window's signs, painted: a shape for every gate and outcome, and the signs of the toolbar."""

from __future__ import annotations

import enum
import functools
import math
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

_PIXELS: Final = (16, 32, 48)
"""Sizes in which an icon is painted, for displays at 100 to 300 %."""


class Shape(enum.Enum):
    """What is drawn; its value is the character that stands for it where only text goes."""

    DIAMOND = "◆"
    HEXAGON = "⬢"
    CIRCLE = "●"
    CROSS = "✕"
    CHECK = "✓"
    TRIANGLE = "▲"
    DASH = "—"
    RUN = "▶"
    STOP = "■"
    AGAIN = "↻"
    FOLDER = "…"
    WARNING = "⚠"
    CLOSE = "×"


def paint_shape(painter: QPainter, shape: Shape, rect: QRectF, colour: QColor) -> None:
    """Paints the shape into the square that fits in the middle of `rect`."""
    side = min(rect.width(), rect.height())
    square = QRectF(rect.center().x() - side / 2, rect.center().y() - side / 2, side, side)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if shape in _STROKES:
        pen = QPen(colour, max(1.4, side * 0.16), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(colour))
    painter.drawPath(_path(shape, square))
    painter.restore()


@functools.cache
def shape_icon(shape: Shape, colour: str, disabled: str = "") -> QIcon:
    """The shape as an icon, for buttons and menus; `disabled`: its colour while it cannot be pressed, if another."""
    icon = QIcon()
    for pixels in _PIXELS:
        icon.addPixmap(_pixmap(shape, colour, pixels))
        if disabled:
            icon.addPixmap(_pixmap(shape, disabled, pixels), QIcon.Mode.Disabled)
    return icon


def _pixmap(shape: Shape, colour: str, pixels: int) -> QPixmap:
    pixmap = QPixmap(QSize(pixels, pixels))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    inset = pixels * 0.14
    paint_shape(painter, shape, QRectF(0, 0, pixels, pixels).adjusted(inset, inset, -inset, -inset), QColor(colour))
    painter.end()
    return pixmap


_STROKES: Final = {Shape.CROSS, Shape.CHECK, Shape.DASH, Shape.AGAIN, Shape.FOLDER, Shape.CLOSE}

_OUTLINES: Final[dict[Shape, tuple[tuple[float, float], ...]]] = {
    Shape.DIAMOND: ((0.5, 0.0), (1.0, 0.5), (0.5, 1.0), (0.0, 0.5)),
    Shape.HEXAGON: tuple((0.5 + 0.5 * math.sin(math.tau * turn / 6), 0.5 - 0.5 * math.cos(math.tau * turn / 6)) for turn in range(6)),
    Shape.TRIANGLE: ((0.5, 0.06), (1.0, 0.94), (0.0, 0.94)),
    Shape.RUN: ((0.14, 0.05), (0.95, 0.5), (0.14, 0.95)),
    Shape.STOP: ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)),
}
_LINES: Final[dict[Shape, tuple[tuple[tuple[float, float], ...], ...]]] = {
    Shape.CROSS: (((0.15, 0.15), (0.85, 0.85)), ((0.85, 0.15), (0.15, 0.85))),
    Shape.CLOSE: (((0.22, 0.22), (0.78, 0.78)), ((0.78, 0.22), (0.22, 0.78))),
    Shape.CHECK: (((0.1, 0.55), (0.4, 0.84), (0.92, 0.2)),),
    Shape.DASH: (((0.12, 0.5), (0.88, 0.5)),),
    Shape.FOLDER: (((0.05, 0.84), (0.05, 0.18), (0.36, 0.18), (0.46, 0.32), (0.95, 0.32), (0.95, 0.84), (0.05, 0.84)),),
}


def _path(shape: Shape, square: QRectF) -> QPainterPath:
    path = QPainterPath()
    if shape is Shape.CIRCLE:
        path.addEllipse(square)
    elif shape is Shape.AGAIN:
        _add_again(path, square)
    elif shape is Shape.WARNING:
        _add_warning(path, square)
    elif shape in _OUTLINES:
        path.addPolygon(QPolygonF([_point(square, point) for point in _OUTLINES[shape]]))
        path.closeSubpath()
    else:
        for line in _LINES[shape]:
            path.addPolygon(QPolygonF([_point(square, point) for point in line]))
    return path


def _point(square: QRectF, point: tuple[float, float]) -> QPointF:
    return QPointF(square.x() + point[0] * square.width(), square.y() + point[1] * square.height())


def _add_again(path: QPainterPath, square: QRectF) -> None:
    ring = square.adjusted(*(square.width() * part for part in (0.1, 0.1, -0.1, -0.1)))
    path.arcMoveTo(ring, 50)
    tip = path.currentPosition()
    path.arcTo(ring, 50, 300)
    arm = square.width() * 0.28
    path.moveTo(tip + QPointF(0, -arm))
    path.lineTo(tip)
    path.lineTo(tip + QPointF(-arm, 0))


def _add_warning(path: QPainterPath, square: QRectF) -> None:
    path.setFillRule(Qt.FillRule.OddEvenFill)
    path.addPolygon(QPolygonF([_point(square, point) for point in ((0.5, 0.03), (1.0, 0.95), (0.0, 0.95))]))
    path.closeSubpath()
    path.addRect(QRectF(_point(square, (0.44, 0.36)), _point(square, (0.56, 0.66))))
    path.addRect(QRectF(_point(square, (0.44, 0.74)), _point(square, (0.56, 0.86))))
