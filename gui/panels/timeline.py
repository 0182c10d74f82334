"""The strip above the log: how busy the target was when, coloured where a gate said no."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.judge.verdict import Gate
from gui.gates import NAMED_GATES, gate_ink
from gui.models.histogram import Histogram
from gui.theme import MARGIN, Theme
from gui.words import some

_HEIGHT: Final = 44
_BAR: Final = 11
_GAP: Final = 2
_SHORTEST: Final = 3


class Timeline(QWidget):
    """Bars of calls by time; a click goes to that time."""

    time_chosen = Signal(object)
    """Nanoseconds since the start of the run, as an int: the time of the bar that was clicked."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._histogram = Histogram()
        self.setAccessibleName("Timeline of the run")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, _HEIGHT)

    def show_histogram(self, histogram: Histogram) -> None:
        """Paints these counts from now on; call `update` when they grew."""
        self._histogram = histogram
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        tokens = self._theme.tokens
        painter.fillRect(self.rect(), QColor(tokens.panel))
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(tokens.line))
        bars = self._histogram.bars(self._capacity())
        peak = int(bars.sum(axis=1).max())
        if peak == 0:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        pitch = self._pitch(len(bars))
        for number, bar in enumerate(bars.tolist()):
            self._paint_bar(painter, MARGIN + number * pitch, max(1.0, pitch - _GAP), bar, peak)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self._histogram.last_ns:
            self.time_chosen.emit(self._time_at(event.position().toPoint()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        bars = self._histogram.bars(self._capacity())
        number = int((event.position().x() - MARGIN) // self._pitch(len(bars)))
        if not 0 <= number < len(bars) or not self._histogram.last_ns:
            return
        counts = bars[number].tolist()
        refused = [f"{counts[gate]:,} {gate.word}" for gate in NAMED_GATES if counts[gate]]
        time = self._time_at(event.position().toPoint()) / 1e9
        text = f"{time:.4f} s · {some(sum(counts), 'call')}" + (f" · refused: {', '.join(refused)}" if refused else "")
        QToolTip.showText(event.globalPosition().toPoint(), text, self)

    def _paint_bar(self, painter: QPainter, left: float, width: float, counts: list[int], peak: int) -> None:
        total = sum(counts)
        if not total:
            return
        room = self.height() - 15
        base = self.height() - 7
        # By the logarithm: a burst of a hundred thousand calls must not hide the one that was refused.
        height = max(_SHORTEST, room * math.log1p(total) / math.log1p(peak))
        quiet = QColor(self._theme.tokens.line)
        painter.setBrush(quiet)
        refused = [(gate, counts[gate]) for gate in NAMED_GATES if counts[gate]]
        each = min(height, max(5.0 * len(refused), height * 0.5)) / len(refused) if refused else 0.0
        top = base - height
        for gate, _ in refused:
            painter.setBrush(QColor(gate_ink(gate, self._theme.tokens)))
            painter.drawRoundedRect(QRectF(left, top, width, each), 1.5, 1.5)
            top += each
        if counts[Gate.NONE] and base - top > 0:
            painter.setBrush(quiet)
            painter.drawRoundedRect(QRectF(left, top, width, base - top), 1.5, 1.5)

    def _capacity(self) -> int:
        return max(1, (self.width() - 2 * MARGIN) // (_BAR + _GAP))

    def _pitch(self, bars: int) -> float:
        return max(1.0, (self.width() - 2 * MARGIN) / max(bars, 1))

    def _time_at(self, point: QPoint) -> int:
        share = (point.x() - MARGIN) / max(1, self.width() - 2 * MARGIN)
        return round(max(0.0, min(1.0, share)) * self._histogram.last_ns)
