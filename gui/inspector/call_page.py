"""The page of a call: its gates, why it came as it came, how that is known, and what would change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from core.event import CallEvent
from core.judge.change import Situation
from core.judge.changes import changes
from core.judge.verdict import Evidence, Outcome
from core.policy.error import PolicyError
from gui.flip_flow import FlipFlow
from gui.inspector.aftermath_view import AftermathView
from gui.inspector.changes_view import ChangesView
from gui.inspector.detail_page import paragraph
from gui.inspector.gate_cards import diagram_of, evidence_sentence, why
from gui.inspector.gate_diagram import GateDiagram
from gui.labels import rule_line, strong_label
from gui.policy_document import PolicyDocument
from gui.theme import GRID, MARGIN, Theme

if TYPE_CHECKING:
    from core.recording.recording import Recording

_PAUSE_MS: Final = 30
"""Filters are built again only for a call on which the eye has come to rest."""


class CallPage(QWidget):
    """Shows one call of a recording."""

    def __init__(self, theme: Theme, document: PolicyDocument, flips: FlipFlow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._recording: Recording | None = None
        self._event: CallEvent | None = None
        self.diagram = GateDiagram(theme)
        self._why = paragraph()
        self._evidence = paragraph(muted=True, rich=True)
        self.aftermath = AftermathView()
        self.changes = ChangesView(theme, document, flips)
        self._problem = paragraph(muted=True)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._on_pause)
        self._lay_out()
        theme.changed.connect(self._on_theme_changed)

    def show_call(self, recording: Recording, event: CallEvent) -> None:
        """The call, which is event number `event.seq` of the recording."""
        self._recording, self._event = recording, event
        sees_checks = recording.header.sees_checks
        self.diagram.show_diagram(diagram_of(event, _filters_over(recording, event), sees_checks=sees_checks))
        self._word_verdict(event)
        self.aftermath.show_call(recording, event)
        self._problem.hide()
        self.changes.show_changes(None, -1, ())
        self._pause.start()

    def _word_verdict(self, event: CallEvent) -> None:
        tokens = self._theme.tokens
        self._why.setText(why(event))
        ink = tokens.passed if event.verdict.evidence is Evidence.OBSERVED else tokens.text
        text = f"Evidence: <b style='color:{ink}; font-weight:600'>{event.verdict.evidence.word}</b> — {evidence_sentence(event)}"
        if event.verdict.conflict:
            text += f"<br><b style='color:{tokens.killed}'>⚠ What was observed and what was computed disagree.</b>"
        self._evidence.setText(text)

    def _on_pause(self) -> None:
        if self._recording is None or self._event is None or self._event.verdict.outcome is Outcome.UNFINISHED:
            return
        index = self._event.seq - 1
        try:
            found = changes(situation_at(self._recording, index))
        except PolicyError as err:
            self._problem.setText(f"What would change it cannot be computed: this version does not understand the run's policy. {err}")
            self._problem.show()
            return
        self.changes.show_changes(self._recording, index, found)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, MARGIN, 16, MARGIN)
        column.setSpacing(MARGIN)
        column.addWidget(self.diagram)
        column.addWidget(rule_line())
        column.addWidget(_part(strong_label("Why"), self._why, self._evidence))
        for widget in (self.aftermath, self._problem, self.changes):
            column.addWidget(widget)
        column.addStretch(1)

    def _on_theme_changed(self) -> None:
        if self._event is not None:
            self._word_verdict(self._event)


def situation_at(recording: Recording, index: int) -> Situation:
    """The situation of call number `index`, from 0. Raises `PolicyError`."""
    # Here, so that the window opens before Arrow is loaded.
    from core.recording.situation import situation_of

    return situation_of(recording, index)


def _filters_over(recording: Recording, event: CallEvent) -> int:
    # Here, so that the window opens before Arrow is loaded.
    from core.recording.situation import filters_over

    return filters_over(recording, event.seq - 1)


def _part(*labels: QLabel) -> QWidget:
    part = QWidget()
    column = QVBoxLayout(part)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GRID)
    for label in labels:
        column.addWidget(label)
    return part
