"""The toolbar: run, stop, again; what is run, as whom, under which policy; and which engine watches."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Literal

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QSizePolicy,
    QToolBar,
    QToolButton,
    QWidget,
)

from core.policy.model import JudgeFrom
from gui.actions import Actions
from gui.completions import dress_popup
from gui.elided_button import YieldingButton
from gui.icons import Shape, shape_icon
from gui.naming import named
from gui.theme import MARGIN, Theme

USERS: Final = ("me", "root")
MOMENTS: Final[dict[JudgeFrom, str]] = {
    "entry": "program entry",
    "execve": "execve",
    "first-instruction": "first instruction",
    "main": "main",
}
"""The moments from which a filter can judge, as the combo words them."""

_POLICY_TIP: Final = "The policy that the target runs under"
_POLICY_LETTERS: Final = 22
"""Of its name at most: a long one must leave room for the target."""

BadgeState = Literal["unknown", "good", "limited", "bad"]


class TargetBar(QToolBar):
    """Fixed at the top of the window."""

    user_chosen = Signal(str)
    moment_chosen = Signal(str)
    target_changed = Signal()
    badge_clicked = Signal()

    def __init__(self, theme: Theme, actions: Actions, policy_menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__("Target", parent)
        self._theme = theme
        self.setObjectName("targetBar")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.target = self._make_target(actions)
        self.user = _combo("The user that the target runs as", USERS)
        self.policy = named(YieldingButton("  ▾", _POLICY_LETTERS), _POLICY_TIP, _POLICY_TIP, "command")
        self.policy.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.policy.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.policy.setMenu(policy_menu)
        self.policy.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.moment = _combo("The moment from which the filter judges", MOMENTS.values())
        self.badge = named(YieldingButton(), "Engine and observer", style="badge")
        self._badge_state: BadgeState = "unknown"
        self._lay_out(actions)
        self.user.activated.connect(self._on_user_activated)
        self.moment.activated.connect(self._on_moment_activated)
        actions.choose_target.triggered.connect(self._on_choose_target)
        actions.edit_target.triggered.connect(self._on_edit_target)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    # What others ask of it.

    def argv(self) -> list[str]:
        """The command line, split as a shell splits it. Raises ValueError with a sentence."""
        try:
            words = shlex.split(self.target.currentText())
        except ValueError as err:
            advice = (
                "Close the quotation mark, or put \\ before it"
                if "quotation" in str(err)
                else "Put something behind the last \\, or take it away"
            )
            raise ValueError(f"The target's command line cannot be split: {err}. {advice}.") from err
        if not words:
            raise ValueError("There is no target: type a command into the field “Target”, for example  ls -l /")
        return words

    def set_command(self, command: str) -> None:
        self.target.setEditText(command)

    def set_history(self, commands: Sequence[str]) -> None:
        """The commands to choose from; what is typed stays."""
        text = self.target.currentText()
        self.target.clear()
        self.target.addItems(commands)
        self.target.setEditText(text or (commands[0] if commands else ""))

    def show_policy(self, title: str, user: str, moment: JudgeFrom) -> None:
        """The policy's name, and its choices that have a control here."""
        self.policy.set_words(title)
        self.policy.setToolTip(f"{title}: {_POLICY_TIP[0].lower()}{_POLICY_TIP[1:]}")
        self.policy.setAccessibleDescription(title)
        if self.user.findText(user) < 0:
            self.user.addItem(user)
        self.user.setCurrentText(user)
        self.moment.setCurrentText(MOMENTS[moment])

    def show_engine(self, text: str, state: BadgeState, tip: str = "") -> None:
        """Which engine watches, and as whom; `tip`: why not the other."""
        self.badge.set_words(text)
        self.badge.setToolTip(tip)
        self.badge.setAccessibleDescription(tip)
        self._badge_state = state
        self._on_theme_changed()

    # Setting up.

    def _make_target(self, actions: Actions) -> QComboBox:
        combo = QComboBox(editable=True, insertPolicy=QComboBox.InsertPolicy.NoInsert)
        combo.setAccessibleName("Target: the command to run, quoted as in a shell")
        # As small as it can be, and then all the room that is left: not as wide as the longest command of the history.
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumWidth(160)
        combo.setMaximumWidth(420)
        combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        edit = combo.lineEdit()
        if edit is not None:
            edit.setPlaceholderText("a command, as in a shell")
            edit.addAction(actions.choose_target, QLineEdit.ActionPosition.TrailingPosition)
            edit.returnPressed.connect(actions.run.trigger)
            edit.textChanged.connect(self.target_changed)
        completer = combo.completer()
        if completer is not None:
            # In a list below the line: what is typed, and not what it could become, is what Return runs.
            completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseSensitive)
            dress_popup(completer)
            if (popup := completer.popup()) is not None:
                actions.run.triggered.connect(popup.hide)  # its key works while the list is there
        return combo

    def _lay_out(self, actions: Actions) -> None:
        # A layout of its own: a toolbar's spacing is the style's.
        content = QWidget()
        row = QHBoxLayout(content)
        row.setContentsMargins(MARGIN, 4, MARGIN, 5)
        for action, primary in ((actions.run, True), (actions.stop, False), (actions.again, False)):
            row.addWidget(_button(action, primary=primary))
        labelled = {"Tar&get": self.target, "as": self.user, "Po&licy": self.policy, "&judge from": self.moment}
        for text, widget in labelled.items():
            label = QLabel(text)
            label.setBuddy(widget)
            row.addWidget(label)
            row.addWidget(widget, 1 if widget is self.target else 0)
        row.addStretch()
        self.badge.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.badge.setIconSize(QSize(12, 12))
        self.badge.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.badge.clicked.connect(self.badge_clicked)
        row.addWidget(self.badge)
        row.setSpacing(8)
        self.addWidget(content)

    # What happens.

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        layout = self.layout()
        if event.type() == QEvent.Type.StyleChange and layout is not None:
            layout.setContentsMargins(0, 0, 0, 0)  # the style has just set its own

    def _on_user_activated(self) -> None:
        self.user_chosen.emit(self.user.currentText())

    def _on_moment_activated(self) -> None:
        moments: dict[str, JudgeFrom] = {text: moment for moment, text in MOMENTS.items()}
        self.moment_chosen.emit(moments[self.moment.currentText()])

    def _on_choose_target(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Choose the target's program", str(Path("/usr/bin")))
        if name:
            self.set_command(shlex.quote(name))

    def _on_edit_target(self) -> None:
        self.target.setFocus(Qt.FocusReason.ShortcutFocusReason)
        edit = self.target.lineEdit()
        if edit is not None:
            edit.selectAll()

    def _on_theme_changed(self) -> None:
        tokens = self._theme.tokens
        for widget in (self.target, self.target.lineEdit()):
            if widget is not None:
                widget.setFont(self._theme.mono_font)
        inks = {"unknown": tokens.muted, "good": tokens.passed, "limited": tokens.capability, "bad": tokens.killed}
        shape = Shape.WARNING if self._badge_state in ("limited", "bad") else Shape.CIRCLE
        self.badge.setIcon(shape_icon(shape, inks[self._badge_state]))


def _combo(name: str, items: Iterable[str]) -> QComboBox:
    combo = named(QComboBox(), name, name)
    combo.addItems(list(items))
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return combo


def _button(action: QAction, *, primary: bool) -> QToolButton:
    button = named(QToolButton(), action.text().replace("&", ""), style="command")
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setIconSize(QSize(13, 13))
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.setProperty("primary", primary)
    return button
