"""The line below the window: what was counted, and what was lost."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from core.recording.recording import Recording
from gui.status_line import StatusLine
from gui.theme import Theme


def test_what_was_lost_stands_out_by_its_colour_alone(qtbot: QtBot, theme: Theme, recording: Recording) -> None:
    line = StatusLine(theme)
    qtbot.addWidget(line)
    line.show()
    line.show_summary(recording.summary())
    labels = {label.text(): label for label in line.findChildren(QLabel) if label.text()}
    lost = next(label for text, label in labels.items() if text.startswith("lost"))
    assert lost.text() == "lost 3"
    assert lost.property("problem")
    assert lost.font() == labels["2 calls"].font()
    assert lost.palette().windowText().color().name() == theme.tokens.killed
