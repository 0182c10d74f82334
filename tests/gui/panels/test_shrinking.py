"""As tall as its content where there is room; it scrolls where there is none."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui.labels import muted_label
from gui.panels.fold import Fold
from gui.panels.shrinking import ShrinkingArea
from gui.theme import Theme


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> QWidget:  # noqa: ARG001  the theme's style decides sizes
    content = QWidget()
    inner = QVBoxLayout(content)
    inner.addWidget(muted_label("A text of some length that has to wrap in a narrow panel, and does not in a wide one. " * 3))
    tall = QLabel("tall")
    tall.setMinimumHeight(150)
    inner.addWidget(Fold("More", tall))
    panel = QWidget()
    column = QVBoxLayout(panel)
    column.addWidget(ShrinkingArea(content))
    column.addWidget(QWidget(), 1)
    qtbot.addWidget(panel)
    panel.resize(284, 700)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def scrolls(panel: QWidget) -> bool:
    return panel.findChildren(ShrinkingArea)[0].verticalScrollBar().maximum() > 0


@pytest.mark.parametrize("width", [200, 284, 900])
def test_it_does_not_scroll_where_there_is_room(panel: QWidget, qtbot: QtBot, width: int) -> None:
    panel.resize(width, 700)
    qtbot.waitUntil(lambda: not scrolls(panel))
    panel.findChildren(Fold)[0].button.click()
    qtbot.waitUntil(lambda: not scrolls(panel))


def test_it_scrolls_where_there_is_none(panel: QWidget, qtbot: QtBot) -> None:
    panel.findChildren(Fold)[0].button.click()
    panel.resize(284, 160)
    qtbot.waitUntil(lambda: scrolls(panel))


def test_a_fold_says_what_is_inside_until_it_is_opened(panel: QWidget) -> None:
    fold = panel.findChildren(Fold)[0]
    fold.set_summary("native, else kill-process")
    inside = fold.findChildren(QLabel)
    assert any(label.isVisible() and label.text().startswith("native") for label in inside)
    assert not any(label.isVisible() and label.text() == "tall" for label in inside)
    fold.button.click()
    assert not any(label.isVisible() and label.text().startswith("native") for label in inside)
    assert any(label.isVisible() and label.text() == "tall" for label in inside)
    assert fold.button.accessibleDescription() == "native, else kill-process"
