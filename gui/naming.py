"""Names for what a screen reader reads out."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtWidgets import QWidget

W = TypeVar("W", bound=QWidget)


def named(widget: W, name: str, tip: str = "", style: str = "") -> W:
    """The widget itself, with an accessible name, a tooltip, and the name by which the style sheet knows it."""
    widget.setAccessibleName(name)
    if tip:
        widget.setToolTip(tip)
    if style:
        widget.setObjectName(style)
    return widget
