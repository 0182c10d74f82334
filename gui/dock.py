"""Docks and the strip of tabs above every panel: one header for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QTabBar, QToolButton, QWidget

from gui.icons import Shape, shape_icon
from gui.naming import named
from gui.theme import HEADER_HEIGHT, MARGIN, Theme


class _Tabs(QTabBar):
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # A tab bar that is laid out anew while hidden (as to replace an icon) forgets to tell the layout around it that it became wider.
        self.updateGeometry()


class PanelHeader(QWidget):
    """Tabs at the left, a quiet remark at the right, and a button to close where the panel can be closed."""

    tab_chosen = Signal(int)
    close_wanted = Signal()

    def __init__(self, theme: Theme, tabs: Sequence[str], *, closable: bool, plain: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("panelHeader")
        self.setProperty("plain", plain)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.tabs = _Tabs(drawBase=False, expanding=False)
        self.tabs.setAccessibleName(f"Pages of the panel {tabs[0]}" if len(tabs) > 1 else tabs[0])
        for title in tabs:
            self.tabs.addTab(title)
        self._remark = QLabel()
        self._close = named(QToolButton(autoRaise=True), f"Close {tabs[0]}", "Close this panel (View brings it back)")
        self._close.setIconSize(QSize(12, 12))
        self._close.setVisible(closable)
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 0, 6, 0)
        row.setSpacing(6)
        row.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignBottom)
        row.addStretch(1)
        row.addWidget(self._remark)
        row.addWidget(self._close)
        self.tabs.currentChanged.connect(self.tab_chosen)
        self._close.clicked.connect(self.close_wanted)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def show_tab(self, title: str) -> None:
        """Turns to the page with this title, where there is one."""
        titles = [self.tabs.tabText(index) for index in range(self.tabs.count())]
        if title in titles:
            self.tabs.setCurrentIndex(titles.index(title))

    def set_remark(self, text: str) -> None:
        """What is shown, in a word, such as the number of the chosen event."""
        self._remark.setText(text)

    def _on_theme_changed(self) -> None:
        self.setFixedHeight(self._theme.scaled(HEADER_HEIGHT))
        self._close.setIcon(shape_icon(Shape.CLOSE, self._theme.tokens.muted))


class Dock(QDockWidget):
    """A dock whose title bar is a `PanelHeader`: it can be moved by it, closed, and brought back from the View menu."""

    def __init__(
        self, theme: Theme, title: str, tabs: Sequence[str], content: QWidget, *, plain: bool = False, parent: QWidget | None = None
    ) -> None:
        """`title`: as the menu has it, with its letter (&); `plain`: the header is on the panel's own ground."""
        name = title.replace("&", "")
        super().__init__(name, parent)
        self.setObjectName(f"dock{name}")
        self.header = PanelHeader(theme, tabs, closable=True, plain=plain)
        self.header.tabs.setUsesScrollButtons(False)  # the dock becomes as wide as its tabs instead
        self.header.close_wanted.connect(self.close)
        self.setTitleBarWidget(self.header)
        self.setWidget(content)
        self.setAccessibleName(name)
        self.toggleViewAction().setText(title)
