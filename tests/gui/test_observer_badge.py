"""The badge and its popover: what is in force, what is missing for more, and the way to change it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from core.host import Ability, Host
from core.standing import Standing
from gui.actions import Actions
from gui.observer_badge import ObserverBadge, ObserverPopover
from gui.run_choices import RunChoices
from gui.run_flow import RunFlow
from gui.settings import Settings
from gui.target_bar import TargetBar
from gui.theme import Theme
from tests.gui.panels.policy_support import shown

SECONDS = 20_000
LIMITED = Standing(
    "ptrace · your own observer", "The observer runs as uid 1000.", (Ability("capability checks", False, "not seen", "become root"),)
)


@pytest.fixture
def bar(qtbot: QtBot, theme: Theme) -> TargetBar:
    menu = QMenu()
    qtbot.addWidget(menu)
    bar = TargetBar(theme, Actions(theme, menu), menu)
    qtbot.addWidget(bar)
    bar.resize(1200, 40)
    shown(qtbot, bar)
    return bar


@pytest.fixture
def badge(theme: Theme, bar: TargetBar, settings: Settings) -> Iterator[ObserverBadge]:
    badge = ObserverBadge(theme, bar, RunChoices(RunFlow(bar), settings, bar))
    yield badge
    badge.shut_down()
    if badge.popover is not None:
        badge.popover.close()


def opened(badge: ObserverBadge, bar: TargetBar, qtbot: QtBot) -> ObserverPopover:
    bar.badge.click()
    popover = badge.popover
    assert popover is not None
    qtbot.waitUntil(popover.isVisible)
    return popover


def test_before_the_first_run(badge: ObserverBadge, bar: TargetBar) -> None:
    badge.show_standing(None, [])
    assert bar.badge.text() == "no run yet"


def test_what_is_missing_is_in_the_tooltip(badge: ObserverBadge, bar: TargetBar) -> None:
    badge.show_standing(LIMITED, ["It watches by ptrace."])
    assert bar.badge.text() == LIMITED.words
    for words in (LIMITED.place, "It watches by ptrace.", "capability checks: not seen"):
        assert words in bar.badge.toolTip()
    assert bar.badge.accessibleDescription() == bar.badge.toolTip()


def test_the_popover_says_it_all_and_how_to_get_more(badge: ObserverBadge, bar: TargetBar, qtbot: QtBot) -> None:
    badge.show_standing(LIMITED, [])
    popover = opened(badge, bar, qtbot)
    assert {LIMITED.words, LIMITED.place, "capability checks", "not seen", "→ become root"} <= set(popover.words())
    with qtbot.waitSignal(badge._probe.found, timeout=SECONDS):
        pass
    assert {"engine ptrace", "Landlock", "user namespaces"} <= set(popover.words())
    QTest.keyClick(popover, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: badge.popover is None)


def test_the_menus_entry_opens_it_too(badge: ObserverBadge, qtbot: QtBot) -> None:
    badge._choices.explain.trigger()
    assert badge.popover is not None
    qtbot.waitUntil(badge.popover.isVisible)


def test_what_is_missing_comes_first(theme: Theme, bar: TargetBar, qtbot: QtBot) -> None:
    popover = ObserverPopover(theme, None, QMenu(bar), bar)
    qtbot.addWidget(popover)
    popover.show_host(Host("6.18", "x86_64", "me", (Ability("first", True, "works"), Ability("second", False, "does not", "do this"))))
    words = popover.words()
    assert words.index("second") < words.index("first")
    assert "→ do this" in words
    popover.show_host(None)
    assert "gatescope host" in popover.state.text()


def test_a_click_beside_it_while_it_still_looks(badge: ObserverBadge, bar: TargetBar, qtbot: QtBot) -> None:
    popover = opened(badge, bar, qtbot)
    with qtbot.waitSignal(badge._probe.found, timeout=SECONDS):
        popover.close()
        qtbot.waitUntil(lambda: badge.popover is None)


def test_the_way_to_another_observer(badge: ObserverBadge, bar: TargetBar, qtbot: QtBot) -> None:
    opened(badge, bar, qtbot)
    next(action for action in badge._choices.observers.actions() if action.data() == "sudo").trigger()
    qtbot.waitUntil(lambda: badge.popover is None)
    assert badge._choices._flow.observer == "sudo"


def test_a_probe_that_cannot_start(badge: ObserverBadge, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "none"))
    with qtbot.waitSignal(badge._probe.found, timeout=SECONDS) as found:
        badge._probe.start()
    assert found.args == [None]
