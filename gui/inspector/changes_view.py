"""What would change the call's fate, and what would not: one row each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.event import CallEvent
from core.judge.change import Change
from core.judge.verdict import Evidence
from core.policy.model import Policy
from gui.flip_flow import FlipFlow, Question
from gui.inspector.change_row import ChangeRow
from gui.inspector.detail_page import paragraph
from gui.labels import strong_label
from gui.policy_document import PolicyDocument
from gui.tab_order import join_tab_order
from gui.theme import GRID, Theme

if TYPE_CHECKING:
    from core.recording.recording import Recording


class ChangesView(QWidget):
    """Edits the document, and asks for proofs."""

    run_wanted = Signal()
    recording_wanted = Signal(object)
    """The path of a second run's recording."""
    answered = Signal(object)
    """The row that has an answer now, which may lie out of sight."""

    def __init__(self, theme: Theme, document: PolicyDocument, flips: FlipFlow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._document = document
        self._flips = flips
        self._recording: Recording | None = None
        self._index = -1
        self.rows: list[ChangeRow] = []
        self._invitation = paragraph("The verdict is inferred: a second run with one toggle changed proves or refutes it.")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2 * GRID)
        self._column.addWidget(strong_label("What would change it"))
        self._column.addWidget(self._invitation)
        document.changed.connect(self._on_policy_changed)
        flips.changed.connect(self._on_flips_changed)
        theme.changed.connect(self._on_flips_changed)

    def show_changes(self, recording: Recording | None, index: int, changes: Sequence[Change]) -> None:
        """The changes to call number `index` of the recording, from 0; none hides the view."""
        self._recording, self._index = recording, index
        for row in self.rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        event = recording.event(index) if recording is not None and changes else None
        self.rows = []
        if isinstance(event, CallEvent):
            inferred = event.verdict.evidence is Evidence.INFERRED
            wanted = next((change for change in changes if inferred and change.helps and change.provable), None)
            self.rows = [self._row(change, event, prominent=change is wanted) for change in changes]
            self._invitation.setVisible(wanted is not None)
        self.setVisible(bool(self.rows))
        join_tab_order(self)
        self._on_policy_changed(self._document.policy)
        self._on_flips_changed()

    def _row(self, change: Change, event: CallEvent, *, prominent: bool) -> ChangeRow:
        row = ChangeRow(self._theme, change, event, prominent=prominent)
        row.policy_wanted.connect(self._on_policy_wanted)
        row.proof_wanted.connect(self._on_proof_wanted)
        row.run_wanted.connect(self.run_wanted)
        row.stop_wanted.connect(self._flips.stop)
        row.recording_wanted.connect(self.recording_wanted)
        self._column.addWidget(row)
        return row

    def _question(self, row: ChangeRow) -> Question:
        return Question(self._index, row.change.sentence)

    def _on_policy_wanted(self, change: Change) -> None:
        if change.toggle is None:
            return
        text = f"{change.sentence[:1].lower()}{change.sentence[1:]}"
        self._document.edit(text, change.toggle.apply(self._document.policy))
        for row in self.rows:
            if row.change is change:
                row.note_done()

    def _on_proof_wanted(self, change: Change) -> None:
        if self._recording is not None:
            self._flips.prove(self._recording, self._index, change)

    def _on_policy_changed(self, policy: Policy) -> None:
        for row in self.rows:
            row.show_policy(policy)

    def _on_flips_changed(self) -> None:
        for row in self.rows:
            question = self._question(row)
            mine = self._flips.busy and self._flips.asked == question
            row.show_busy(self._flips.busy, self._flips.progress if mine else "")
            answer = self._flips.answer(question)
            news = answer is not None and row.answer is not answer
            row.show_answer(answer)
            if news:
                self.answered.emit(row)
