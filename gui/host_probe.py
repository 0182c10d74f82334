"""What this machine and this user can do, probed in a process of its own: it forks, and takes longer than a frame."""

from __future__ import annotations

import json
import sys

from PySide6.QtCore import QObject, QProcess, Signal

from core.host import Host


class HostProbe(QObject):
    """Probes once on request."""

    found = Signal(object)
    """The `Host`; None where the probe failed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None

    def start(self) -> None:
        """Does nothing while a probe goes on."""
        if self._process is not None:
            return
        process = self._process = QProcess(self)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        process.start(sys.executable, ["-I", "-m", "gui.host_answer"])

    def shut_down(self) -> None:
        """Ends a probe that goes on: nobody waits for it any more."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.waitForFinished()

    def _on_finished(self) -> None:
        if self._process is None:
            return
        output = bytes(self._process.readAllStandardOutput().data())
        self._end()
        try:
            self.found.emit(Host.from_json(json.loads(output)))
        except (ValueError, KeyError, TypeError):
            self.found.emit(None)

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart and self._process is not None:
            self._end()
            self.found.emit(None)

    def _end(self) -> None:
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
