"""What a process became by an exec: its command, ids and capability sets, beside what was predicted."""

from __future__ import annotations

import html
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea, QWidget

from core.recording.process_tree import Exec, Process
from gui.exec_text import exec_html
from gui.theme import MARGIN, Theme
from gui.words import some

_HEIGHT: Final = 172
_HINT: Final = "Choose a process or a program that it ran to see more of it here."


class ExecCard(QScrollArea):
    """Rich text, in a frame of its own that scrolls."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._node: Process | Exec | None = None
        self.text = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.text.setContentsMargins(MARGIN, 8, MARGIN, 8)
        self.text.setAccessibleName("The chosen process")
        self.setWidget(self.text)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def show_node(self, node: Process | Exec | None) -> None:
        """The chosen row's; None: none is chosen."""
        self._node = node
        self.text.setText(self._html(node))

    def _html(self, node: Process | Exec | None) -> str:
        muted = self._theme.tokens.muted
        if node is None:
            return f'<span style="color:{muted}">{_HINT}</span>'
        if isinstance(node, Exec):
            return exec_html(node, self._theme.tokens)
        made = sum(isinstance(child, Process) for child in node.children)
        ran = len(node.children) - made
        counts = [f"made {some(made, 'process', 'es')}", f"ran {some(ran, 'program')}", f"{some(node.threads, 'thread')} in all"]
        parts = [*counts, node.ending or "still runs"]
        return f'<b>{node.pid} {html.escape(node.name)}</b><br><span style="color:{muted}">{" · ".join(parts)}</span>'

    def _on_theme_changed(self) -> None:
        self.setFixedHeight(self._theme.scaled(_HEIGHT))
        self.show_node(self._node)
