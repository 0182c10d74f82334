"""Chooses an action: its kind and, where it takes one, its errno or number."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter, QHBoxLayout, QSizePolicy, QSpinBox, QWidget

from core.knowledge.errnos import errno_meaning, errno_names, errno_number
from core.policy.action import DATA_MASK, ActionKind
from gui.completions import dress_popup
from gui.naming import named

_SPACE: Final = "  "
"""Between an errno's name and its meaning in the list."""
_POPUP_WIDTH: Final = 320


class ActionPicker(QWidget):
    """Shows an action as the policy writes it, also one that means nothing; `changed` comes from the user only."""

    changed = Signal(str)
    """The action's word, "errno:EPERM"."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """`name`: what is chosen, for a screen reader: "Default action"."""
        super().__init__(parent)
        self.kind = named(QComboBox(), name)
        self.kind.addItems([str(kind) for kind in ActionKind])
        self.errno = named(
            QComboBox(editable=True, insertPolicy=QComboBox.InsertPolicy.NoInsert), f"{name}: errno", "An errno's name or number"
        )
        self.number = named(QSpinBox(maximum=DATA_MASK), f"{name}: number for the tracer", "The number that the tracer gets")
        self._fill_errnos()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.fields: tuple[QWidget, ...] = (self.kind, self.errno, self.number)
        """In the order in which Tab goes through them."""
        for widget in self.fields:
            widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            row.addWidget(widget, 1)
        self.setFocusProxy(self.kind)
        self.kind.activated.connect(self._on_kind)
        self.errno.activated.connect(self._on_errno_chosen)
        self.number.editingFinished.connect(self._on_edited)
        edit = self.errno.lineEdit()
        if edit is not None:
            edit.editingFinished.connect(self._on_edited)
        self.set_word("errno:EPERM")

    def word(self) -> str:
        """As the policy writes it."""
        kind = self.kind.currentText()
        if kind == ActionKind.ERRNO:
            return f"{kind}:{_name(self.errno.currentText())}"
        return f"{kind}:{self.number.value()}" if kind == ActionKind.TRACE else kind

    def set_word(self, word: str) -> None:
        """Shows this action; `changed` is not emitted."""
        kind, _, detail = word.partition(":")
        if self.kind.findText(kind) < 0:
            self.kind.addItem(kind)
        self.kind.setCurrentText(kind)
        if kind == ActionKind.ERRNO:
            self.errno.setEditText(detail)
        if kind == ActionKind.TRACE and detail.isdecimal():
            self.number.setValue(int(detail))
        self._shown = word
        self._show_detail()

    def _fill_errnos(self) -> None:
        for name in errno_names():
            self.errno.addItem(f"{name}{_SPACE}{errno_meaning(errno_number(name))}")
        self.errno.setMaxVisibleItems(16)
        completer = QCompleter(self.errno.model(), self.errno)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.errno.setCompleter(completer)
        dress_popup(completer)
        if (view := self.errno.view()) is not None:
            view.setMinimumWidth(_POPUP_WIDTH)
        self.errno.setEditText("EPERM")

    def _show_detail(self) -> None:
        self.errno.setVisible(self.kind.currentText() == ActionKind.ERRNO)
        self.number.setVisible(self.kind.currentText() == ActionKind.TRACE)

    def _on_kind(self) -> None:
        if not self.errno.currentText():
            self.errno.setEditText("EPERM")
        self._show_detail()
        self._on_edited()

    def _on_errno_chosen(self) -> None:
        self.errno.setEditText(_name(self.errno.currentText()))
        self._on_edited()

    def _on_edited(self) -> None:
        word = self.word()
        if word != self._shown:
            self._shown = word
            self.changed.emit(word)


def _name(text: str) -> str:
    word = text.split(_SPACE, 1)[0].strip()
    return word if word.isdecimal() else word.upper()
