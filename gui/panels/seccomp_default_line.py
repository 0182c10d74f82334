"""The line below the rules: what becomes of anything else, and how often that was."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from core.recording.rule_hits import RuleHits
from gui.labels import muted_label
from gui.models.rule_text import action_sentence, count_text
from gui.naming import named
from gui.theme import MARGIN


class DefaultLine(QWidget):
    """Hidden where no filter has a default action."""

    calls_wanted = Signal()
    """The log is to show the calls that no rule decided."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.action = QLabel()
        self.hits = named(QToolButton(autoRaise=True), "Show the calls that no rule decided in the log")
        self.hits.clicked.connect(self.calls_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 4, MARGIN, 6)
        row.setSpacing(8)
        row.addWidget(muted_label("Anything else", wrap=False))
        row.addWidget(self.action)
        row.addStretch(1)
        row.addWidget(self.hits)
        self.hits.hide()

    def show_action(self, word: str) -> None:
        """The default action; empty: there is none."""
        self.action.setText(word)
        self.setToolTip(f"Where no rule speaks: {action_sentence(word)}")
        self.setVisible(bool(word))

    def show_hits(self, hits: RuleHits | None) -> None:
        """The run's calls that no rule decided; None: there is no run."""
        self.hits.setVisible(hits is not None)
        if hits is not None:
            self.hits.setText(f"{count_text(hits.unruled)} call{'' if hits.unruled == 1 else 's'}")
            self.hits.setToolTip(
                f"No rule decided {hits.unruled:,} calls of the run, those before the filter began to judge among them; "
                f"seccomp stopped {hits.stopped:,} of them. Click to see them in the log."
            )
