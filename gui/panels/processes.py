"""The page of the processes: the run's tree, and what each exec made of its process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QCheckBox, QHBoxLayout, QPushButton, QTreeView, QWidget

from core.recording.process_tree import Exec, Process, ProcessTree
from gui.delegates.cells import CellDelegate
from gui.labels import muted_label, rule_line
from gui.models.follower import Follower
from gui.models.process_model import Column, ProcessModel, Role
from gui.naming import named
from gui.panels.empty_state import Invitation
from gui.panels.exec_card import ExecCard
from gui.panels.fitting_widths import FittingWidths
from gui.panels.run_stack import RunStack
from gui.theme import MARGIN, Theme

if TYPE_CHECKING:
    from core.recording.recording import Recording

_HEADING: Final = "Who made whom in a run, what each ran, and how it ended"
_WIDTHS: Final[dict[int, int]] = {Column.WHAT: 254, Column.USER: 96, Column.CAPABILITIES: 168, Column.STARTED: 66, Column.LASTED: 82}
_MOST_EXPANDED: Final = 1000
"""Processes up to which every one is opened as it comes; a larger tree is opened by hand."""


class ProcessView(QTreeView):
    """Enter or a double click activates a row; the arrow keys open and close it."""

    row_wanted = Signal(QModelIndex)

    def __init__(self, theme: Theme, model: ProcessModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegate(CellDelegate(theme, self))
        self.setAccessibleName("Processes of the run")
        self.setUniformRowHeights(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setExpandsOnDoubleClick(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.header().setHighlightSections(False)
        FittingWidths(self.header(), _WIDTHS, theme)
        self.doubleClicked.connect(self.row_wanted)
        theme.changed.connect(self.doItemsLayout)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            self.row_wanted.emit(index)
        elif event.matches(QKeySequence.StandardKey.Copy) and index.isValid():
            cells = [index.siblingAtColumn(column).data() for column in Column]
            QGuiApplication.clipboard().setText("\t".join(cells))
        else:
            super().keyPressEvent(event)


class ProcessesPage(QWidget):
    """Grows along with a recording."""

    filter_wanted = Signal(str, str)
    """A field of the log's filter and its value: the events that the user wants to see."""
    narrowing_wanted = Signal(str, str)
    """The same, but the page stays in sight; without a value the log is narrowed no longer."""

    def __init__(self, theme: Theme, invitations: Sequence[Invitation], parent: QWidget | None = None) -> None:
        """`invitations`: what to do while there is no run."""
        super().__init__(parent)
        self._tree = ProcessTree()
        self._follower = Follower(self)
        self.model = ProcessModel(self)
        self.view = ProcessView(theme, self.model)
        self.card = ExecCard(theme)
        self.note = muted_label()
        self.narrow = named(QCheckBox("The log shows o&nly the chosen process"), "Narrow the log to the chosen process")
        self._show_calls = named(QPushButton("Show i&ts calls"), "Show the calls of the chosen process in the log", "Enter does the same")
        self._stack = self._lay_out(theme, invitations)
        self._connect()

    # What others ask of it.

    def show_recording(self, source: Recording | None) -> None:
        """Another recording, from its start; None: there is no run."""
        self._tree = ProcessTree()
        self._follower.follow(source, self._tree)
        self.model.show(self._tree)
        self.card.show_node(None)
        self._stack.show_run(source is not None)
        self.narrow.setChecked(False)
        self._on_advanced()

    def catch_up(self) -> None:
        """Takes in what the recording has more by now."""
        self._follower.catch_up()

    # Setting up.

    def _lay_out(self, theme: Theme, invitations: Sequence[Invitation]) -> RunStack:
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 8, MARGIN, 8)
        head.setSpacing(12)
        head.addWidget(self.note, 1, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self.narrow)
        head.addWidget(self._show_calls)
        stack = RunStack(theme, _HEADING, invitations, [head, self.view, rule_line(), self.card])
        stack.fill(self)
        self.setFocusProxy(self.view)
        return stack

    def _connect(self) -> None:
        self._follower.advanced.connect(self._on_advanced)
        self.model.rowsInserted.connect(self._on_rows_inserted)
        self.view.row_wanted.connect(self._on_row_wanted)
        self.view.selectionModel().currentRowChanged.connect(self._on_current_changed)
        self.narrow.toggled.connect(self._on_narrow_toggled)
        self._show_calls.clicked.connect(self._on_show_calls)

    # What happens.

    def _on_advanced(self) -> None:
        self.model.refresh()
        self.note.setText(f"{self._tree.count:,} processes, {self._tree.running:,} running")
        self._show_chosen()

    def _on_rows_inserted(self, parent: QModelIndex, first: int, last: int) -> None:
        if self._tree.count > _MOST_EXPANDED:
            return
        self.view.expand(parent)
        for row in range(first, last + 1):
            self.view.expand(self.model.index(row, 0, parent))

    def _show_chosen(self) -> None:
        self._show_calls.setEnabled(self._chosen() is not None)
        self.card.show_node(self.view.currentIndex().data(Role.NODE))

    def _on_current_changed(self) -> None:
        self._show_chosen()
        process = self._chosen()
        if self.narrow.isChecked() and process is not None:
            self.narrowing_wanted.emit("pid", str(process.pid))

    def _on_narrow_toggled(self, narrow: bool) -> None:
        process = self._chosen()
        self.narrowing_wanted.emit("pid", str(process.pid) if narrow and process is not None else "")

    def _on_row_wanted(self) -> None:
        process = self._chosen()
        if process is not None:
            self.filter_wanted.emit("pid", str(process.pid))

    def _on_show_calls(self) -> None:
        self._on_row_wanted()

    def _chosen(self) -> Process | None:
        index = self.view.currentIndex()
        node: Process | Exec | None = index.data(Role.NODE) if index.isValid() else None
        return node.parent if isinstance(node, Exec) else node
