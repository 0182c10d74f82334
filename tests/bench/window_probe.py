"""`main()` with the argument STARTED: the real window, which runs a command by itself and prints how long things took.

STARTED: CLOCK_MONOTONIC in ns just before this process was started. Prints milliseconds: until the window was shown, then for each run from
pressing Run until its first event was painted.
"""

from __future__ import annotations

import sys
import time
from typing import Final

from PySide6.QtCore import QEvent, QMetaObject, QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QApplication

from gui.app import make_application, run_window
from gui.main_window import MainWindow

RUNS: Final = 2
_REST_MS: Final = 1000
"""How long a quick user looks at the window before pressing Run."""
_COMMAND: Final = "ls -l /"


class Probe(QObject):
    """Watches the application's window being painted, and presses Run."""

    def __init__(self, application: QApplication, started_ns: int) -> None:
        super().__init__()
        self._application = application
        self._since = started_ns
        self._left = RUNS
        self._before: object = None
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._window: MainWindow | None = None
        self._rest.timeout.connect(self._on_rested)
        # The first thing that the event loop does; a filter over all of the application's events would slow down what it measures.
        QMetaObject.invokeMethod(self, "watch", Qt.ConnectionType.QueuedConnection)

    @Slot()
    def watch(self) -> None:
        """Looks at the window's own painting, and at its log's."""
        (self._window,) = (widget for widget in self._application.topLevelWidgets() if isinstance(widget, MainWindow))
        self._window.installEventFilter(self)
        self._window.log.table.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's virtual method
        if event.type() is QEvent.Type.Paint and not self._rest.isActive() and self._window is not None:
            if watched is self._window:
                self._window.removeEventFilter(self)
                self._tell()
            elif self._has_event(self._window):
                self._tell()
        return False

    def _has_event(self, window: MainWindow) -> bool:
        return window.flow.recording is not self._before and window.log.model.rowCount() > 0

    def _tell(self) -> None:
        print(f"{(time.monotonic_ns() - self._since) / 1e6:.1f}", flush=True)
        self._rest.start()

    def _on_rested(self) -> None:
        assert self._window is not None
        if self._window.flow.busy:
            self._rest.start()
        elif self._left:
            self._left -= 1
            self._before = self._window.flow.recording
            self._window.bar.set_command(_COMMAND)
            self._since = time.monotonic_ns()
            self._window.actions_.run.trigger()
        else:
            self._window.close()


def main() -> int:
    """Returns the window's exit status."""
    application = make_application()
    _probe = Probe(application, int(sys.argv[1]))
    return run_window(application)
