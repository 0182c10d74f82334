"""Keys of the window that line edits would keep for themselves."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

_KEYS: Final = (Qt.Key.Key_E, Qt.Key.Key_F)
"""With Ctrl, under X11, a line edit takes them to move its cursor, as Emacs does. Here Ctrl+E starts and stops, wherever the keyboard is."""


class WindowKeys(QObject):
    """Lets the window's shortcuts through to its actions."""

    def __init__(self, window: QWidget) -> None:
        """All line edits and combos that `window` has now."""
        super().__init__(window)
        for kind in (QLineEdit, QComboBox):
            # An editable combo hands what its line edit left to the line edit again.
            for widget in window.findChildren(kind):
                widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's virtual method
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_windows(event):
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def _is_windows(event: QKeyEvent) -> bool:
    return event.modifiers() == Qt.KeyboardModifier.ControlModifier and event.key() in _KEYS
