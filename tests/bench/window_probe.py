"""`python -m tests.bench.window_probe STARTED`: the real window, which runs a command by itself and prints how long things took.

STARTED: CLOCK_MONOTONIC in ns just before this process was started. Prints milliseconds: until the window was shown, then for each run from
pressing Run until its first event was painted.
"""

from __future__ import annotations

import sys
import time
from typing import Final

from PySide6.QtCore import QEvent, QObject, QTimer
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
        self._since = started_ns
        self._left = RUNS
        self._before: object = None
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._window: MainWindow | None = None
        application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's virtual method
        if event.type() is QEvent.Type.Paint and not self._rest.isActive():
            if self._window is None and isinstance(watched, MainWindow):
                self._window = watched
                self._rest.timeout.connect(self._on_rested)
                self._tell()
            elif self._window is not None and watched is self._window.log.table.viewport() and self._has_event(self._window):
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
    probe = Probe(application, int(sys.argv[1]))
    status = run_window(application)
    application.removeEventFilter(probe)
    return status


if __name__ == "__main__":
    sys.exit(main())
