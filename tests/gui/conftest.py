"""What the window's tests share: an application in Fusion, a theme, settings of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from core.recording.recording import Recording
from gui.cycle_collector import CycleCollector
from gui.settings import Settings
from gui.theme import Choice, Theme
from tests.core.recording.test_recording import filled


@pytest.fixture(scope="package", autouse=True)
def _cycle_collector(qapp: QApplication) -> Iterator[None]:  # noqa: ARG001  its timer needs an application
    collector = CycleCollector()
    yield
    collector.stop()


@pytest.fixture(autouse=True)
def _no_widget_left() -> Iterator[None]:
    """What a test closed is deleted now: left to the next event loop, it would be styled anew with every test until then."""
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(autouse=True)
def _discarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window that a test leaves with a changed policy closes without a question that nobody would answer."""
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Discard)


@pytest.fixture
def theme(qapp: QApplication, qtbot: QtBot) -> Iterator[Theme]:  # noqa: ARG001  qtbot fails the test on exceptions in slots
    """The light theme, whatever the desktop."""
    qapp.setStyle("Fusion")
    theme = Theme(qapp, Choice.LIGHT)
    theme.dress()
    yield theme
    theme.setParent(None)
    theme.deleteLater()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


@pytest.fixture
def recording() -> Recording:
    """Three events: a socket refused by a capability, an openat, a fork."""
    return filled(None)
