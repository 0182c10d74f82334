"""Completing what is typed: words that begin so come first, those that merely contain it after them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QStringListModel, Qt
from PySide6.QtWidgets import QCompleter, QLineEdit

_LAST_WORD: Final = re.compile(r"^(.*[\s,|(:])?([^\s,|(:]*)$", re.DOTALL)
_SHOWN: Final = 12
_POPUP_WIDTH: Final = 300


class Completer(QCompleter):
    """Completes the last entry of a list (parted by commas, blanks, | or what opens an argument list), where Qt's own sees one long word."""

    def __init__(self, edit: QLineEdit, words: Sequence[str] = ()) -> None:
        """Attaches itself to the line."""
        self._words = QStringListModel(list(words))
        super().__init__(self._words, edit)
        self._edit = edit
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setFilterMode(Qt.MatchFlag.MatchContains)
        self.setMaxVisibleItems(_SHOWN)
        dress_popup(self)
        edit.setCompleter(self)
        edit.textEdited.connect(self._on_text_edited)

    def words(self) -> list[str]:
        """What there is to choose from, in the order in which it is offered."""
        return self._words.stringList()

    def set_words(self, words: Sequence[str]) -> None:
        if sorted(words) != sorted(self.words()):
            self._words.setStringList(list(words))

    def splitPath(self, path: str) -> list[str]:
        return [_split(path)[1]]

    def pathFromIndex(self, index: QModelIndex | QPersistentModelIndex) -> str:
        return _split(self._edit.text())[0] + str(index.data(Qt.ItemDataRole.EditRole))

    def _on_text_edited(self, text: str) -> None:
        typed = _split(text)[1].casefold()
        words = self.words()
        ranked = sorted(words, key=lambda word: not word.casefold().startswith(typed))
        if ranked != words:
            self._words.setStringList(ranked)


def dress_popup(completer: QCompleter) -> None:
    """Gives its list the width and the border that the style sheet has for completions."""
    popup = completer.popup()
    if popup is not None:
        popup.setObjectName("completions")
        popup.setMinimumWidth(_POPUP_WIDTH)


def _split(text: str) -> tuple[str, str]:
    """What stands before the last entry, and that entry."""
    match = _LAST_WORD.match(text)
    return (match[1] or "", match[2]) if match else ("", text)
