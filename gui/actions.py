"""Every action of the window, with its words and its key."""

from __future__ import annotations

from typing import Final

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QWidget

from gui.icons import Shape, shape_icon
from gui.theme import Choice, Theme

_CHOICES: Final = ((Choice.DESKTOP, "&Follow the desktop"), (Choice.LIGHT, "Li&ght"), (Choice.DARK, "Dar&k"))


class Actions:
    """Made once, shared by menus, toolbar and empty states."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        self._theme = theme
        self._parent = parent
        self.run = self._action("&Run", "Ctrl+E", "Run the target under the policy")
        # The same key stops what it started: only one of the two is enabled at a time.
        self.stop = self._action("&Stop", "Ctrl+E", "End the target and all that it started")
        self.again = self._action("&Again", "Ctrl+R", "Stop, and run once more")
        self.choose_target = self._action("Choose a &program…", "Ctrl+T", "Choose the target's program from the disk")
        self.edit_target = self._action("Edit the &target", "Ctrl+L", "Put the keyboard into the target's line")
        self.open_recording = self._action("Open a re&cording…", "Ctrl+Shift+O", "Show a run that was recorded")
        self.save_recording = self._action("Save the recordin&g as…", "", "Keep this run in a file of its own")
        self.open_policy = self._action("&Open a policy…", "Ctrl+O", "Read a policy file")
        self.save_policy = self._action("&Save the policy", "Ctrl+S", "Write the policy to its file")
        self.save_policy_as = self._action("Save the policy &as…", "Ctrl+Shift+S", "Write the policy to another file")
        self.quit = self._action("&Quit", "Ctrl+Q", "Close the window and end the target")
        self.find = self._action("&Find…", "Ctrl+F", "Look for a text in the log")
        self.find_next_mark = self._action("&Next mark", "Ctrl+Shift+M", "Go to the next marked event")
        self.go_to = self._action("&Go to…", "Ctrl+G", "Go to an event or a time")
        self.mark = self._action("&Mark", "Ctrl+M", "Mark the chosen event, or take its mark away")
        self.show_rule = self._action("Sh&ow the rule", "Ctrl+Shift+R", "Select the seccomp rule that decided the chosen call")
        self.try_call = self._action("&Try the call", "Ctrl+Shift+T", "Put the chosen call through the seccomp filter as it is now")
        self.filter = self._action("Edit the f&ilter", "Ctrl+/", "Put the keyboard into the filter bar")
        self.clear_filter = self._action("C&lear the filter", "Ctrl+Shift+/", "Show every event")
        self.copy = self._action("&Copy as text", "", "Copy the selected events as the log shows them")
        self.copy_csv = self._action("Copy as CS&V", "", "Copy the selected events as comma-separated values")
        self.copy_json = self._action("Copy as &JSON", "Ctrl+Shift+J", "Copy the selected events, all fields, as JSON Lines")
        self.focus_log = self._action("&Log", "Ctrl+1", "Put the keyboard into the log")
        self.focus_terminal = self._action("Go to the &terminal", "Ctrl+2", "Put the keyboard into the target's terminal")
        self.focus_inspector = self._action("Go to the &inspector", "Ctrl+6", "Put the keyboard on the gates of the chosen call")
        self.focus_policy = self._action(
            "G&o to the policy", "Ctrl+7", "Put the keyboard on the policy's tabs: arrows turn them, Tab goes in"
        )
        self.show_summary = self._action("S&ummary", "Ctrl+3", "Every system call with its counts and times")
        self.show_capabilities = self._action("C&apabilities used", "Ctrl+4", "What the kernel asked for, and what could be dropped")
        self.show_processes = self._action("&Processes", "Ctrl+5", "Who made whom, what each ran, and how it ended")
        self.leave_terminal = self._action("Lea&ve the terminal", "Ctrl+Shift+Esc", "Put the keyboard back into the log")
        self.large_type = self._action("Larger typ&e", "Ctrl+Shift+L", "Type for a projector")
        self.large_type.setCheckable(True)
        self.large_type.setChecked(theme.large)
        self.names = self._action("Show what &descriptors are open on", "Ctrl+Shift+D", "3</etc/passwd> instead of 3, as strace -y has it")
        self.names.setCheckable(True)
        self.names.setChecked(True)
        self.reset_layout = self._action("&Restore the layout", "", "Put every panel back to its place")
        self.themes = self._theme_actions()
        self.stop.setEnabled(False)
        self.again.setEnabled(False)
        self.save_recording.setEnabled(False)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def set_running(self, running: bool, *, has_run: bool) -> None:
        """Enables what makes sense."""
        self.run.setEnabled(not running)
        self.stop.setEnabled(running)
        self.again.setEnabled(has_run)
        self.save_recording.setEnabled(has_run and not running)

    def _action(self, text: str, key: str, tip: str) -> QAction:
        action = QAction(text, self._parent)
        if key:
            action.setShortcut(QKeySequence(key))
            tip = f"{tip} ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})"
        action.setToolTip(tip)
        action.setStatusTip("")
        self._parent.addAction(action)
        return action

    def _theme_actions(self) -> QActionGroup:
        group = QActionGroup(self._parent)
        for choice, text in _CHOICES:
            action = group.addAction(text)
            action.setCheckable(True)
            action.setData(choice)
            action.setChecked(choice is self._theme.choice)
        return group

    def _on_theme_changed(self) -> None:
        tokens = self._theme.tokens
        self.run.setIcon(shape_icon(Shape.RUN, tokens.on_accent, tokens.muted))
        self.stop.setIcon(shape_icon(Shape.STOP, tokens.text, tokens.muted))
        self.again.setIcon(shape_icon(Shape.AGAIN, tokens.text, tokens.muted))
        self.choose_target.setIcon(shape_icon(Shape.FOLDER, tokens.muted))
