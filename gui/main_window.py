"""The window: panels in docks around the log, and the wires between them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFileDialog, QMainWindow, QStackedWidget, QWidget

from core.event import Event
from core.recording.header import RecordingError
from gui.actions import Actions
from gui.dock import Dock
from gui.flip_flow import FlipFlow
from gui.inspector.inspector import TABS, Inspector
from gui.menus import build_menus
from gui.observer_badge import ObserverBadge
from gui.panels.empty_state import Invitation
from gui.panels.log import LogPanel
from gui.panels.terminal import TerminalPanel
from gui.policy_document import PolicyDocument
from gui.policy_files import PolicyFiles
from gui.recorded_output import recorded_command, recorded_output, recorded_sentence
from gui.run_choices import RunChoices
from gui.run_flow import RunFlow, recordings_folder, save_copy
from gui.run_pages import CAPABILITIES_PAGE, LOG_PAGE, PROCESSES_PAGE, SUMMARY_PAGE, RunPages
from gui.settings import LAYOUT_VERSION, Settings
from gui.status_line import StatusLine, size_text
from gui.target_bar import TargetBar
from gui.theme import Choice, Theme
from gui.window_keys import WindowKeys

if TYPE_CHECKING:
    from core.recording.recording import Recording

_SIZE: Final = QSize(1440, 900)
_FRAME: Final = QSize(8, 32)
"""What a window manager adds."""
_SIDE_WIDTHS: Final = (320, 316)
_TERMINAL_HEIGHT: Final = 196
_RECORDINGS: Final = "Recordings (*.arrow)"


class MainWindow(QMainWindow):
    """Everything in one window; it is handed what it needs."""

    def __init__(self, theme: Theme, settings: Settings, document: PolicyDocument, policy_pages: Sequence[tuple[str, QWidget]]) -> None:
        """`policy_pages`: the tabs of the policy panel, by title."""
        super().__init__()
        self._theme = theme
        self._settings = settings
        self._document = document
        self.actions_ = Actions(theme, self)
        self.files = PolicyFiles(document, self.actions_, settings, self)
        self.flow = RunFlow(self)
        self.choices = RunChoices(self.flow, settings, self)
        self.bar = TargetBar(theme, self.actions_, self.files.menu)
        invitations = self._invitations()
        self.log = LogPanel(theme, invitations, self._ways_out())
        self.pages = RunPages(theme, document, self.log, invitations[0])
        self._badge = ObserverBadge(theme, self.bar, self.choices)
        self.flips = FlipFlow(self.flow, self)
        self.inspector = Inspector(theme, document, self.flips)
        self.terminal = TerminalPanel(theme)
        self.status = StatusLine(theme)
        self._again = False
        self._lay_out(policy_pages)
        build_menus(self.menuBar(), self.actions_, self.files.menu, self._docks, self.log.table, self.choices, document.undo_stack)
        self._connect()
        WindowKeys(self)
        self._restore()
        self._on_policy_changed()
        self._on_flow_changed()
        self.bar.target.setFocus()

    # Setting up.

    def _invitations(self) -> list[Invitation]:
        actions = self.actions_
        return [
            Invitation(actions.run, "Run the command above under the policy at the left, and watch every call"),
            Invitation(actions.open_policy, "Start from a policy that you have; the menu “Policy” has ready-made ones"),
            Invitation(actions.open_recording, "Look again at a run that was recorded"),
        ]

    def _ways_out(self) -> list[Invitation]:
        return [
            Invitation(self.actions_.clear_filter, "Show every event"),
            Invitation(self.actions_.filter, "Put the keyboard into it, to ask for something else"),
        ]

    def _lay_out(self, policy_pages: Sequence[tuple[str, QWidget]]) -> None:
        self.setWindowTitle("Gatescope")
        self.resize(_SIZE.boundedTo(self.screen().availableSize() - _FRAME))
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.bar)
        self.setStatusBar(self.status)
        self.setCentralWidget(self.pages)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        pages = QStackedWidget()
        for _, page in policy_pages:
            pages.addWidget(page)
        titles = [title for title, _ in policy_pages] or ["Policy"]
        self._policy_dock = self._add_dock("Polic&y", titles, pages, Qt.DockWidgetArea.LeftDockWidgetArea)
        self._inspector_dock = self._add_dock("I&nspector", TABS, self.inspector, Qt.DockWidgetArea.RightDockWidgetArea)
        self._terminal_dock = self._add_dock("Ter&minal", ["Terminal"], self.terminal, Qt.DockWidgetArea.BottomDockWidgetArea)
        self._docks = (self._policy_dock, self._inspector_dock, self._terminal_dock)
        self._policy_dock.header.tab_chosen.connect(pages.setCurrentIndex)
        self._inspector_dock.header.tab_chosen.connect(self.inspector.setCurrentIndex)
        self._place_docks()

    def _add_dock(self, title: str, tabs: Sequence[str], content: QWidget, area: Qt.DockWidgetArea) -> Dock:
        dock = Dock(self._theme, title, tabs, content, plain=len(tabs) == 1, parent=self)
        self.addDockWidget(area, dock)
        return dock

    def _place_docks(self) -> None:
        areas = (Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea)
        for dock, area in zip(self._docks, areas, strict=True):
            dock.setFloating(False)
            self.addDockWidget(area, dock)
            dock.show()
        self._size_sides()
        self.resizeDocks([self._terminal_dock], [_TERMINAL_HEIGHT], Qt.Orientation.Vertical)

    def _size_sides(self) -> None:
        self.resizeDocks([self._policy_dock, self._inspector_dock], list(_SIDE_WIDTHS), Qt.Orientation.Horizontal)

    def _connect(self) -> None:
        self._connect_actions()
        self.bar.user_chosen.connect(self._on_user_chosen)
        self.bar.moment_chosen.connect(self._on_moment_chosen)
        self.files.problem.connect(self.log.info.problem)
        self.files.done.connect(self.log.info.hide)
        self.flow.problem.connect(self.log.info.problem)
        self.flow.changed.connect(self._on_flow_changed)
        self.flow.recording_opened.connect(self._on_recording_opened)
        self.flow.target_started.connect(self.terminal.start)
        self.flow.target_ended.connect(self._on_target_ended)
        controller = self.flow.controller
        controller.events_appended.connect(self.pages.events_appended)
        controller.output.connect(self._on_output)
        controller.finished.connect(self._on_finished)
        self.terminal.typed.connect(controller.send_input)
        self.terminal.resized.connect(controller.resize)
        self.log.event_chosen.connect(self._on_event_chosen)
        self.log.table.rule_wanted.connect(self._on_rule_wanted)
        self.log.table.rule_shown.connect(self._show_seccomp)
        self.log.table.trial_wanted.connect(self._show_seccomp)
        self.pages.policy_changed.connect(self._on_capabilities_dropped)
        self.inspector.event_wanted.connect(self.log.show_event)
        self.inspector.rule_wanted.connect(self.log.table.show_rule)
        self.inspector.run_wanted.connect(self._on_again)
        self.inspector.recording_wanted.connect(self._on_second_run_wanted)
        self._document.changed.connect(self._on_policy_changed)

    def _connect_actions(self) -> None:
        actions = self.actions_
        table, log, bar = self.log.table, self.log, self.log.bar
        slots = {
            actions.run: self._on_run,
            actions.stop: self._on_stop,
            actions.again: self._on_again,
            actions.open_recording: self._on_open_recording,
            actions.save_recording: self._on_save_recording,
            actions.quit: self.close,
            actions.find: log.ask_to_find,
            actions.go_to: log.ask_to_go,
            actions.mark: table.toggle_mark,
            actions.find_next_mark: table.go_to_next_mark,
            actions.filter: bar.focus_edit,
            actions.clear_filter: bar.clear,
            actions.show_rule: table.show_rule,
            actions.try_call: table.try_call,
            actions.copy: table.copy_text,
            actions.copy_csv: table.copy_csv,
            actions.copy_json: table.copy_json,
            actions.focus_log: partial(self.pages.show_page, LOG_PAGE),
            actions.show_summary: partial(self.pages.show_page, SUMMARY_PAGE),
            actions.show_capabilities: partial(self.pages.show_page, CAPABILITIES_PAGE),
            actions.show_processes: partial(self.pages.show_page, PROCESSES_PAGE),
            actions.leave_terminal: table.setFocus,
            actions.focus_terminal: self._on_focus_terminal,
            actions.focus_inspector: self._on_focus_inspector,
            actions.focus_policy: self._on_focus_policy,
            actions.reset_layout: self._place_docks,
        }
        for action, slot in slots.items():
            action.triggered.connect(slot)
        actions.names.toggled.connect(log.model.show_names)
        actions.large_type.toggled.connect(self._on_large_type)
        actions.themes.triggered.connect(self._on_theme_chosen)

    # What is remembered.

    def _restore(self) -> None:
        settings = self._settings
        if (geometry := settings.layout("geometry")) is not None:
            self.restoreGeometry(geometry)
        if (docks := settings.layout("docks")) is not None:
            self.restoreState(docks, LAYOUT_VERSION)
        if (columns := settings.layout("columns")) is not None:
            self.log.table.restore_columns(columns)
        self.bar.set_history(settings.history())
        # One that is gone is told like any that cannot be read: what runs now runs without it.
        if path := settings.text("policy"):
            self.files.open(Path(path))

    def _remember(self) -> None:
        settings = self._settings
        settings.set_layout("geometry", self.saveGeometry())
        settings.set_layout("docks", self.saveState(LAYOUT_VERSION))
        settings.set_layout("columns", self.log.table.columns_state())
        settings.set_text("theme", self._theme.choice)
        settings.set_text("type", "larger" if self._theme.large else "")
        settings.set_text("policy", str(self._document.path or ""))
        settings.sync()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.files.may_discard(closing=True):
            event.ignore()
            return
        self._remember()
        self.flips.shut_down()
        self.flow.controller.shut_down()
        self._badge.shut_down()
        super().closeEvent(event)

    # Running.

    def _on_run(self) -> None:
        if self.flow.busy:
            return
        self.log.info.hide()
        try:
            argv = self.bar.argv()
        except ValueError as err:
            self.log.info.problem(str(err))
            return
        if self.flow.run(self._document.policy, argv, *self.terminal.grid):
            self._settings.remember_target(self.bar.target.currentText().strip())
            self.bar.set_history(self._settings.history())

    def _on_stop(self) -> None:
        self.flow.controller.stop()

    def _on_again(self) -> None:
        self._again = self.flow.busy
        if self._again:
            self.flow.controller.stop()
        else:
            self._on_run()

    def _on_finished(self) -> None:
        self.pages.events_appended()
        if self._again:
            self._again = False
            self._on_run()

    def _on_recording_opened(self, recording: Recording) -> None:
        self.flips.forget()
        self.inspector.set_recording(recording)
        self.pages.show_recording(recording)

    def _on_output(self, _stream: int, data: bytes) -> None:
        self.terminal.feed(data)

    def _on_target_ended(self, sentence: str, bad: bool) -> None:
        self.terminal.end(sentence, bad=bad)

    def _on_flow_changed(self) -> None:
        flow = self.flow
        self.actions_.set_running(flow.busy, has_run=flow.recording is not None)
        self.status.show_state(flow.state_sentence)
        summary = flow.recording.summary() if flow.recording is not None else None
        self.status.show_summary(summary)
        self.log.bar.set_counts(summary.denied if summary is not None else {})
        if flow.recording is not None and flow.recording.path is not None:
            word = "recording broken off" if flow.recording.problem else "recording" if flow.busy else "recording saved"
            self.status.show_recording(f"{word} · {size_text(flow.recording.size)}")
        self._badge.show_standing(flow.standing, flow.notes)

    # Recordings.

    def _on_open_recording(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open a recording", str(recordings_folder()), _RECORDINGS)
        if name:
            self.open_recording(Path(name))

    def open_recording(self, path: Path) -> None:
        """Shows a recording from disk; where it cannot be read, says why."""
        from core.recording.recording import Recording

        try:
            recording = Recording.open(path)
        except RecordingError as err:
            self.log.info.problem(str(err))
            return
        self.log.info.hide()
        self.flow.show(recording)
        if not self.flow.busy:  # a target that runs keeps its terminal
            self._show_output(recording)
        if recording.remark is not None:
            self.log.info.note(recording.remark)

    def _show_output(self, recording: Recording) -> None:
        self.terminal.start(recorded_command(recording))
        for data in recorded_output(recording):
            self.terminal.feed(data)
        self.terminal.end(recorded_sentence(recording), bad=False)

    def _on_second_run_wanted(self, path: Path) -> None:
        first = self.flow.recording.path if self.flow.recording is not None else None
        self.open_recording(path)
        if first is not None:
            self.log.info.note(
                f"This is the second run, with the one change. The first is kept as {first}: open it again from the File menu."
            )

    def _on_save_recording(self) -> None:
        recording = self.flow.recording
        name, _ = QFileDialog.getSaveFileName(self, "Save the recording", "", _RECORDINGS)
        if not name or recording is None:
            return
        try:
            save_copy(recording, Path(name))
        except OSError as err:
            self.log.info.problem(f"{name} cannot be written: {err.strerror}. Choose another place.")

    # The policy.

    def _on_policy_changed(self) -> None:
        policy = self._document.policy
        self.bar.show_policy(self.files.title(), str(policy.identity.user), policy.seccomp.judge_from)

    def _on_user_chosen(self, user: str) -> None:
        identity = msgspec.structs.replace(self._document.policy.identity, user=user)
        self._edit(f"run as {user}", identity=identity)

    def _on_moment_chosen(self, moment: str) -> None:
        seccomp = msgspec.structs.replace(self._document.policy.seccomp, judge_from=moment)
        self._edit(f"judge from {moment}", seccomp=seccomp)

    def _on_rule_wanted(self) -> None:
        """The seccomp panel makes the rule; here it comes into sight."""
        self._show_seccomp()
        self.log.info.note(
            f"The policy has a new rule, at the left. Run again to see it decide ({self.actions_.again.shortcut().toString()})."
        )

    def show_policy_page(self, title: str) -> None:
        """Brings the tab of the policy panel that has this title into sight."""
        self._policy_dock.show()
        self._policy_dock.header.show_tab(title)

    def _show_seccomp(self) -> None:
        self.show_policy_page("Seccomp")

    def _on_capabilities_dropped(self) -> None:
        self.show_policy_page("Capabilities")
        again = self.actions_.again.shortcut().toString()
        self.log.info.note(f"The policy drops what this run did not need. Run again to see whether it does without ({again}).")

    def _edit(self, step: str, **parts: Any) -> None:
        self._document.edit(step, msgspec.structs.replace(self._document.policy, **parts))

    # The rest.

    def _on_event_chosen(self, event: Event | None) -> None:
        self.inspector.show_event(event)
        self._inspector_dock.header.set_remark(f"#{event.seq}" if event is not None else "")

    def _on_focus_inspector(self) -> None:
        self._inspector_dock.show()
        self._inspector_dock.header.show_tab(TABS[0])
        self.inspector.take_focus()

    def _on_focus_policy(self) -> None:
        self._policy_dock.show()
        self._policy_dock.header.tabs.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _on_focus_terminal(self) -> None:
        self._terminal_dock.show()
        self.terminal.setFocus()

    def _on_large_type(self, large: bool) -> None:
        self._theme.set_large(large)
        self._size_sides()  # panels that had to grow with the type do not shrink with it by themselves

    def _on_theme_chosen(self) -> None:
        action = self.actions_.themes.checkedAction()
        if action is not None:
            self._theme.choose(Choice(action.data()))
