"""Under a call that was killed or trapped: what the signal did, the last calls before it, and where the thread went on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.event import CallEvent
from core.judge.verdict import Outcome
from gui.inspector.call_links import CallLinks
from gui.inspector.detail_page import paragraph
from gui.labels import strong_label
from gui.theme import GRID

if TYPE_CHECKING:
    from core.recording.recording import Recording

_LAST: Final = 5


class AftermathView(QWidget):
    """Hidden for any other call."""

    event_wanted = Signal(int)
    """The number, from 0, of the event to go to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heading = strong_label("")
        self._sentence = paragraph()
        self.before = CallLinks("The last calls before")
        self.after = CallLinks("The thread went on with")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        for widget in (self._heading, self._sentence, self.before, self.after):
            column.addWidget(widget)
        for links in (self.before, self.after):
            links.event_wanted.connect(self.event_wanted)

    def show_call(self, recording: Recording, event: CallEvent) -> None:
        """Shows itself where the call was killed or trapped."""
        stopped = event.verdict.outcome in (Outcome.KILLED, Outcome.TRAPPED)
        self.setVisible(stopped)
        if not stopped:
            return
        # Here, so that the window opens before Arrow is loaded.
        from core.recording.aftermath import aftermath_of, calls_before

        after = aftermath_of(recording, event.seq - 1)
        self._heading.setText("Killed" if event.verdict.outcome is Outcome.KILLED else "Trapped with SIGSYS")
        self._sentence.setText(after.sentence)
        self.before.show_calls(recording, calls_before(recording, event.seq - 1, _LAST))
        self.after.show_calls(recording, [] if after.lived_on is None else [after.lived_on])
