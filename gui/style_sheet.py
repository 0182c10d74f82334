"""The small style sheet over Fusion: what a palette cannot say (radius, tab underlines, one-pixel lines)."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QWidget

from gui.terminal.colours import GROUND

if TYPE_CHECKING:
    from gui.theme import Tokens

_TEMPLATE: Final = Template("""
QMainWindow, QDialog { background: $panel; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QMainWindow::separator { background: $panel; width: 5px; height: 5px; border: none; }
QMainWindow::separator:vertical { border-left: 1px solid $line; }
QMainWindow::separator:horizontal { border-top: 1px solid $line; }
QMainWindow::separator:hover { background: $selection; }
QToolTip { background: $header; color: $text; border: 1px solid $line; padding: 4px 6px; }

QToolBar#targetBar { background: $alternate; border: none; border-bottom: 1px solid $line; padding: 0; spacing: 0; }
QToolBar#targetBar QLabel { color: $muted; }
QMenuBar { background: $alternate; padding: 2px 4px; }
QMenuBar::item { padding: 4px 8px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: $selection; }
QMenu { background: $panel; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: 5px 28px 5px 24px; border-radius: 4px; }
QMenu::item:selected { background: $selection; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }
QStatusBar { background: $panel; border-top: 1px solid $line; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $muted; }

QPushButton, QToolButton#command {
    background: $panel; color: $text; border: 1px solid $line; border-radius: 6px; padding: 0 12px; min-height: ${inner}px; max-height: ${inner}px;
}
QPushButton:hover, QToolButton#command:hover { background: $alternate; border-color: $muted; }
QPushButton:pressed, QToolButton#command:pressed { background: $header; }
QPushButton:checked, QToolButton#command:checked { background: $selection; border-color: $accent; }
QPushButton[quiet="true"]:checked { background: $panel; border-color: $line; }
QPushButton[quiet="true"]:checked:focus { border-color: $accent; }
QPushButton:focus, QToolButton#command:focus { border-color: $accent; }
QPushButton:disabled, QToolButton#command:disabled { color: $muted; background: $window; }
QToolButton#fold, QToolButton#fold:checked { border: none; background: transparent; padding: 2px 4px 2px 0; }
QToolButton#fold:hover, QToolButton#fold:focus { color: $accent; }
QToolButton#command::menu-indicator { image: none; }
QPushButton[primary="true"], QToolButton#command[primary="true"] { background: $accent; color: $on_accent; border-color: $accent; font-weight: 600; }
QPushButton[primary="true"]:hover, QToolButton#command[primary="true"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[primary="true"]:focus, QToolButton#command[primary="true"]:focus { border-color: $text; }
QPushButton[primary="true"]:disabled, QToolButton#command[primary="true"]:disabled { background: $window; color: $muted; border-color: $line; }

QToolButton#badge { border: 1px solid transparent; border-radius: 6px; background: transparent; color: $muted; padding: 4px 8px; }
QToolButton#badge:hover { background: $header; color: $text; }
QToolButton#badge:focus { border-color: $accent; }
QFrame#popover { background: $panel; border: 1px solid $line; }
QToolButton#disclosure { border: none; background: transparent; padding: 6px 12px; color: $muted; }
QToolButton#disclosure:hover { color: $text; }
QToolButton#disclosure:focus { color: $accent; }

QPushButton#link { border: none; border-radius: 3px; background: transparent; color: $accent; padding: 0; text-align: left; min-height: 20px; }
QPushButton#link:disabled { color: $muted; }
QPushButton#link:hover { text-decoration: underline; }
QPushButton#link:focus { background: $selection; text-decoration: underline; }
QPushButton#crumb { border-color: transparent; border-radius: 4px; padding: 2px 3px; min-height: 16px; color: $accent; background: transparent; }
QPushButton#crumb:hover { background: $header; }
QPushButton#crumb:focus { border-color: $accent; }

QLineEdit, QComboBox, QSpinBox {
    background: $panel; color: $text; border: 1px solid $line; border-radius: 6px; padding: 0 9px; min-height: ${inner}px; max-height: ${inner}px;
    selection-background-color: $accent; selection-color: $on_accent;
}
QLineEdit:hover, QComboBox:hover, QSpinBox:hover { border-color: $muted; }
QLineEdit:focus, QComboBox:focus, QSpinBox:focus { border-color: $accent; }
QLineEdit:disabled, QComboBox:disabled, QSpinBox:disabled { color: $muted; background: $window; }
QLineEdit[problem="true"] { border-color: $killed; }
QComboBox QLineEdit, QAbstractItemView QLineEdit { border: none; background: transparent; padding: 0; min-height: 0; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: url($icons/chevron-$shade.svg); width: 10px; height: 10px; }
QComboBox QAbstractItemView { background: $panel; border: 1px solid $line; padding: 4px; outline: none; }

QCheckBox, QRadioButton { spacing: 8px; }
QCheckBox::indicator, QAbstractItemView::indicator { width: 13px; height: 13px; border: 1px solid $muted; border-radius: 4px; background: $panel; }
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked { background: $accent; border-color: $accent; image: url($icons/check-$shade.svg); }
QCheckBox::indicator:indeterminate, QAbstractItemView::indicator:indeterminate { background: $selection; border-color: $accent; }
QCheckBox::indicator:focus { border-color: $text; }
QCheckBox::indicator:disabled, QAbstractItemView::indicator:disabled { background: $window; border-color: $line; }

QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab {
    background: transparent; color: $muted; border: none; border-bottom: 2px solid transparent; padding: 0; margin: 0 10px 0 0; min-height: ${tab}px;
}
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:focus { color: $accent; }
QWidget#panelHeader { background: $header; border-bottom: 1px solid $line; }
QWidget#panelHeader[plain="true"] { background: $panel; }
QWidget#panelHeader[plain="true"] QTabBar::tab:selected { border-bottom-color: transparent; }
QWidget#panelHeader QLabel { color: $muted; }
QWidget#panelHeader QToolButton { border: none; background: transparent; border-radius: 4px; padding: 2px; }
QWidget#panelHeader QToolButton:hover, QWidget#panelHeader QToolButton:focus { background: $line; }
QDockWidget { border: none; }
QTabWidget::pane { border: none; }

QTableView, QTreeView, QListView, QPlainTextEdit, QTextEdit { background: $panel; border: none; outline: none; }
QTableView, QTreeView, QListView { alternate-background-color: $alternate; selection-background-color: $selection; selection-color: $text; }
QListView#paths { border: 1px solid $line; border-radius: 6px; padding: 0 6px; }
QListView#completions { border: 1px solid $line; padding: 2px 4px; }
QListView#completions::item { padding: 3px 4px; }
QHeaderView { background: $panel; border: none; }
QHeaderView::section { background: $panel; color: $muted; border: none; border-bottom: 1px solid $line; padding: 0 8px; min-height: ${section}px; }
QHeaderView#capabilitySets::section { padding: 0; }
QHeaderView#capabilitySets::section:first { padding-left: 12px; }
QHeaderView::section:hover { color: $text; }
QScrollArea { background: $panel; border: none; }
QAbstractScrollArea::corner { background: $panel; border: none; }
QScrollBar:vertical { background: transparent; width: 11px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 11px; margin: 0; }
QAbstractScrollArea#terminal { background: $terminal; }
QAbstractScrollArea#terminal QScrollBar { background: $terminal; }
QAbstractScrollArea#terminal QScrollBar::handle { background: #4a5059; }
QScrollBar::handle { background: $scroll; border-radius: 3px; border: 2px solid transparent; }
QScrollBar::handle:vertical { min-height: 28px; margin: 2px; }
QScrollBar::handle:horizontal { min-width: 28px; margin: 2px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QFrame#infoBar { background: $killed_tint; border: none; border-bottom: 1px solid $line; }
QFrame#infoBar[kind="note"] { background: $selection; }
QFrame#rule { background: $line; max-height: 1px; min-height: 1px; border: none; }
QLabel[muted="true"] { color: $muted; }
QLabel[strong="true"] { font-weight: 600; }
QLabel[problem="true"] { color: $killed; }
""")


def style_sheet(tokens: Tokens, control_height: int) -> str:
    """The sheet for these colours; `control_height` is that of a button or field with its border, in pixels."""
    colours = {name: getattr(tokens, name) for name in tokens.__dataclass_fields__ if name != "dark"}
    return _TEMPLATE.substitute(
        colours,
        accent_hover="#97b6ff" if tokens.dark else "#274fb0",
        scroll="#4a5059" if tokens.dark else "#c9c8c5",
        terminal=GROUND,
        inner=control_height - 2,
        tab=control_height + 1,
        section=control_height - 6,
        shade="dark" if tokens.dark else "light",
        icons=icon_folder().as_posix(),
    )


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Gives a property that the sheet asks for another value; the widget keeps its font."""
    if widget.property(name) == value:
        return
    font = widget.font()
    widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.setFont(font)  # unpolishing brings back the one that it had at first


def icon_folder() -> Path:
    """Where the small images of the style sheet lie."""
    return Path(str(resources.files("resources"))) / "icons"
