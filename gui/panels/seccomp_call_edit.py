"""A line in which one call is written, completed by what its place takes: a call's name, or the symbols of that argument."""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtWidgets import QLineEdit, QWidget

from core.knowledge import syscalls
from core.knowledge.constants import constants_for
from core.knowledge.syscalls import ARCHES
from core.policy.architectures import NATIVE
from gui.completions import Completer

_EXAMPLE: Final = "socket(AF_INET, SOCK_RAW, 1)"
_BEGUN: Final = re.compile(r"\s*(?:(?P<arch>[\w-]+)\s*:)?\s*(?P<name>\w*)\s*(?P<args>\(.*)?", re.DOTALL)


class CallEdit(QLineEdit):
    """A call as people write it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(f"Try a call: {_EXAMPLE}")
        self.setAccessibleName(f"Try a call, such as {_EXAMPLE}: what the filter makes of it, without running it")
        self.setClearButtonEnabled(True)
        # Before the completer's own: it ranks the words that it has then.
        self.textEdited.connect(self._on_text_edited)
        self.words = Completer(self, _names(NATIVE))

    def _on_text_edited(self, text: str) -> None:
        self.words.set_words(words_for(text[: self.cursorPosition()]))


def closed(text: str) -> str:
    """The call with the parenthesis that is still to be typed: it is answered while it is written."""
    return f"{text})" if "(" in text and ")" not in text else text


def words_for(text: str) -> tuple[str, ...]:
    """What can stand at the end of a call that has been written as far as this."""
    begun = _BEGUN.fullmatch(text)
    if begun is None:
        return ()
    if begun["args"] is None:
        return _names(begun["arch"] or NATIVE)
    return constants_for(begun["name"], begun["args"].count(","))


def signature(text: str) -> str:
    """The call that is being written, with the names of its parameters; empty where it is not known."""
    begun = _BEGUN.fullmatch(text)
    call = syscalls.by_name(begun["arch"] or NATIVE).get(begun["name"]) if begun else None
    if call is None or not call.parameters:
        return ""
    return f"{call.name}({', '.join(parameter.name for parameter in call.parameters)})"


def _names(architecture: str) -> tuple[str, ...]:
    return tuple(sorted(syscalls.names(architecture))) if architecture in ARCHES else ()
