"""The bar above the log: the filter as text, its errors below it, and a button for every gate with its count."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QInputMethodEvent, QTextCharFormat
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from core.judge.verdict import Gate, Outcome
from core.recording.filter import Query, QueryError, Term, parse_query
from gui.gates import GATE_SHAPES, NAMED_GATES, gate_ink
from gui.icons import shape_icon
from gui.naming import named
from gui.style_sheet import restyle
from gui.theme import MARGIN, Theme
from gui.words import some

_SETTLED_MS: Final = 200
"""How long typing must pause before the filter applies by itself."""
_FIELD: Final = re.compile(r"(?:^|(?<=\s))-?[a-z]+:|(?:^|(?<=\s))-(?=\S)")
_EXAMPLE: Final = "Filter:  syscall:socket  verdict:denied  -process:bash  or any word"
_NOT_FAILED: Final = Term("verdict", (Outcome.FAILED.word,), exclude=True)
"""Ordinary errnos belong to the gate "other" too, but no button counts them."""


class FilterBar(QWidget):
    """Emits a new query whenever the text became another valid one."""

    query_changed = Signal(object)
    """The `Query`, or None where everything is to be shown."""
    follow_toggled = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._query = Query()
        self.edit = named(QLineEdit(placeholderText=_EXAMPLE, clearButtonEnabled=True), "Filter of the log")
        self._problem = named(QLabel(wordWrap=True), "Problem with the filter")
        self._problem.setProperty("problem", True)
        self._problem.hide()
        self._facets = {gate: self._facet(gate) for gate in NAMED_GATES}
        self.follow = named(QPushButton(), "Follow the end of the log", "Stay at the end of the log while events arrive")
        self.follow.setCheckable(True)
        self.follow.setChecked(True)
        self.follow.setProperty("quiet", True)
        self._settled = QTimer(self, singleShot=True, interval=_SETTLED_MS)
        self._lay_out()
        self.set_counts({})
        self._settled.timeout.connect(self.apply)
        self.edit.textChanged.connect(self._on_text_changed)
        self.edit.returnPressed.connect(self.apply)
        self.follow.toggled.connect(self._on_follow_toggled)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    @property
    def problem(self) -> str:
        """The sentence under the bar; empty where the filter is understood."""
        return self._problem.text() if not self._problem.isHidden() else ""

    @property
    def query(self) -> Query:
        """The filter in force; without terms it lets everything through."""
        return self._query

    def set_text(self, text: str) -> None:
        """Replaces the filter, and applies it."""
        self.edit.setText(text)
        self.apply()

    def add_term(self, field: str, value: str, *, exclude: bool = False) -> None:
        """Narrows the filter: only events of this value, or all but them. The opposite term goes."""
        opposite = Term(field, (value,), not exclude)
        terms = tuple(term for term in self._query.terms if term != opposite)
        self.set_text(str(Query(terms).with_term(field, value, exclude)))

    def set_term(self, field: str, value: str) -> None:
        """What the filter wants of this field, whatever it wanted before; an empty value: nothing."""
        terms = tuple(term for term in self._query.terms if term.field != field or term.exclude)
        self.set_text(str(Query(terms).with_term(field, value) if value else Query(terms)))

    def set_counts(self, denied: Mapping[str, int]) -> None:
        """How often each gate said no, by its word."""
        for gate, button in self._facets.items():
            count = denied.get(gate.word or "", 0)
            button.setText(f"{count:,}")
            button.setAccessibleName(f"Only what the gate {gate.word} stopped: {some(count, 'call')}")

    def apply(self) -> None:
        """Reads the text; announces the query, or says under the bar what is wrong with it."""
        self._settled.stop()
        try:
            query = parse_query(self.edit.text())
        except QueryError as err:
            self._show_problem(f"Not a filter yet: {err}.")
            return
        self._show_problem("")
        if query != self._query:
            self._query = query
            self.query_changed.emit(query if query.terms else None)
        chosen = {value for term in query.terms if term.field == "gate" and not term.exclude for value in term.values}
        for gate, button in self._facets.items():
            button.setChecked(gate.word in chosen)

    def clear(self) -> None:
        """Shows every event."""
        self.set_text("")

    def focus_edit(self) -> None:
        """Puts the keyboard into the bar, with its text selected."""
        self.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.edit.selectAll()

    def _facet(self, gate: Gate) -> QPushButton:
        button = named(QPushButton(), gate.word or "", f"Show only what the gate “{gate.word}” stopped")
        button.setCheckable(True)
        button.setIconSize(QSize(14, 14))
        button.clicked.connect(self._on_facet_clicked)
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.edit, 1)
        for button in self._facets.values():
            row.addWidget(button)
        row.addWidget(self.follow)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 8, MARGIN, 8)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._problem)

    def _show_problem(self, sentence: str) -> None:
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))
        restyle(self.edit, "problem", bool(sentence))

    def _on_text_changed(self) -> None:
        self._colour_fields()
        self._settled.start()

    def _on_facet_clicked(self) -> None:
        kept = tuple(term for term in self._query.terms if term.field != "gate" and term != _NOT_FAILED)
        gates = tuple(gate for gate, button in self._facets.items() if button.isChecked())
        chosen = (Term("gate", tuple(gate.word or "" for gate in gates)),) if gates else ()
        without_failed = (_NOT_FAILED,) if Gate.OTHER in gates else ()
        self.set_text(str(Query(kept + chosen + without_failed)))

    def _on_follow_toggled(self, following: bool) -> None:
        self._word_follow()
        self.follow_toggled.emit(following)

    def _word_follow(self) -> None:
        self.follow.setText("Follow ✓" if self.follow.isChecked() else "Follow")

    def _colour_fields(self) -> None:
        """Field names in the accent. A line edit has formats only through the input method's door."""
        form = QTextCharFormat()
        form.setForeground(QColor(self._theme.tokens.accent))
        cursor = self.edit.cursorPosition()
        kind = QInputMethodEvent.AttributeType.TextFormat
        attributes = [
            QInputMethodEvent.Attribute(kind, found.start() - cursor, found.end() - found.start(), form)
            for found in _FIELD.finditer(self.edit.text())
        ]
        QApplication.sendEvent(self.edit, QInputMethodEvent("", attributes))

    def _on_theme_changed(self) -> None:
        self.edit.setFont(self._theme.mono_font)
        for gate, button in self._facets.items():
            button.setIcon(shape_icon(GATE_SHAPES[gate], gate_ink(gate, self._theme.tokens)))
        self.follow.setMinimumWidth(self.follow.fontMetrics().horizontalAdvance("Follow ✓") + 28)
        self._word_follow()
        self._colour_fields()
