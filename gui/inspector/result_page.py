"""Behind the result: what the errno or the value means of this very call."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from core.event import CallEvent
from core.judge.verdict import Gate, Outcome
from core.knowledge.call_errnos import CallErrno, call_errno
from core.knowledge.errnos import errno_meaning, errno_number
from core.text import result_text
from gui.inspector.detail_page import DetailPage, paragraph
from gui.inspector.gate_cards import why
from gui.labels import strong_label
from gui.theme import Theme
from gui.words import sentence


class ResultPage(DetailPage):
    """Shows a call's result."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "result", parent)
        self._name = strong_label("")
        self._general = paragraph(muted=True)
        self._here = paragraph()
        self._source = paragraph(muted=True)
        self._verdict_heading = strong_label("In this run")
        self._verdict = paragraph()
        for widget in (self._name, self._general, self._here, self._source, self._verdict_heading, self._verdict):
            self.column.addWidget(widget)
        self.column.addStretch(1)

    def show_call(self, event: CallEvent) -> None:
        """What became of the call, and what that means."""
        known = call_errno(event.syscall, event.errno) if event.errno is not None else None
        self._name.setText(headline(event))
        self._general.setText(general(event))
        self._here.setText(here(event, known))
        self._here.setVisible(bool(self._here.text()))
        self._source.setText(f"Source: {known.source}" if known is not None else "")
        self._source.setVisible(known is not None)
        self._verdict.setText(why(event))


def headline(event: CallEvent) -> str:
    """ "EPERM (1)", "3", "killed"."""
    if event.errno is not None:
        return f"{event.errno} ({errno_number(event.errno)})"
    return result_text(event)


def here(event: CallEvent, known: CallErrno | None) -> str:
    """What the errno means of this call; empty where it means no more than everywhere."""
    if event.errno is not None and event.verdict.gate is Gate.SECCOMP:
        meant = f" From {event.syscall} itself it would mean: {known.meaning}." if known is not None else ""
        return f"Here seccomp chose it, and {event.syscall} did not run.{meant}"
    return f"Of {event.syscall} it means: {known.meaning}." if known is not None else ""


def general(event: CallEvent) -> str:
    """What such a result means whatever the call."""
    match event.verdict.outcome:
        case Outcome.KILLED:
            return "The call did not return: its thread was killed in front of it."
        case Outcome.TRAPPED:
            return "The call did not run: its thread got a SIGSYS in its place, which a handler may take."
        case Outcome.UNFINISHED:
            return "The call did not return: its thread ended inside it."
        case _ if event.errno is not None:
            return f"{sentence(errno_meaning(errno_number(event.errno)))} libc returns -1, and errno says so."
        case _:
            return f"The call returned {result_text(event)}: it succeeded."
