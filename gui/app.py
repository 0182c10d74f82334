"""Starts the window."""

from __future__ import annotations

import importlib
import sys
import threading
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from core.resources import resource_path
from core.version import VERSION
from gui.cycle_collector import CycleCollector
from gui.interrupts import Interrupts
from gui.main_window import MainWindow
from gui.policy_document import PolicyDocument
from gui.policy_pages import PolicyPages
from gui.settings import Settings
from gui.theme import Choice, Theme

_REST_MS: Final = 200
"""How long the window is left alone when it comes up, before the first observer is started ahead."""


def run_window(application: QApplication | None = None) -> int:
    """Opens the window and stays until it is closed; the exit status. `application`: where there is one already."""
    application = application or make_application()
    collector = CycleCollector()
    settings = Settings()
    theme = Theme(application, Choice(settings.one_of("theme", Choice, Choice.DESKTOP)), large=settings.text("type") == "larger")
    document = PolicyDocument()
    pages = PolicyPages(theme, document)
    window = MainWindow(theme, settings, document, pages.titled())
    pages.join(window.log, window.flow)
    pages.page_wanted.connect(window.show_policy_page)
    pages.set_observer(window.flow.observer)
    window.choices.observer_changed.connect(pages.set_observer)
    window.bar.target.currentTextChanged.connect(pages.set_command)
    pages.set_command(window.bar.target.currentText())
    theme.dress()
    interrupts = Interrupts(window)
    interrupts.interrupted.connect(window.close)
    window.show()
    threading.Thread(target=_load_the_rest, daemon=True).start()
    QTimer.singleShot(_REST_MS, window.flow.keep_ahead)
    status = application.exec()
    interrupts.restore()
    collector.stop()
    return status


def _load_the_rest() -> None:
    """What the first run needs, loaded while the user looks at the window."""
    for module in ("core.plan", "core.session"):
        importlib.import_module(module)


def make_application() -> QApplication:
    """The application with its names and Fusion, without a window."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("gatescope")
    application.setApplicationDisplayName("Gatescope")
    application.setApplicationVersion(VERSION)
    application.setDesktopFileName("gatescope")
    application.setStyle("Fusion")
    application.setWindowIcon(QIcon(str(resource_path("icons/gatescope.svg"))))
    return application
