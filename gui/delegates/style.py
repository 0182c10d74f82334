"""The style that a delegate paints with."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QStyle, QStyleOptionViewItem, QWidget


def style_of(option: QStyleOptionViewItem) -> QStyle:
    """The view's own, which knows the style sheet; the application's where nothing is painted on a view."""
    # The stubs know no option without a widget; Qt does.
    widget: QWidget | None = option.widget
    return QApplication.style() if widget is None else widget.style()
