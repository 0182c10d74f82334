"""The page of the capabilities used: what the kernel asked for, what it answered, and what was held in vain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec
from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from core.recording.capability_use import CapabilityUse, CapabilityUses, could_be_dropped
from gui.labels import muted_label, rule_line
from gui.models.capability_choice import without
from gui.models.capability_use_model import CapabilityUseModel, Column, Role
from gui.models.follower import Follower
from gui.naming import named
from gui.panels.empty_state import Invitation
from gui.panels.fitting_widths import FittingWidths
from gui.panels.quiet_table import QuietTable
from gui.panels.run_stack import RunStack
from gui.policy_document import PolicyDocument
from gui.theme import MARGIN, Theme

if TYPE_CHECKING:
    from core.recording.recording import Recording

_HEADING: Final = "Which capabilities a run needs, and which it could do without"
_WIDTHS: Final[dict[int, int]] = {Column.CAPABILITY: 166, Column.STATE: 156, Column.GRANTED: 72, Column.REFUSED: 72, Column.CALLS: 190}
_DROP: Final = "Drop t&he unneeded ones in the policy"
_DROP_TIP: Final = "The next run keeps only what this one needed; Undo takes the step back"


class CapabilitiesUsedPage(QWidget):
    """Counts the checks of a recording as it grows."""

    filter_wanted = Signal(str, str)
    """A field of the log's filter and its value: the events that the user wants to see."""
    policy_changed = Signal()
    """The user dropped the capabilities that were not needed."""

    def __init__(self, theme: Theme, document: PolicyDocument, invitations: Sequence[Invitation], parent: QWidget | None = None) -> None:
        """`invitations`: what to do while there is no run."""
        super().__init__(parent)
        self._document = document
        self._source: Recording | None = None
        self._uses = CapabilityUses()
        self._idle: tuple[str, ...] = ()
        self._follower = Follower(self)
        self.model = CapabilityUseModel(self)
        self.table = QuietTable(theme, "Capabilities of the run")
        self.note = muted_label()
        self.drop = named(QPushButton(_DROP), _DROP.replace("&", ""), _DROP_TIP)
        self._show_calls = named(QPushButton("Show i&ts calls"), "Show the calls that asked for the chosen capability in the log")
        self._stack = self._lay_out(theme, invitations)
        self._connect()

    # What others ask of it.

    def show_recording(self, source: Recording | None) -> None:
        """Another recording, from its start; None: there is no run."""
        self._source, self._uses = source, CapabilityUses()
        self._follower.follow(source, self._uses)
        self._stack.show_run(source is not None)
        self._on_advanced()

    def catch_up(self) -> None:
        """Counts what the recording has more by now."""
        self._follower.catch_up()

    # Setting up.

    def _lay_out(self, theme: Theme, invitations: Sequence[Invitation]) -> RunStack:
        self.table.setModel(self.model)
        FittingWidths(self.table.horizontalHeader(), _WIDTHS, theme)
        foot = QHBoxLayout()
        foot.setContentsMargins(MARGIN, 10, MARGIN, 10)
        foot.setSpacing(8)
        foot.addWidget(self.note, 1, Qt.AlignmentFlag.AlignVCenter)
        foot.addWidget(self._show_calls)
        foot.addWidget(self.drop)
        stack = RunStack(theme, _HEADING, invitations, [self.table, rule_line(), foot])
        stack.fill(self)
        self.setFocusProxy(self.table)
        return stack

    def _connect(self) -> None:
        self._follower.advanced.connect(self._on_advanced)
        self.table.row_wanted.connect(self._on_row_wanted)
        self.table.copy_wanted.connect(self._on_copy)
        self.table.menu_wanted.connect(self._on_menu_wanted)
        self.table.selectionModel().currentRowChanged.connect(self._on_current_changed)
        self.model.modelReset.connect(self._on_current_changed)
        self.drop.clicked.connect(self._on_drop)
        self._show_calls.clicked.connect(self._on_show_calls)

    # What happens.

    def _on_advanced(self) -> None:
        chosen = self._chosen()
        source, uses = self._source, self._uses.uses()
        self.model.show(uses, checks_seen=source is None or source.header.engine == "ebpf")
        self._idle, sentence = could_be_dropped(source, uses) if source is not None else ((), "")
        self.note.setText(sentence)
        self.drop.setEnabled(bool(self._idle))
        if chosen is not None and self._chosen() is None:
            self.table.selectRow(self.model.row_of(chosen.name))

    def _on_row_wanted(self, index: QModelIndex) -> None:
        use: CapabilityUse = index.data(Role.USE)
        if use.asked:
            self.filter_wanted.emit("capability", use.name)

    def _on_show_calls(self) -> None:
        self._on_row_wanted(self.table.currentIndex())

    def _on_current_changed(self) -> None:
        chosen = self._chosen()
        self._show_calls.setEnabled(chosen is not None and chosen.asked > 0)

    def _on_copy(self) -> None:
        columns = range(self.model.columnCount())
        rows = [[self.model.headerData(column, Qt.Orientation.Horizontal) for column in columns]]
        rows += [[self.model.index(row, column).data() for column in columns] for row in range(self.model.rowCount())]
        QGuiApplication.clipboard().setText("\n".join("\t".join(row) for row in rows))

    def _on_menu_wanted(self, index: QModelIndex, position: QPoint) -> None:
        self.menu_of(index).exec(position)

    def menu_of(self, index: QModelIndex) -> QMenu:
        """What can be done with the capability in this cell's row."""
        use: CapabilityUse = index.data(Role.USE)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(f"&Show the calls that asked for {use.name}", self._on_show_calls).setEnabled(use.asked > 0)
        menu.addAction("&Copy the table", self._on_copy)
        menu.addSeparator()
        menu.addAction(_DROP, self._on_drop).setEnabled(bool(self._idle))
        return menu

    def _on_drop(self) -> None:
        policy = self._document.policy
        capabilities = without(policy.capabilities, self._idle)
        self._document.edit("dropping the unneeded capabilities", msgspec.structs.replace(policy, capabilities=capabilities))
        self.policy_changed.emit()

    def _chosen(self) -> CapabilityUse | None:
        index = self.table.currentIndex()
        return index.data(Role.USE) if index.isValid() else None
