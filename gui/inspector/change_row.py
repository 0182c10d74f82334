"""One thing that would change a call's fate: a button that edits the policy, one that proves it, and what the proof came to."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from core.event import CallEvent
from core.judge.change import Change
from core.judge.proof import Standing
from core.policy.model import Policy
from core.text import GATE_SIGNS, result_text
from gui.elided_button import ElidedButton
from gui.flip_flow import Answer
from gui.inspector.detail_page import paragraph
from gui.naming import named
from gui.theme import GRID, Theme, Tokens

_SIGNS: Final = {Standing.CONFIRMED: "✓", Standing.REFUTED: "✕", Standing.NOT_TESTABLE: "—"}


class ChangeRow(QWidget):
    """Shows a `Change` of one call."""

    policy_wanted = Signal(object)
    """The `Change` whose toggle is to be set."""
    proof_wanted = Signal(object)
    """The `Change` that is to be proved."""
    run_wanted = Signal()
    stop_wanted = Signal()
    recording_wanted = Signal(object)
    """The path of the second run's recording."""

    def __init__(self, theme: Theme, change: Change, before: CallEvent, *, prominent: bool, parent: QWidget | None = None) -> None:
        """`prominent`: the proof is what is wanted here, since the verdict is only inferred."""
        super().__init__(parent)
        self._theme = theme
        self.change = change
        self._before = before
        self.answer: Answer | None = None
        self.set_policy = ElidedButton(change.sentence, "Changes the policy at the left; Ctrl+Z takes it back")
        self.prove = named(
            QPushButton("Prove it"),
            f"Prove it: {change.sentence}",
            "Run the same target again with this one toggle changed, and compare",
            style="" if prominent else "link",
        )
        self.prove.setProperty("primary", prominent)
        self.run_again = named(QPushButton("Run again"), "Run again under the changed policy")
        self.stop = named(QPushButton("Stop"), "Stop the second run")
        self.open_second = named(QPushButton("Open the second run"), "Open the recording of the second run")
        self._done = paragraph("The policy is changed. Ctrl+Z takes it back.", muted=True)
        self._progress = paragraph(muted=True)
        self._proof = paragraph(rich=True)
        self._lay_out()
        self._connect()

    def show_policy(self, policy: Policy) -> None:
        """The policy that the toggle would change now."""
        toggle = self.change.toggle
        already = toggle is None or toggle.apply(policy) == policy
        self.set_policy.setEnabled(not already)
        if not already:
            self._done.hide()
            self.run_again.hide()

    def show_busy(self, busy: bool, progress: str) -> None:
        """`busy`: some question is being answered; `progress`: this one, and how far it is."""
        self.prove.setEnabled(not busy)
        self._progress.setText(progress)
        self._progress.setVisible(bool(progress))
        self.stop.setVisible(bool(progress))

    def show_answer(self, answer: Answer | None) -> None:
        """What the second run has shown; None: it was not asked."""
        self.answer = answer
        self._proof.setVisible(answer is not None)
        self.open_second.setVisible(answer is not None and answer.path is not None)
        if answer is not None:
            self._proof.setText(_proof_html(answer, self._before, self._theme.tokens))

    def note_done(self) -> None:
        """The policy was changed by this row's button."""
        self._done.show()
        self.run_again.show()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.set_policy)
        column.addWidget(self._effect())
        column.addWidget(self.prove, 0, Qt.AlignmentFlag.AlignLeft)
        for widget in (self._done, self.run_again, self._progress, self.stop, self._proof, self.open_second):
            column.addWidget(widget)
            widget.hide()
        self.set_policy.setVisible(self.change.toggle is not None and self.change.helps)
        self.prove.setVisible(self.change.provable)

    def _effect(self) -> QLabel:
        sentence, effect = self.change.sentence, self.change.effect
        if self.change.toggle is not None and self.change.helps:
            return paragraph(f"{effect} ({self.change.evidence.word})", muted=True)
        return paragraph(effect if effect.startswith(sentence) else f"{sentence}: {effect[:1].lower()}{effect[1:]}", muted=True)

    def _connect(self) -> None:
        self.set_policy.clicked.connect(self._on_set_policy)
        self.prove.clicked.connect(self._on_prove)
        self.run_again.clicked.connect(self.run_wanted)
        self.stop.clicked.connect(self.stop_wanted)
        self.open_second.clicked.connect(self._on_open)

    def _on_set_policy(self) -> None:
        self.policy_wanted.emit(self.change)

    def _on_prove(self) -> None:
        self.proof_wanted.emit(self.change)

    def _on_open(self) -> None:
        if self.answer is not None:
            self.recording_wanted.emit(self.answer.path)


def _proof_html(answer: Answer, before: CallEvent, tokens: Tokens) -> str:
    proof = answer.proof
    inks = {Standing.CONFIRMED: tokens.passed, Standing.REFUTED: tokens.killed, Standing.NOT_TESTABLE: tokens.muted}
    word = proof.standing.value
    head = f"<b style='color:{inks[proof.standing]}'>{_SIGNS[proof.standing]} {word[:1].upper()}{word[1:]}</b>"
    note = f"<br><span style='color:{tokens.muted}'>{answer.note}</span>" if answer.note else ""
    return f"{head}<br>{_plain(proof.sentence)}{note}{_side_by_side(before, proof.after, tokens)}"


def _side_by_side(before: CallEvent, after: CallEvent | None, tokens: Tokens) -> str:
    if after is None:
        return ""
    cells = "".join(
        f"<td style='padding-right:16px; white-space:nowrap'><span style='color:{tokens.muted}'>{title}</span><br>"
        f"<b>{result_text(event)}</b><br>{_gate(event)}</td>"
        for title, event in (("this run", before), ("with the change", after))
    )
    return f"<table style='margin-top:4px'><tr>{cells}</tr></table>"


def _gate(event: CallEvent) -> str:
    gate = event.verdict.gate
    return f"{GATE_SIGNS[gate]} {gate.word}" if gate in GATE_SIGNS else "✓ passed"


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
