"""Keys become the bytes that xterm sends."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from gui.terminal.keys import bytes_of_key

NONE = Qt.KeyboardModifier.NoModifier
SHIFT, ALT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier


@pytest.mark.parametrize(
    ("key", "modifiers", "text", "application", "expected"),
    [
        (Qt.Key.Key_A, NONE, "a", False, b"a"),
        (Qt.Key.Key_Adiaeresis, NONE, "ä", False, "ä".encode()),
        (Qt.Key.Key_Return, NONE, "\r", False, b"\r"),
        (Qt.Key.Key_Backspace, NONE, "\x08", False, b"\x7f"),
        (Qt.Key.Key_Tab, NONE, "\t", False, b"\t"),
        (Qt.Key.Key_Backtab, SHIFT, "", False, b"\x1b[Z"),
        (Qt.Key.Key_C, CONTROL, "\x03", False, b"\x03"),
        (Qt.Key.Key_BracketRight, CONTROL, "\x1d", False, b"\x1d"),
        (Qt.Key.Key_Space, CONTROL, "", False, b"\0"),
        (Qt.Key.Key_B, ALT, "b", False, b"\x1bb"),
        (Qt.Key.Key_Up, NONE, "", False, b"\x1b[A"),
        (Qt.Key.Key_Up, NONE, "", True, b"\x1bOA"),
        (Qt.Key.Key_Left, CONTROL, "", True, b"\x1b[1;5D"),
        (Qt.Key.Key_Delete, NONE, "\x7f", False, b"\x1b[3~"),
        (Qt.Key.Key_PageDown, SHIFT, "", False, b"\x1b[6;2~"),
        (Qt.Key.Key_F1, NONE, "", False, b"\x1bOP"),
        (Qt.Key.Key_Shift, SHIFT, "", False, b""),
    ],
)
def test_bytes(key: Qt.Key, modifiers: Qt.KeyboardModifier, text: str, application: bool, expected: bytes) -> None:
    assert bytes_of_key(key, modifiers, text, application_cursor_keys=application) == expected
