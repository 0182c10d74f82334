"""The inspector: where the chosen call stopped, why, what would change it, and every field of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QScrollArea, QStackedWidget, QTreeView, QVBoxLayout, QWidget

from core.event import CallEvent, Event
from core.judge.change import Situation
from core.policy.error import PolicyError
from gui.flip_flow import FlipFlow
from gui.inspector.call_page import CallPage, situation_at
from gui.inspector.checks_page import ChecksPage
from gui.inspector.detail_page import DetailPage, paragraph
from gui.inspector.fields import FieldsModel
from gui.inspector.filter_page import FilterPage
from gui.inspector.gate_diagram import Page
from gui.inspector.process_page import ProcessPage
from gui.inspector.result_page import ResultPage
from gui.policy_document import PolicyDocument
from gui.theme import MARGIN, Theme

if TYPE_CHECKING:
    from core.recording.recording import Recording

TABS: Final = ("Inspector", "All fields")
_HINT: Final = "Choose a call in the log: here you see how far it came, which gate stopped it, and how that is known."


class Inspector(QStackedWidget):
    """Two tabs: the pages of the chosen event, and all its fields."""

    event_wanted = Signal(int)
    """The number, from 0, of the event to go to in the log."""
    run_wanted = Signal()
    rule_wanted = Signal()
    """The seccomp rule that decided over the chosen call is to be shown."""
    recording_wanted = Signal(object)
    """The path of a second run's recording."""

    def __init__(self, theme: Theme, document: PolicyDocument, flips: FlipFlow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recording: Recording | None = None
        self._event: Event | None = None
        self.call = CallPage(theme, document, flips)
        self.process = ProcessPage(theme)
        self.filters = FilterPage(theme)
        self.checks = ChecksPage(theme)
        self.result = ResultPage(theme)
        self._details: dict[Page, DetailPage] = {Page.SECCOMP: self.filters, Page.CAPABILITY: self.checks, Page.RESULT: self.result}
        self._opened: Page | None = None
        self._fields = FieldsModel(self)
        self.tree = self._make_tree()
        self.pages = QStackedWidget()
        self._call_area = _scrolled(self.call, "Inspector: gates and verdict of the chosen call")
        self._process_area = _scrolled(self.process, "Inspector: the chosen event of a process")
        self._hint_area = _scrolled(_hint(), "Inspector: nothing is chosen")
        for page in (self._hint_area, self._call_area, self._process_area, *self._details.values()):
            self.pages.addWidget(page)
        self.addWidget(self.pages)
        self.addWidget(self.tree)
        self._connect()
        theme.changed.connect(self._on_theme_changed)
        self.show_event(None)

    def set_recording(self, recording: Recording | None) -> None:
        """The recording whose events are shown from now on."""
        self._recording = recording
        self.show_event(None)

    def show_event(self, event: Event | None) -> None:
        """The event of the log's current row; None: none is chosen. A page that is open stays open for the next call."""
        self._event = event
        self._fill_fields()
        recording = self._recording
        if event is None or recording is None:
            self.pages.setCurrentWidget(self._hint_area)
        elif isinstance(event, CallEvent):
            self.call.show_call(recording, event)
            if self._opened is None or not self._show_page(self._opened):
                self.pages.setCurrentWidget(self._call_area)
        else:
            self.process.show_event(recording, event)
            self.pages.setCurrentWidget(self._process_area)

    def take_focus(self) -> None:
        """Puts the keyboard on the first gate, or on the way back from an open page."""
        if not isinstance(self._event, CallEvent):
            self.pages.setFocus()
        elif self._opened is not None:
            self._details[self._opened].setFocus()
        else:
            self.call.diagram.buttons()[0].setFocus()

    def open_page(self, page: Page) -> None:
        """What is behind a gate of the chosen call."""
        if self._show_page(page):
            self.take_focus()

    def go_back(self) -> None:
        """From a gate's page to the gates, with the keyboard on the one that was opened."""
        if self._opened is None:
            return
        self._opened = None
        if isinstance(self._event, CallEvent):
            self.pages.setCurrentWidget(self._call_area)
            self.call.diagram.focus_pressed()

    def _show_page(self, page: Page) -> bool:
        # Whether there is something to show: where the run's policy cannot be read, the page before says so.
        recording, event = self._recording, self._event
        if recording is None or not isinstance(event, CallEvent):
            return False
        try:
            self._fill(page, recording, event)
        except PolicyError:
            return False
        self._details[page].name_call(event.syscall)
        self._opened = page
        self.pages.setCurrentWidget(self._details[page])
        return True

    def _fill(self, page: Page, recording: Recording, event: CallEvent) -> None:
        if page is Page.RESULT:
            self.result.show_call(event)
        else:
            self._fill_from_situation(page, situation_at(recording, event.seq - 1), recording)

    def _fill_from_situation(self, page: Page, situation: Situation, recording: Recording) -> None:
        if page is Page.SECCOMP:
            self.filters.show_situation(situation)
        else:
            self.checks.show_situation(situation, sees_checks=recording.header.sees_checks)

    def _fill_fields(self) -> None:
        # Only where they are in sight: it takes as long as everything else.
        if self.currentWidget() is self.tree:
            recording, event = self._recording, self._event
            self._fields.show_event(
                event,
                unread=recording.unread_pointers(event.seq - 1) if recording is not None and isinstance(event, CallEvent) else (),
                sees_checks=recording is None or recording.header.sees_checks,
            )
            self.tree.expandToDepth(1)
            self.tree.resizeColumnToContents(0)

    def _connect(self) -> None:
        self.currentChanged.connect(self._on_tab_changed)
        self.call.diagram.page_wanted.connect(self.open_page)
        self.call.aftermath.event_wanted.connect(self.event_wanted)
        self.call.changes.run_wanted.connect(self.run_wanted)
        self.call.changes.recording_wanted.connect(self.recording_wanted)
        self.call.changes.answered.connect(self._on_answered)
        self.process.event_wanted.connect(self.event_wanted)
        self.filters.rule_wanted.connect(self.rule_wanted)
        for detail in self._details.values():
            detail.back_wanted.connect(self.go_back)
            for key in ("Esc", "Alt+Left"):
                shortcut = QShortcut(QKeySequence(key), detail)
                shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                shortcut.activated.connect(self.go_back)

    def _on_theme_changed(self) -> None:
        if self._opened is not None:
            self._show_page(self._opened)

    def _on_tab_changed(self) -> None:
        self._fill_fields()

    def _on_answered(self, row: QWidget) -> None:
        row.adjustSize()
        self._call_area.ensureWidgetVisible(row)

    def _make_tree(self) -> QTreeView:
        tree = QTreeView()
        tree.setModel(self._fields)
        tree.setAccessibleName("All fields of the chosen event")
        tree.setAlternatingRowColors(True)
        tree.setUniformRowHeights(True)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        tree.header().setStretchLastSection(True)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), tree)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self._on_copy)
        return tree

    def _on_copy(self) -> None:
        index = self.tree.currentIndex()
        QGuiApplication.clipboard().setText(str(index.siblingAtColumn(1).data() or index.data()))


def _scrolled(content: QWidget, name: str) -> QScrollArea:
    area = QScrollArea(widgetResizable=True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(content)
    area.setAccessibleName(name)
    return area


def _hint() -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(16, MARGIN, 16, MARGIN)
    column.addWidget(paragraph(_HINT, muted=True))
    column.addStretch(1)
    return page
