"""What a key press sends to the target: the bytes that xterm sends."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt

_CURSOR: Final = {
    Qt.Key.Key_Up: b"A",
    Qt.Key.Key_Down: b"B",
    Qt.Key.Key_Right: b"C",
    Qt.Key.Key_Left: b"D",
    Qt.Key.Key_Home: b"H",
    Qt.Key.Key_End: b"F",
}
_TILDE: Final = {
    Qt.Key.Key_Insert: 2,
    Qt.Key.Key_Delete: 3,
    Qt.Key.Key_PageUp: 5,
    Qt.Key.Key_PageDown: 6,
    Qt.Key.Key_F5: 15,
    Qt.Key.Key_F6: 17,
    Qt.Key.Key_F7: 18,
    Qt.Key.Key_F8: 19,
    Qt.Key.Key_F9: 20,
    Qt.Key.Key_F10: 21,
    Qt.Key.Key_F11: 23,
    Qt.Key.Key_F12: 24,
}
_FUNCTION: Final = {Qt.Key.Key_F1: b"P", Qt.Key.Key_F2: b"Q", Qt.Key.Key_F3: b"R", Qt.Key.Key_F4: b"S"}
_PLAIN: Final = {
    Qt.Key.Key_Return: b"\r",
    Qt.Key.Key_Enter: b"\r",
    Qt.Key.Key_Tab: b"\t",
    Qt.Key.Key_Backtab: b"\x1b[Z",
    Qt.Key.Key_Backspace: b"\x7f",
    Qt.Key.Key_Escape: b"\x1b",
}
_CONTROL: Final = {
    Qt.Key.Key_Space: b"\0",
    Qt.Key.Key_2: b"\0",
    Qt.Key.Key_6: b"\x1e",
    Qt.Key.Key_Slash: b"\x1f",
    Qt.Key.Key_Minus: b"\x1f",
}


def bytes_of_key(key: int, modifiers: Qt.KeyboardModifier, text: str, *, application_cursor_keys: bool) -> bytes:
    """The bytes for a key press; none where the key alone means nothing (a modifier)."""
    alt = bool(modifiers & Qt.KeyboardModifier.AltModifier)
    control = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
    special = _special(Qt.Key(key), modifiers, application_cursor_keys)
    if special is not None:
        return special
    sent = _controlled(key) if control else _PLAIN.get(Qt.Key(key), text.encode())
    return b"\x1b" + sent if alt and sent else sent


def _special(key: Qt.Key, modifiers: Qt.KeyboardModifier, application: bool) -> bytes | None:
    modifier = _modifier_number(modifiers)
    if key in _CURSOR:
        if modifier > 1:
            return b"\x1b[1;%d%s" % (modifier, _CURSOR[key])
        return (b"\x1bO" if application else b"\x1b[") + _CURSOR[key]
    if key in _TILDE:
        return b"\x1b[%d;%d~" % (_TILDE[key], modifier) if modifier > 1 else b"\x1b[%d~" % _TILDE[key]
    if key in _FUNCTION:
        return b"\x1b[1;%d%s" % (modifier, _FUNCTION[key]) if modifier > 1 else b"\x1bO" + _FUNCTION[key]
    return None


def _modifier_number(modifiers: Qt.KeyboardModifier) -> int:
    """xterm's: 1 and a bit each for shift, alt, control."""
    bits = (
        (Qt.KeyboardModifier.ShiftModifier, 1),
        (Qt.KeyboardModifier.AltModifier, 2),
        (Qt.KeyboardModifier.ControlModifier, 4),
    )
    return 1 + sum(value for modifier, value in bits if modifiers & modifier)


def _controlled(key: int) -> bytes:
    if Qt.Key.Key_A <= key <= Qt.Key.Key_Z or Qt.Key.Key_BracketLeft <= key <= Qt.Key.Key_Underscore:
        return bytes([key & 0x1F])
    return _CONTROL.get(Qt.Key(key)) or _PLAIN.get(Qt.Key(key), b"")
