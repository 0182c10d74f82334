"""The page of a fork, an exec or an exit."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.event import ProcessEvent, ending
from core.recording.process_tree import Exec, Process
from gui.elided_button import ElidedButton
from gui.exec_text import exec_html
from gui.inspector.call_links import CallLinks
from gui.inspector.detail_page import paragraph
from gui.labels import strong_label
from gui.theme import MARGIN, Theme

if TYPE_CHECKING:
    from core.recording.recording import Recording

_TITLES: Final = {"fork": "A new process", "exec": "Runs a program", "exit": "Ends"}


class ProcessPage(QWidget):
    """Shows a `ProcessEvent`."""

    event_wanted = Signal(int)
    """The number, from 0, of the event to go to."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._event: ProcessEvent | None = None
        self._title = strong_label("")
        self._who = paragraph(muted=True)
        self.text = paragraph(rich=True)
        self._first = -1
        self.link = ElidedButton("Go to its first event", "Select it in the log")
        self.link.clicked.connect(self._on_link)
        self.last_calls = CallLinks("Its last calls")
        self.last_calls.event_wanted.connect(self.event_wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, MARGIN, 16, MARGIN)
        column.setSpacing(8)
        for widget in (self._title, self._who, self.text, self.link, self.last_calls):
            column.addWidget(widget)
        column.addStretch(1)
        theme.changed.connect(self._on_theme_changed)

    def show_event(self, recording: Recording, event: ProcessEvent) -> None:
        """The event, which is number `event.seq` of the recording."""
        self._event = event
        thread = event.event == "fork" and event.data["thread"]
        self._title.setText("A new thread" if thread else _TITLES[event.event])
        self._who.setText(f"{event.comm}, pid {event.pid}{f', thread {event.tid}' if event.tid != event.pid else ''}")
        self.text.setText(self._html(event))
        self._first = _first_event(recording, event) if event.event == "fork" else -1
        self.link.setVisible(self._first >= 0)
        self.last_calls.show_calls(recording, [seq - 1 for seq in event.data.get("last_calls", ())])

    def _html(self, event: ProcessEvent) -> str:
        data, tokens = event.data, self._theme.tokens
        match event.event:
            case "exec":
                return exec_html(Exec(Process(event.pid, None, event.comm, event.time_ns), event.time_ns, event.comm, data), tokens)
            case "fork" if data["thread"]:
                return f"{html.escape(event.comm)} made the thread <b>{data['child_tid']}</b> in the same process. It is judged by the same filters."
            case "fork":
                return f"{html.escape(event.comm)} made the process <b>{data['child']}</b>. It holds what its maker holds, and is judged by the same filters."
            case _:
                return self._ending(event)

    def _ending(self, event: ProcessEvent) -> str:
        data, tokens = event.data, self._theme.tokens
        what = f"The thread {event.tid}" if data["thread"] else "The process"
        ink = tokens.killed if "signal" in data else tokens.text
        how = f"was {ending(data)}" if "signal" in data else f"ended with {ending(data)}"
        reason = " Seccomp killed it: its last call says which rule." if data["seccomp"] else ""
        return f"{what} <b style='color:{ink}'>{how}</b>.{reason}"

    def _on_link(self) -> None:
        self.event_wanted.emit(self._first)

    def _on_theme_changed(self) -> None:
        if self._event is not None:
            self.text.setText(self._html(self._event))


def _first_event(recording: Recording, event: ProcessEvent) -> int:
    tid = int(event.data["child_tid"])
    for first, rows in recording.rows.slices(event.seq, len(recording)):
        found = (rows["tid"] == tid).nonzero()[0]
        if len(found):
            return first + int(found[0])
    return -1
