"""The status bar: how the run goes, what it counted, and where it is kept."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStatusBar, QWidget

from core.judge.verdict import Gate
from core.recording.summary import Summary
from gui.gates import GATE_SHAPES, gate_ink
from gui.icons import shape_icon
from gui.naming import named
from gui.style_sheet import restyle
from gui.theme import MARGIN, Theme
from gui.words import some

_ORDER: Final = (Gate.SECCOMP, Gate.CAPABILITY, Gate.OTHER)
_UNITS: Final = ("B", "KB", "MB", "GB")


class StatusLine(QStatusBar):
    """Words and counts at the left, the recording at the right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._state = named(QLabel("Ready"), "State of the run")
        self._calls = QLabel()
        self._signs = {gate: QLabel() for gate in _ORDER}
        self._counts = {gate: QLabel() for gate in _ORDER}
        self._lost = QLabel()
        self._recording = named(QLabel(), "Recording")
        self.setSizeGripEnabled(False)
        self.addWidget(self._make_row(), 1)
        self.addPermanentWidget(self._recording)
        self.setContentsMargins(6, 0, MARGIN, 0)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.show_summary(None)

    def show_state(self, sentence: str) -> None:
        """How the run goes, or how it ended."""
        self._state.setText(sentence)

    def show_recording(self, sentence: str) -> None:
        self._recording.setText(sentence)

    def show_summary(self, summary: Summary | None) -> None:
        """The counts; None hides them: there is no run yet."""
        for label in (self._calls, self._lost, *self._signs.values(), *self._counts.values()):
            label.setVisible(summary is not None)
        if summary is None:
            return
        self._calls.setText(some(summary.calls, "call"))
        for gate, label in self._counts.items():
            label.setText(f"{summary.denied.get(gate.word or '', 0):,} {gate.word}")
        self._lost.setText(f"lost {summary.lost:,}")
        restyle(self._lost, "problem", summary.lost > 0)

    def _make_row(self) -> QWidget:
        content = QWidget()
        row = QHBoxLayout(content)
        row.setContentsMargins(6, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self._state)
        row.addWidget(self._calls)
        for gate in _ORDER:
            pair = QHBoxLayout()
            pair.setSpacing(4)
            pair.addWidget(self._signs[gate])
            pair.addWidget(self._counts[gate])
            row.addLayout(pair)
        row.addWidget(self._lost)
        row.addStretch(1)
        return content

    def _on_theme_changed(self) -> None:
        font = self._theme.small(self._theme.ui_font)
        for label in (self._state, self._calls, self._lost, self._recording, *self._counts.values()):
            label.setFont(font)
        for gate, label in self._signs.items():
            label.setPixmap(shape_icon(GATE_SHAPES[gate], gate_ink(gate, self._theme.tokens)).pixmap(QSize(12, 12)))


def size_text(size: int) -> str:
    """Bytes in the unit in which they read best: "1.9 MB"."""
    value = float(size)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("the last unit takes everything")
