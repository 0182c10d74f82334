"""Every letter that is underlined leads to one place: no two of a menu have the same, nor two that are in sight together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QAbstractButton, QLabel, QMenu, QMenuBar
from pytestqt.qtbot import QtBot

from core.policy.model import Capabilities, Filter, Identity, Policy, Seccomp
from core.recording.recording import Recording
from gui.main_window import MainWindow
from gui.panels.capabilities_expert import ExpertForm
from gui.policy_document import PolicyDocument
from gui.policy_pages import PolicyPages
from gui.run_pages import PAGES
from gui.settings import Settings
from gui.theme import Theme

NAMES = frozenset({"&Presets", "&Recent", "&Columns"})
"""Menus whose entries are names, which need no letters."""


@pytest.fixture
def window(theme: Theme, settings: Settings, qtbot: QtBot) -> MainWindow:
    document = PolicyDocument()
    pages = PolicyPages(theme, document)
    window = MainWindow(theme, settings, document, pages.titled())
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    return window


def letters(texts: list[str]) -> list[str]:
    return [found[1].lower() for text in texts if (found := re.search("&([^&])", text))]


def twice(texts: list[str]) -> list[str]:
    counts = Counter(letters(texts))
    return [text for text in texts if (own := letters([text])) and counts[own[0]] > 1]


def menus(menu: QMenuBar | QMenu) -> Iterator[QMenuBar | QMenu]:
    yield menu
    for action in menu.actions():
        below = action.menu()
        if isinstance(below, QMenu) and action.text() not in NAMES:
            yield from menus(below)


def in_sight(window: MainWindow) -> list[str]:
    labels = [label.text() for label in window.findChildren(QLabel) if label.isVisible() and label.buddy() is not None]
    buttons = [button.text() for button in window.findChildren(QAbstractButton) if button.isVisible()]
    return [*(action.text() for action in window.menuBar().actions()), *labels, *buttons]


def test_no_letter_leads_to_two_places(window: MainWindow, recording: Recording) -> None:
    for menu in menus(window.menuBar()):
        entries = [action.text() for action in menu.actions() if not action.isSeparator()]
        assert twice(entries) == []
        assert len(letters(entries)) == len(entries), "an entry without a letter"
    assert twice(in_sight(window)) == []
    stacked = Seccomp(mode="filter", stacked=(Filter(),))
    window._document.set_policy(Policy(capabilities=Capabilities(permitted=()), identity=Identity(user_namespace=True), seccomp=stacked))
    window.findChildren(ExpertForm)[0].rest.click()
    window.pages.show_recording(recording)
    window.log.ask_to_find()
    for panel in ("Capabilities", "Seccomp", "Paths", "Identity"):
        window.show_policy_page(panel)
        for page in range(len(PAGES)):
            window.pages.show_page(page)
            assert twice(in_sight(window)) == []
