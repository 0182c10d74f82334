"""From pressing Run to the end of a run: plans it, starts it, and keeps log, terminal and status in step."""

from __future__ import annotations

import os
import shlex
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from platformdirs import user_data_path
from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from core.observer_command import PREFIXES, PrefixError, is_elsewhere, observer_command, root_prefix
from core.policy.model import Policy
from core.standing import Standing, recorded_standing, standing
from gui.run_controller import RunController
from gui.ways import WINDOW
from gui.words import sentence

if TYPE_CHECKING:
    from core.plan import EngineChoice
    from core.recording.recording import Recording

_REFRESH_MS: Final = 100
"""How often the counts in the status bar are read while a run goes on."""
_KEPT_RECORDINGS: Final = 20
_TERMINAL: Final = "xterm-256color"
"""The terminfo entry nearest to what gui/terminal emulates."""


class RunFlow(QObject):
    """What the window asks of a run, and what a run tells the window."""

    changed = Signal()
    """Counts, state or engine are others."""
    problem = Signal(str)
    recording_opened = Signal(object)
    target_started = Signal(str)
    """The command line that runs now."""
    target_ended = Signal(str, bool)
    """How, as a sentence; whether it is a bad end."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.controller = RunController(self)
        self.recording: Recording | None = None
        self.engine: EngineChoice = "auto"
        self.observer = ""
        """The prefix before the observer's command; empty: root's only where the policy needs it."""
        self.far_command = ""
        """The observer's command behind a prefix of the user's own; empty: the one that is usual there."""
        self.notes: list[str] = []
        self._elapsed = QElapsedTimer()
        self._failure = ""
        self._told = False
        """Whether the user knows that the recording is no longer written."""
        self._command = ""
        self._prefix = "none"
        self._ahead = False
        self._refresh = QTimer(self, interval=_REFRESH_MS)
        self._refresh.timeout.connect(self._on_refresh)
        self.controller.recording_opened.connect(self._on_recording_opened)
        self.controller.running.connect(self._on_running)
        self.controller.note.connect(self._on_note)
        self.controller.failed.connect(self._on_failed)
        self.controller.finished.connect(self._on_finished)

    @property
    def busy(self) -> bool:
        return self.controller.busy

    def keep_ahead(self) -> None:
        """From now on an observer waits for the next run, unless that takes a prefix: one may ask for a password, or start something far away."""
        self._ahead = True
        self._prepare()

    def _prepare(self) -> None:
        if self._ahead and not self.busy and self.observer in ("", "none"):
            self.controller.prepare(self.command_behind("none"))

    def run(self, policy: Policy, argv: list[str], rows: int, columns: int) -> bool:
        """Starts a run; where it cannot be, says why in `problem`. Whether it started."""
        # Here, so that the window opens before the judge and Arrow are loaded.
        from core.plan import Terminal, UsageProblem, make_plan

        try:
            terminal = Terminal(rows=rows, columns=columns)
            elsewhere = is_elsewhere(self.observer)
            plan = make_plan(
                policy, argv, environment=environment(), engine=self.engine, terminal=terminal, elsewhere=elsewhere, ways=WINDOW
            )
            prefix = self.observer or (root_prefix(graphical=True) if plan.needs_root else "none")
            command = self.command_behind(prefix)
        except (UsageProblem, PrefixError) as err:
            self.problem.emit(sentence(str(err)))
            return False
        try:
            path = recording_path(argv[0])
        except OSError as err:
            self.problem.emit(
                f"The recording cannot be kept in {err.filename}: {err.strerror}. Make room there, or make it writable, or set XDG_DATA_HOME to another folder."
            )
            return False
        self.notes, self._failure, self._command = [], "", shlex.join(argv)
        self._prefix = prefix
        self._elapsed.start()
        self._refresh.start()
        self.controller.start(plan, command, path)
        self.changed.emit()
        return True

    def command_behind(self, prefix: str) -> list[str]:
        """The command line of an observer behind this prefix. Raises `PrefixError`."""
        # A terminal that the window was started from is nothing to ask at: nobody looks there.
        return observer_command(prefix, "" if prefix in PREFIXES else self.far_command, terminal=False)

    def show(self, recording: Recording) -> None:
        """A recording from disk takes the last run's place."""
        self.recording = recording
        self.notes, self._failure = [], ""
        self.recording_opened.emit(recording)
        self.changed.emit()

    # What the window shows.

    @property
    def state_sentence(self) -> str:
        session = self.controller.session
        if self.busy:
            running = session is not None and session.state == "running"
            return f"Running {self._elapsed.elapsed() / 1000:.1f} s" if running else "Starting…"
        if self._failure:
            return "Failed"
        if session is not None and session.ending is not None and session.recording is self.recording:
            return session.ending.sentence
        return "Recording" if self.recording is not None else "Ready"

    @property
    def standing(self) -> Standing | None:
        """Which engine and whose privilege the run that is shown has or had; None where there is none yet."""
        session = self.controller.session
        if session is not None and session.engine is not None and session.recording is self.recording:
            return standing(session.hello, session.engine, self._prefix, os.getuid(), WINDOW)
        starting = session is not None and session.state == "starting"
        return recorded_standing(self.recording.header) if self.recording is not None and not starting else None

    # What the controller tells.

    def _on_recording_opened(self, recording: Recording) -> None:
        self.recording, self._told = recording, False
        self.recording_opened.emit(recording)
        self.changed.emit()

    def _on_running(self) -> None:
        self._elapsed.restart()
        self.target_started.emit(self._command)
        self.changed.emit()

    def _on_note(self, text: str) -> None:
        self.notes.append(sentence(text))
        self.changed.emit()

    def _on_failed(self, text: str) -> None:
        self._failure = sentence(text)
        self.problem.emit(self._failure)

    def _on_finished(self) -> None:
        self._refresh.stop()
        session = self.controller.session
        if session is not None and session.pid is None:
            # How it ended is not to stand below what an earlier target wrote.
            self.target_started.emit(self._command)
        if session is not None and session.ending is not None:
            self.target_ended.emit(session.ending.sentence, session.ending.exit_status >= 128 and not session.ending.stopped)
        elif self._failure:
            self.target_ended.emit(self._failure, True)
        self._on_refresh()
        self._prepare()

    def _on_refresh(self) -> None:
        # At once: while the run goes on, room can still be made, or the run be stopped.
        recording = self.recording
        if recording is not None and recording.problem is not None and not self._told:
            self._told = True
            self.problem.emit(sentence(recording.problem))
        self.changed.emit()


def save_copy(recording: Recording, path: Path) -> None:
    """The recording's file, copied. Raises OSError."""
    if recording.path is None:
        raise FileNotFoundError(2, "this run has no file of its own", str(path))
    shutil.copyfile(recording.path, path)


def environment() -> dict[str, str]:
    """Ours, but with the terminal that the target gets: not the one, if any, that the window was started from."""
    kept = {name: value for name, value in os.environ.items() if name not in ("LINES", "COLUMNS", "COLORTERM")}
    return {**kept, "TERM": _TERMINAL}


def recordings_folder() -> Path:
    """Where every run is kept for a while."""
    return user_data_path("gatescope") / "recordings"


def recording_path(program: str) -> Path:
    """A file of its own for a new run; of the older ones only the latest stay. Raises OSError."""
    folder = recordings_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.glob("*.arrow"))[: -_KEPT_RECORDINGS + 1]:
        old.unlink(missing_ok=True)
    name = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in Path(program).name)
    stamp = time.strftime("%Y-%m-%d %H.%M.%S")
    return folder / f"{stamp}.{time.time_ns() // 1_000_000 % 1000:03} {name[:40]}.arrow"
