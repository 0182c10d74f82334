"""Messages stand where they arise, and go when closed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from gui.panels.info_bar import InfoBar
from gui.theme import Theme


def test_says_offers_and_closes(theme: Theme, qtbot: QtBot) -> None:
    bar = InfoBar(theme)
    qtbot.addWidget(bar)
    assert bar.text == ""
    bar.problem("There is <b>no</b> such file.", "Choose another")
    assert bar.text == "There is <b>no</b> such file."
    with qtbot.waitSignal(bar.action_chosen):
        QTest.mouseClick(bar.findChildren(QPushButton)[0], Qt.MouseButton.LeftButton)
    bar.note("Only a remark.")
    assert bar.findChildren(QPushButton)[0].isHidden()
    QTest.mouseClick(bar.findChildren(QToolButton)[0], Qt.MouseButton.LeftButton)
    assert bar.text == ""
