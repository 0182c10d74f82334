"""What a process became by an exec: its command, ids and capability sets, beside what was predicted."""

from __future__ import annotations

import html
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea, QWidget

from core.policy.expert import EXPERT_SETS
from core.recording.process_tree import Exec, Process, short_set
from gui.theme import MARGIN, Theme

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
            return self._exec(node)
        made = sum(isinstance(child, Process) for child in node.children)
        ran = len(node.children) - made
        parts = [f"made {made} processes", f"ran {ran} programs", f"{node.threads} threads in all", node.ending or "still runs"]
        return f'<b>{node.pid} {html.escape(node.name)}</b><br><span style="color:{muted}">{" · ".join(parts)}</span>'

    def _exec(self, program: Exec) -> str:
        data, muted = program.data, self._theme.tokens.muted
        state = [f"pid {program.parent.pid}", program.user, program.group]
        state += [f"securebits {data['securebits']:#x}", f"no_new_privs {'on' if data['no_new_privs'] else 'off'}"]
        head = f'<b>{html.escape(program.command)}</b><br><span style="color:{muted}">{" · ".join(state)}</span>'
        return f"{head}{self._prediction(program)}{self._sets(program)}{self._rules(program)}"

    def _prediction(self, program: Exec) -> str:
        if program.predicted is None:
            return ""
        tokens = self._theme.tokens
        if program.disagrees:
            return f'<p style="color:{tokens.killed}"><b>✕ The kernel did something else than was predicted</b></p>'
        return f'<p style="color:{tokens.passed}">✓ as predicted</p>'

    def _sets(self, program: Exec) -> str:
        rows = []
        for name in EXPERT_SETS:
            actual = program.capabilities[name]
            cells = [f'<td style="color:{self._theme.tokens.muted}; padding-right:16px">{name}</td>', f"<td>{short_set(actual)}</td>"]
            if program.predicted is not None and program.predicted[name] != actual:
                words = f"✕ predicted: {short_set(program.predicted[name])}"
                cells.append(f'<td style="color:{self._theme.tokens.killed}; padding-left:16px"><b>{words}</b></td>')
            rows.append(f"<tr>{''.join(cells)}</tr>")
        return f"<table>{''.join(rows)}</table>"

    def _rules(self, program: Exec) -> str:
        rules = program.data.get("rules") or ()
        return "".join(f'<div style="color:{self._theme.tokens.muted}">{html.escape(rule)}</div>' for rule in rules)

    def _on_theme_changed(self) -> None:
        self.setFixedHeight(self._theme.scaled(_HEIGHT))
        self.show_node(self._node)
