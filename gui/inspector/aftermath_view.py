"""Under a call that was killed or trapped: what the signal did, and the last calls before it, each a link into the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.event import CallEvent
from core.judge.verdict import Outcome
from core.text import result_text
from gui.inspector.detail_page import paragraph
from gui.inspector.elided_button import ElidedButton
from gui.labels import strong_label
from gui.theme import GRID, Theme

if TYPE_CHECKING:
    from core.recording.recording import Recording

_LAST: Final = 5


class AftermathView(QWidget):
    """Hidden for any other call."""

    event_wanted = Signal(int)
    """The number, from 0, of the event to go to."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._heading = strong_label("")
        self._sentence = paragraph()
        self._before = strong_label("The last calls before")
        self.links: list[ElidedButton] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID)
        for widget in (self._heading, self._sentence, self._before):
            self._column.addWidget(widget)

    def show_call(self, recording: Recording, event: CallEvent) -> None:
        """Shows itself where the call was killed or trapped."""
        self._clear()
        stopped = event.verdict.outcome in (Outcome.KILLED, Outcome.TRAPPED)
        self.setVisible(stopped)
        if not stopped:
            return
        # Here, so that the window opens before Arrow is loaded.
        from core.recording.aftermath import aftermath_of, calls_before

        after = aftermath_of(recording, event.seq - 1)
        self._heading.setText("Killed" if event.verdict.outcome is Outcome.KILLED else "Trapped with SIGSYS")
        self._sentence.setText(after.sentence)
        before = calls_before(recording, event.seq - 1, _LAST)
        self._before.setVisible(bool(before))
        for index in before:
            self._link(index, recording)
        if after.lived_on is not None:
            self._link(after.lived_on, recording, "then ")

    def _link(self, index: int, recording: Recording, word: str = "") -> None:
        event = recording.event(index)
        if not isinstance(event, CallEvent):
            return
        link = ElidedButton(
            f"{word}#{event.seq} {event.syscall}({event.text}) = {result_text(event)}", "Go to this call in the log", link=True
        )
        link.setProperty("index", index)
        link.clicked.connect(self._on_clicked)
        self._column.addWidget(link)
        self.links.append(link)

    def _clear(self) -> None:
        for link in self.links:
            self._column.removeWidget(link)
            link.hide()
            link.deleteLater()
        self.links.clear()

    def _on_clicked(self) -> None:
        self.event_wanted.emit(self.sender().property("index"))
