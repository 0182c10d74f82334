"""A few calls of the run as links into the log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.event import CallEvent
from core.text import result_text
from gui.elided_button import ElidedButton
from gui.labels import strong_label
from gui.tab_order import join_tab_order

if TYPE_CHECKING:
    from core.recording.recording import Recording


class CallLinks(QWidget):
    """Hidden while there are none."""

    event_wanted = Signal(int)
    """The number, from 0, of the event to go to."""

    def __init__(self, heading: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.links: list[ElidedButton] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(strong_label(heading))

    def show_calls(self, recording: Recording, indexes: Iterable[int]) -> None:
        """The events with these numbers, from 0, as far as they are calls."""
        for link in self.links:
            self._column.removeWidget(link)
            link.hide()
            link.deleteLater()
        events = map(recording.event, indexes)
        self.links = [self._link(event) for event in events if isinstance(event, CallEvent)]
        self.setVisible(bool(self.links))
        join_tab_order(self)

    def _link(self, event: CallEvent) -> ElidedButton:
        link = ElidedButton(f"#{event.seq} {event.syscall}({event.text}) = {result_text(event)}", "Go to this call in the log", link=True)
        link.setProperty("index", event.seq - 1)
        link.clicked.connect(self._on_clicked)
        self._column.addWidget(link)
        return link

    def _on_clicked(self) -> None:
        self.event_wanted.emit(self.sender().property("index"))
