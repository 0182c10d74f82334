"""From pressing “Prove it” to what the second run has shown."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from core.judge.change import Change
from core.judge.proof import Proof, Standing, not_testable
from core.observer_command import PrefixError, is_elsewhere
from gui.run_controller import RunController
from gui.run_flow import RunFlow, environment, recording_path
from gui.ways import WINDOW
from gui.words import sentence

if TYPE_CHECKING:
    from core.flip import Flip
    from core.recording.recording import Recording

_LOOK_MS: Final = 250
"""How often the second run is searched for the call."""
_GRACE_MS: Final = 3000
"""How long a target may go on after its call was found, so that a short one ends by itself."""


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """Which call and which change a proof is about."""

    index: int
    """Number of the call in the recording, from 0."""
    change: str
    """The change's sentence."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A proof, and where the second run is kept."""

    proof: Proof
    note: str = ""
    path: Path | None = None
    """The second run's recording; None where there was no run."""


class FlipFlow(QObject):
    """Runs the target again, headless, one question at a time, and remembers the answers for as long as the recording is shown."""

    changed = Signal()
    """A question was asked, a moment has passed, or an answer has come."""

    running = Signal()
    """The target of the second run exists."""

    def __init__(self, flow: RunFlow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._flow = flow
        self._controller = RunController(self)
        self._answers: dict[Question, Answer] = {}
        self._question: Question | None = None
        self._flip: Flip | None = None
        self._path: Path | None = None
        self._elapsed = QElapsedTimer()
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.timeout.connect(self._on_look)
        self._grace = QTimer(self, singleShot=True, interval=_GRACE_MS)
        self._grace.timeout.connect(self._controller.stop)
        self._controller.running.connect(self.running)
        self._controller.finished.connect(self._on_finished)

    @property
    def busy(self) -> bool:
        """Whether a second run goes on."""
        return self._controller.busy

    @property
    def asked(self) -> Question | None:
        """The question that is being answered."""
        return self._question

    @property
    def progress(self) -> str:
        """What goes on, for as long as it does."""
        return f"Running the target again with this one change… {self._elapsed.elapsed() / 1000:.1f} s"

    def answer(self, question: Question) -> Answer | None:
        """What was found out; None: it was not asked yet, or the answer has not come."""
        return self._answers.get(question)

    def forget(self) -> None:
        """Another recording is shown: its calls have other questions."""
        self.stop()
        self._answers.clear()
        self._question = None

    def stop(self) -> None:
        """Ends the second run."""
        self._controller.stop()

    def shut_down(self) -> None:
        """Ends the second run and waits for it: the window is closing."""
        self._controller.shut_down()

    def prove(self, recording: Recording, index: int, change: Change) -> None:
        """Asks; the answer comes with `changed`. Nothing happens while another question is being answered."""
        if self.busy:
            return
        # Here, so that the window opens before the judge and Arrow are loaded.
        from core.flip import NotTestableError, prepare_flip

        question, prefix = Question(index, change.sentence), self._flow.observer or "none"
        privileged = os.geteuid() == 0 or prefix != "none"
        try:
            far = is_elsewhere(prefix)
            flip = prepare_flip(recording, index, change, privileged=privileged, ways=WINDOW, environment=environment(), elsewhere=far)
            command = self._flow.command_behind(prefix)
            self._path = recording_path(recording.header.argv[0])
        except NotTestableError as err:
            self._settle(question, Answer(not_testable(str(err))))
        except PrefixError as err:
            self._settle(question, Answer(not_testable(sentence(str(err)))))
        except OSError as err:
            self._settle(question, Answer(not_testable(f"The second recording cannot be kept in {err.filename}: {err.strerror}.")))
        else:
            self._question, self._flip = question, flip
            self._elapsed.start()
            self._look.start()
            self._controller.start(flip.plan, command, self._path)
            self.changed.emit()

    def _on_look(self) -> None:
        # A call that is found answers the question; that it is missing is only known at the end.
        if self._question is not None:
            self._look_for(self._question)
        self.changed.emit()

    def _on_finished(self) -> None:
        self._look.stop()
        self._grace.stop()
        if self._question is not None:
            self._look_for(self._question)
        self.changed.emit()

    def _look_for(self, question: Question) -> None:
        session, flip = self._controller.session, self._flip
        proof = flip.result(session) if flip is not None and session is not None else None
        if proof is None or flip is None or session is None:
            return
        if proof.standing is not Standing.NOT_TESTABLE or not self.busy:
            kept = self._path if session.recording is not None else None
            self._settle(question, Answer(proof, flip.note, kept))
            if self.busy:
                self._grace.start()

    def _settle(self, question: Question, answer: Answer) -> None:
        self._answers[question] = answer
        self._question = None
        self.changed.emit()
