"""A page's content, or an invitation to make a run while there is none."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QAbstractItemView, QLayout, QStackedWidget, QVBoxLayout, QWidget

from gui.panels.empty_state import EmptyState, Invitation
from gui.theme import Theme


class RunStack(QStackedWidget):
    """Shows the content from the moment at which there is a run."""

    def __init__(self, theme: Theme, heading: str, invitations: Sequence[Invitation], content: Sequence[QWidget | QLayout]) -> None:
        """`heading`: what the page will show; `content`: from top to bottom, its table or tree as high as it can be."""
        super().__init__()
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in content:
            if isinstance(part, QLayout):
                column.addLayout(part)
            else:
                column.addWidget(part, int(isinstance(part, QAbstractItemView)))
        self.addWidget(EmptyState(theme, heading, invitations))
        self.addWidget(page)

    def fill(self, page: QWidget) -> None:
        """Takes all of the page's room."""
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self)

    def show_run(self, there: bool) -> None:
        """Whether there is a run."""
        self.setCurrentIndex(1 if there else 0)
