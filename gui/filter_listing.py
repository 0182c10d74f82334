"""A filter's instructions, one a line, with the path that a call takes through them lit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QToolTip, QWidget

from core.bpf.disassemble import Line
from gui.naming import named
from gui.theme import Theme

_WIDE: Final = 52
"""Characters from which on the comments stand in a column of their own."""
_LIT: Final = "▸ "
_UNLIT: Final = "  "
_PARTS: Final = re.compile(r"^((?:▸ )? *\S+ )|(\bL\d+\b)|(;.*$)")


class FilterListing(QPlainTextEdit):
    """Shows instructions to read and to copy."""

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        """`name`: what a screen reader calls it."""
        super().__init__(parent, readOnly=True)
        self._theme = theme
        self._lines: Sequence[Line] = ()
        self._lit: frozenset[int] = frozenset()
        self._was_aligned = False
        named(self, name)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.document().setDocumentMargin(8)
        self._highlighter = _Highlighter(theme, self.document())
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def show_lines(self, lines: Sequence[Line], lit: Sequence[int] = ()) -> None:
        """Replaces what is shown; `lit`: indexes of the instructions that a call executes (`Line.index`), none where no call is followed."""
        if lines == self._lines and frozenset(lit) == self._lit:
            return
        self._lines, self._lit = lines, frozenset(lit)
        self.setAccessibleDescription(f"Executed: {', '.join(map(str, lit))}" if lit else "")
        self._fill()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            # A line may be longer than the panel is wide.
            QToolTip.showText(event.globalPos(), self.cursorForPosition(event.pos()).block().text().strip(_LIT), self)
            return True
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._aligned() != self._was_aligned:
            self._fill()
        elif self._lit:
            self.ensureCursorVisible()

    def _aligned(self) -> bool:
        return self.width() >= self.fontMetrics().averageCharWidth() * _WIDE

    def _fill(self) -> None:
        self._was_aligned = self._aligned()
        self.setPlainText(program_text(self._lines, self._lit, aligned=self._was_aligned))
        self._light()

    def _light(self) -> None:
        lit = [place for place, line in enumerate(self._lines) if line.index in self._lit]
        self.setExtraSelections([self._light_on(place) for place in lit])
        if lit:
            # The answer is at the path's end; the way there is above it.
            self.setTextCursor(self._at(lit[-1]))
            self.ensureCursorVisible()

    def _at(self, place: int) -> QTextCursor:
        return QTextCursor(self.document().findBlockByNumber(place))

    def _light_on(self, place: int) -> QTextEdit.ExtraSelection:
        selection = QTextEdit.ExtraSelection()
        selection.cursor = self._at(place)
        selection.format.setBackground(QColor(self._theme.tokens.seccomp_tint))
        selection.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        return selection

    def _on_theme_changed(self) -> None:
        self.setFont(self._theme.mono_font)
        self._highlighter.rehighlight()
        self._fill()


def program_text(lines: Sequence[Line], lit: frozenset[int] = frozenset(), *, aligned: bool) -> str:
    """A line an instruction: its number (or its label, where a jump leads to it), the instruction, and what it means behind a semicolon.

    Where some are `lit`, a sign stands in front of those.
    """
    width = max((len(line.text) for line in lines), default=0) if aligned else 0
    largest = len(str(max((line.index for line in lines), default=0))) + 1
    return "\n".join(_line_text(line, lit, largest, width) for line in lines)


def _line_text(line: Line, lit: frozenset[int], digits: int, width: int) -> str:
    sign = "" if not lit else _LIT if line.index in lit else _UNLIT
    number = (line.labels[0] if line.labels else str(line.index)).rjust(digits)
    text = f"{line.text:{width}}  ; {line.comment}" if line.comment else line.text
    return f"{sign}{number}  {text}"


class _Highlighter(QSyntaxHighlighter):
    """Numbers and comments quiet, labels in the accent."""

    def __init__(self, theme: Theme, document: QTextDocument) -> None:
        super().__init__(document)
        self._theme = theme

    def highlightBlock(self, text: str) -> None:
        tokens = self._theme.tokens
        for found in _PARTS.finditer(text):
            is_label = "L" in found[0] and not found[3]
            form = QTextCharFormat()
            form.setForeground(QColor(tokens.accent if is_label else tokens.muted))
            self.setFormat(found.start(), found.end() - found.start(), form)
