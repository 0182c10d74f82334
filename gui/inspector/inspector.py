"""The inspector: where the chosen call stopped, why, and every field of it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QLabel, QScrollArea, QStackedWidget, QTreeView, QVBoxLayout, QWidget

from core.event import CallEvent, Event, ProcessEvent
from core.judge.verdict import Evidence
from gui.inspector.fields import FieldsModel
from gui.inspector.gate_cards import diagram_of, evidence_sentence, why
from gui.inspector.gate_diagram import GateDiagram
from gui.naming import named
from gui.theme import GRID, MARGIN, Theme

TABS: Final = ("Inspector", "All fields")
_HINT: Final = "Choose a call in the log: here you see how far it came, which gate stopped it, and how that is known."


class Inspector(QStackedWidget):
    """Two pages: the gates, and all fields."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._event: Event | None = None
        self._filters = 0
        self._diagram = GateDiagram(theme)
        self._why = _paragraph()
        self._evidence = _paragraph(muted=True)
        self._hint = _paragraph(muted=True)
        self._fields = FieldsModel(self)
        self.tree = self._make_tree()
        self._verdict = self._make_verdict()
        self.addWidget(self._make_page())
        self.addWidget(self.tree)
        theme.changed.connect(self._on_theme_changed)
        self.show_event(None)

    def set_filters(self, count: int) -> None:
        """How many seccomp filters the run's policy has."""
        self._filters = count

    def show_event(self, event: Event | None) -> None:
        """The event of the log's current row; None: none is chosen."""
        self._event = event
        call = event if isinstance(event, CallEvent) else None
        self._hint.setVisible(call is None)
        self._diagram.setVisible(call is not None)
        self._verdict.setVisible(call is not None)
        self._fields.show_event(event)
        self.tree.expandToDepth(1)
        self.tree.resizeColumnToContents(0)
        if call is None:
            what = event.event if isinstance(event, ProcessEvent) else ""
            self._hint.setText(f"{what} is no system call: its data are under “All fields”." if what else _HINT)
            return
        self._diagram.show_diagram(diagram_of(call, self._filters))
        self._word_verdict(call)

    def _word_verdict(self, call: CallEvent) -> None:
        tokens = self._theme.tokens
        self._why.setText(why(call))
        ink = tokens.passed if call.verdict.evidence is Evidence.OBSERVED else tokens.text
        word = call.verdict.evidence.word
        self._evidence.setText(f"Evidence: <b style='color:{ink}; font-weight:600'>{word}</b> — {evidence_sentence(call)}")
        if call.verdict.conflict:
            conflict = "What was observed and what was computed disagree."
            self._evidence.setText(f"{self._evidence.text()}<br><b style='color:{tokens.killed}'>⚠ {conflict}</b>")

    def _make_verdict(self) -> QWidget:
        rule = named(QFrame(), "", style="rule")
        heading = QLabel("Why")
        heading.setProperty("strong", True)
        block = QWidget()
        column = QVBoxLayout(block)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(rule)
        column.addSpacing(2 * GRID)
        for label in (heading, self._why, self._evidence):
            column.addWidget(label)
        return block

    def _make_page(self) -> QScrollArea:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(16, MARGIN, 16, MARGIN)
        column.setSpacing(MARGIN)
        for widget in (self._hint, self._diagram, self._verdict):
            column.addWidget(widget)
        column.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(content)
        area.setAccessibleName("Inspector: gates and verdict of the chosen call")
        return area

    def _make_tree(self) -> QTreeView:
        tree = QTreeView()
        tree.setModel(self._fields)
        tree.setAccessibleName("All fields of the chosen event")
        tree.setAlternatingRowColors(True)
        tree.setUniformRowHeights(True)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        tree.header().setStretchLastSection(True)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), tree)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self._on_copy)
        return tree

    def _on_copy(self) -> None:
        index = self.tree.currentIndex()
        QGuiApplication.clipboard().setText(str(index.siblingAtColumn(1).data() or index.data()))

    def _on_theme_changed(self) -> None:
        if isinstance(self._event, CallEvent):
            self._word_verdict(self._event)


def _paragraph(*, muted: bool = False) -> QLabel:
    label = QLabel(wordWrap=True, textInteractionFlags=Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setProperty("muted", muted)
    return label
