"""The middle of the window: the log, and beside it the pages that sum the run up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from gui.dock import PanelHeader
from gui.panels.capabilities_used import CapabilitiesUsedPage
from gui.panels.empty_state import Invitation
from gui.panels.log import LogPanel
from gui.panels.processes import ProcessesPage
from gui.panels.summary import SummaryPage
from gui.policy_document import PolicyDocument
from gui.theme import Theme

if TYPE_CHECKING:
    from core.recording.recording import Recording

LOG_PAGE, SUMMARY_PAGE, CAPABILITIES_PAGE, PROCESSES_PAGE = range(4)
PAGES: Final = ("Log", "Summary", "Capabilities used", "Processes")

_REFRESH_MS: Final = 250
"""How often the page in sight catches up with a run that goes on."""


class _CatchesUp(Protocol):
    def catch_up(self) -> None: ...


class RunPages(QWidget):
    """A header with tabs, and the page chosen there."""

    policy_changed = Signal()
    """A page changed the policy, at the user's wish."""

    def __init__(
        self, theme: Theme, document: PolicyDocument, log: LogPanel, invitation: Invitation, parent: QWidget | None = None
    ) -> None:
        """`invitation`: what to do on a page while there is no run."""
        super().__init__(parent)
        self._log = log
        self.summary = SummaryPage(theme, [invitation])
        self.capabilities = CapabilitiesUsedPage(theme, document, [invitation])
        self.processes = ProcessesPage(theme, [invitation])
        self.header = PanelHeader(theme, PAGES, closable=False)
        self._pages = QStackedWidget()
        for page in (log, self.summary, self.capabilities, self.processes):
            self._pages.addWidget(page)
        self._counting: dict[int, _CatchesUp] = {
            SUMMARY_PAGE: self.summary,
            CAPABILITIES_PAGE: self.capabilities,
            PROCESSES_PAGE: self.processes,
        }
        self._remark = ""
        self._pause = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(log.info)  # in sight on every page
        column.addWidget(self._pages, 1)
        self._connect()

    # What others ask of it.

    def show_recording(self, source: Recording | None) -> None:
        """Another recording on every page; None: there is no run."""
        self._log.show_recording(source)
        for page in (self.summary, self.capabilities, self.processes):
            page.show_recording(source)
        self._catch_up()

    def events_appended(self) -> None:
        """The recording grew: the log shows it within a frame, another page within a quarter of a second."""
        self._log.events_appended()
        if not self._pause.isActive():
            self._pause.start()

    def show_page(self, page: int) -> None:
        """Turns to the page, and puts the keyboard into it."""
        self.header.tabs.setCurrentIndex(page)
        self._focus_page()

    # What happens.

    def _connect(self) -> None:
        self._pause.timeout.connect(self._catch_up)
        self.header.tab_chosen.connect(self._on_tab_chosen)
        self._log.remark_changed.connect(self._on_remark_changed)
        self._log.wanted.connect(self._on_log_wanted)
        self.capabilities.policy_changed.connect(self.policy_changed)
        self.processes.narrowing_wanted.connect(self._log.bar.set_term)
        for page in (self.summary, self.capabilities, self.processes):
            page.filter_wanted.connect(self._on_filter_wanted)

    def _catch_up(self) -> None:
        # What is out of sight counts when it is looked at.
        if (page := self._counting.get(self._pages.currentIndex())) is not None:
            page.catch_up()

    def _focus_page(self) -> None:
        places: tuple[QWidget, ...] = (self._log.table, self.summary, self.capabilities, self.processes)
        places[self._pages.currentIndex()].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _on_tab_chosen(self, page: int) -> None:
        self._pages.setCurrentIndex(page)
        self._on_remark_changed(self._remark)
        self._catch_up()

    def _on_remark_changed(self, remark: str) -> None:
        self._remark = remark
        self.header.set_remark(remark if self._pages.currentIndex() == LOG_PAGE else "")

    def _on_log_wanted(self) -> None:
        self.header.tabs.setCurrentIndex(LOG_PAGE)  # the keyboard stays where the jump began

    def _on_filter_wanted(self, field: str, value: str) -> None:
        self._log.bar.set_text(f"{field}:{value}")
        self.show_page(LOG_PAGE)
