"""A page's content, or an invitation to make a run while there is none."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QStackedWidget, QWidget

from gui.panels.empty_state import EmptyState, Invitation
from gui.theme import Theme


class RunStack(QStackedWidget):
    """Shows the content from the moment at which there is a run."""

    def __init__(
        self, theme: Theme, heading: str, invitations: Sequence[Invitation], content: QWidget, parent: QWidget | None = None
    ) -> None:
        """`heading`: what the page will show."""
        super().__init__(parent)
        self.addWidget(EmptyState(theme, heading, invitations))
        self.addWidget(content)

    def show_run(self, there: bool) -> None:
        """Whether there is a run."""
        self.setCurrentIndex(1 if there else 0)
