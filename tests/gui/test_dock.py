"""The strip of tabs above a panel."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui.dock import PanelHeader
from gui.icons import Shape, shape_icon
from gui.theme import Theme


def test_the_keyboard_is_seen_on_the_button_that_closes(qtbot: QtBot, theme: Theme) -> None:
    window = QWidget()
    header = PanelHeader(theme, ("Policy",), closable=True)
    layout = QVBoxLayout(window)
    layout.addWidget(header)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    (button,) = [child for child in header.findChildren(QToolButton) if child.isVisible() and child.toolTip()]
    header.tabs.setFocus()
    without = button.grab().toImage()
    button.setFocus(Qt.FocusReason.TabFocusReason)
    assert button.grab().toImage() != without


def test_a_title_that_grew_while_it_was_hidden_is_shown_whole(qtbot: QtBot, theme: Theme) -> None:
    page = QWidget()
    header = PanelHeader(theme, ("Findings", "Filter", "Cost"), closable=False)
    QVBoxLayout(page).addWidget(header)
    stack = QStackedWidget()
    stack.addWidget(QWidget())
    stack.addWidget(page)
    stack.resize(400, 200)
    qtbot.addWidget(stack)
    with qtbot.waitExposed(stack):
        stack.show()
    header.tabs.setTabIcon(0, shape_icon(Shape.CHECK, theme.tokens.passed))
    header.tabs.setTabText(0, "Findings 7")
    header.tabs.setTabIcon(0, shape_icon(Shape.WARNING, theme.tokens.killed))
    stack.setCurrentIndex(1)
    qtbot.waitUntil(lambda: header.tabs.width() >= header.tabs.sizeHint().width(), timeout=500)
