"""An observer that waits for the next run, so that pressing Run does not wait for an interpreter to start."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QProcess

from core.observer import wire

PATIENCE_MS: Final = 3000
"""How long an observer may take to end its target's tree before it is killed (and the kernel ends the tree)."""


class Standby(QObject):
    """At most one observer ahead of its run. It ends when the window does, however that ends: its stdin ends with it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None

    def prepare(self, command: list[str]) -> None:
        """Has an observer with this command line wait; nothing new where one does."""
        if self._waiting(command) is None:
            self.shut_down()
            self._process = self._made(command)
            self._process.start()

    def take(self, command: list[str]) -> tuple[QProcess, bytes]:
        """An observer with this command line, and what it has written so far: the one that waits, or a new one that is yet to be started."""
        process = self._waiting(command)
        if process is None:
            return self._made(command), b""
        self._process = None
        written = bytes(process.readAllStandardOutput().data())
        if not _has_greeted(written):
            return process, written
        # It said hello when it began to wait. What that tells of the machine is to be true now.
        process.write(wire.encode_command(wire.Greet()))
        return process, b""

    def shut_down(self) -> None:
        """Ends the one that waits."""
        if self._process is not None:
            end_observer(self._process)
            self._process.deleteLater()
            self._process = None

    def _waiting(self, command: list[str]) -> QProcess | None:
        process = self._process
        if process is None or process.state() is QProcess.ProcessState.NotRunning:
            return None
        return process if [process.program(), *process.arguments()] == command else None

    def _made(self, command: list[str]) -> QProcess:
        process = QProcess(self)
        process.setProgram(command[0])
        process.setArguments(command[1:])
        return process


def _has_greeted(written: bytes) -> bool:
    try:
        return any(wire.FrameDecoder().feed(written))
    except wire.WireError:
        return False  # it is no observer: whoever takes it will read the same, and say so


def end_observer(process: QProcess) -> None:
    """Ends an observer, and with it what it may have launched; waits for that."""
    process.closeWriteChannel()
    if not process.waitForFinished(PATIENCE_MS):
        process.kill()
        process.waitForFinished(PATIENCE_MS)
