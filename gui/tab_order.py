"""Where the Tab key leads."""

from __future__ import annotations

import itertools

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def join_tab_order(container: QWidget) -> None:
    """The controls inside are reached where `container` stands: by itself Qt puts what was made late behind all else in the window."""
    before = container.previousInFocusChain()
    while before is not None and before is not container and (not _takes_tab(before) or container.isAncestorOf(before)):
        before = before.previousInFocusChain()
    if before is not None:
        for one, other in itertools.pairwise((before, *filter(_takes_tab, container.findChildren(QWidget)))):
            QWidget.setTabOrder(one, other)


def _takes_tab(widget: QWidget) -> bool:
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
