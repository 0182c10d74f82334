"""One run from the window's side: a QProcess around the observer, its bytes fed to a session between frames."""

from __future__ import annotations

import contextlib
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from core.observer import wire
from core.rest import judging_rest
from gui.standby import PATIENCE_MS, Standby, end_observer

if TYPE_CHECKING:
    from core.plan import Plan
    from core.recording.recording import Recording
    from core.session import Progress, Session

_SLICE: Final = 64 * 1024
"""Bytes fed to the session at a time."""
_BUDGET: Final = 0.008
"""Seconds of work before the window gets its turn."""
_LONGEST_REMARK: Final = 64 * 1024


class RunController(QObject):
    """Starts observers, one at a time."""

    started = Signal()
    """The observer has been started; there is a session."""
    recording_opened = Signal(object)
    """The `Recording` that the run's events go to."""
    running = Signal()
    """The target exists."""
    events_appended = Signal(int)
    output = Signal(int, bytes)
    """Stream (1 or 2) and the target's bytes."""
    note = Signal(str)
    """A sentence about something that does not stop the run."""
    failed = Signal(str)
    """There is no run, or it broke off: a sentence with what to do."""
    finished = Signal()
    """The observer is gone, and everything that it sent is in the recording."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session: Session | None = None
        self._standby = Standby(self)
        self._process: QProcess | None = None
        self._waiting = bytearray()
        self._rest = judging_rest()
        self._stderr = bytearray()
        self._gone: int | None = None
        self._announced: tuple[Recording | None, str] = (None, "")
        self._turn = QTimer(self, interval=0)
        self._turn.timeout.connect(self._on_turn)
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self._on_patience_lost)

    @property
    def busy(self) -> bool:
        """From `start` until `finished`."""
        return self._process is not None

    def prepare(self, command: list[str]) -> None:
        """Has an observer wait for a run that is started by this command line; its end is that of the window, or `shut_down`."""
        self._standby.prepare(command)

    def start(self, plan: Plan, command: list[str], path: Path | None) -> None:
        """Starts the observer by this command line; the recording goes to `path`. Raises RuntimeError while busy."""
        # Here, so that the window opens before the judge and Arrow are loaded.
        from core.session import Session

        if self._process is not None:
            raise RuntimeError("a run is still going on")
        self.session = Session(plan, path)
        self._waiting.clear()
        self._stderr.clear()
        self._gone = None
        self._announced = (None, "")
        process, written = self._standby.take(command)
        self._process = process
        process.readyReadStandardOutput.connect(self._on_stdout)
        process.readyReadStandardError.connect(self._on_stderr)
        process.errorOccurred.connect(self._on_error)
        process.finished.connect(self._on_finished)
        self.started.emit()
        if process.state() is QProcess.ProcessState.NotRunning:
            process.start()
        self._take_in(written)

    def stop(self) -> None:
        """Kills the target's whole tree."""
        if self._process is not None and self.session is not None:
            self._write(self.session.stop())
            self._patience.start()

    def send_input(self, data: bytes) -> None:
        """Bytes for the target's stdin."""
        self._write(wire.encode_command(wire.Input(data)))

    def resize(self, rows: int, columns: int) -> None:
        """The terminal has another size."""
        self._write(wire.encode_command(wire.Resize(rows, columns)))

    def shut_down(self) -> None:
        """Ends the run, and the observer that waits for the next, and waits for both: the window is closing."""
        self._standby.shut_down()
        if self._process is not None:
            end_observer(self._process)

    # The observer's side.

    def _write(self, data: bytes) -> None:
        if self._process is not None and self._process.state() is not QProcess.ProcessState.NotRunning:
            self._process.write(data)

    def _on_stdout(self) -> None:
        if self._process is not None:
            self._take_in(bytes(self._process.readAllStandardOutput().data()))

    def _take_in(self, data: bytes) -> None:
        self._waiting += data
        if not self._turn.isActive():  # which would begin a rest anew
            self._turn.start()

    def _on_stderr(self) -> None:
        if self._process is not None:
            self._stderr += self._process.readAllStandardError().data()
            del self._stderr[:-_LONGEST_REMARK]

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart and self._process is not None:
            program, reason = self._process.program(), self._process.errorString()
            self._stderr += f"{program}: {reason}".encode()
            self._finish(127)

    def _on_finished(self, exit_code: int, status: QProcess.ExitStatus) -> None:
        self._on_stdout()
        self._on_stderr()
        self._patience.stop()
        # Qt gives a killed process's signal as its exit code.
        self._gone = exit_code if status is QProcess.ExitStatus.NormalExit else -exit_code
        self._turn.start(0)

    def _on_patience_lost(self) -> None:
        if self._process is not None:
            self._process.kill()

    # The session's side.

    def _on_turn(self) -> None:
        if self.session is None:
            self._turn.stop()
            return
        rest = self._rest.left(len(self._waiting)) if self._gone is None else 0
        self._turn.setInterval(math.ceil(rest * 1000))
        if rest:
            return
        deadline = time.monotonic() + _BUDGET
        with self._rest.work() if self.session.state == "running" else contextlib.nullcontext():
            while self._waiting and time.monotonic() < deadline:
                data = bytes(self._waiting[:_SLICE])
                del self._waiting[:_SLICE]
                self._announce(self.session.feed(data))
        if not self._waiting:
            self._turn.stop()
            if self._gone is not None:
                self._finish(self._gone)

    def _finish(self, exit_code: int) -> None:
        session, process = self.session, self._process
        if session is None or process is None:
            return
        self._turn.stop()
        self._announce(session.finish(self._stderr.decode(errors="replace"), exit_code, process.program()))
        self._process = None
        process.deleteLater()
        self.finished.emit()

    def _announce(self, progress: Progress) -> None:
        session = self.session
        if session is None:
            return
        if progress.commands:
            self._write(progress.commands)
        recording, state = self._announced
        self._announced = (session.recording, session.state)
        if recording is None and session.recording is not None:
            self.recording_opened.emit(session.recording)
        if state != "running" and session.state == "running":
            self.running.emit()
        for sentence in progress.notes:
            self.note.emit(sentence)
        for stream, data in progress.outputs:
            self.output.emit(stream, data)
        if progress.appended:
            self.events_appended.emit(progress.appended)
        if state != "failed" and session.state == "failed":
            if session.hello:
                self._patience.start()
            else:
                self._on_patience_lost()  # what is no observer listens to nothing, and has started no target
            self.failed.emit(session.failure or "")
