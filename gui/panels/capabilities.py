"""The capabilities panel: what the target may hold, one checkbox each."""

from __future__ import annotations

from typing import Final

import msgspec
from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.knowledge.capabilities import BY_NAME, CAPABILITIES, Capability
from core.observer_command import is_elsewhere
from core.policy.error import PolicyError
from core.policy.forms import expert_form, simple_form
from core.policy.identity import Caller
from core.policy.model import Capabilities, Policy
from gui.delegates.capability import CapabilityDelegate
from gui.labels import ProblemLabel, muted_label
from gui.likely_caller import likely_caller
from gui.models.capability_choice import KEEP_ALL, is_simple, kept_names, toggled
from gui.models.capability_model import CapabilityModel, CapabilitySearch, Role
from gui.naming import named
from gui.panels.capabilities_cards import AfterExecCard, SeccompCard
from gui.panels.capabilities_expert import ExpertForm
from gui.panels.capabilities_presets import PresetsMenu
from gui.panels.capability_details import CapabilityDetails
from gui.policy_document import PolicyDocument
from gui.theme import MARGIN, Theme

_TO_EXPERT: Final = "Choose each capability set by itself, as it comes of the simple form"
_TO_SIMPLE: Final = "Back to one box each: what an ordinary program would hold after exec is kept"


class CapabilityList(QListView):
    """Keys: Space toggles, Enter shows the details, and what is typed goes to the search."""

    typed = Signal(str)
    details_wanted = Signal(QModelIndex)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setItemDelegate(CapabilityDelegate(theme, self))
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Capabilities that the target may hold")
        self.activated.connect(self.details_wanted)
        theme.changed.connect(self.doItemsLayout)

    def resizeEvent(self, event: QResizeEvent) -> None:
        # The details below must not push the row out of sight that they are about.
        super().resizeEvent(event)
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        text = event.text()
        if text.isprintable() and text.strip() and not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
            self.typed.emit(text)
        else:
            super().keyPressEvent(event)


class CapabilitiesPanel(QWidget):
    """Shows and edits `policy.capabilities` of a document."""

    def __init__(self, theme: Theme, document: PolicyDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._prefix = ""
        self.search = named(QLineEdit(clearButtonEnabled=True), "Search in the capabilities")
        self.search.setPlaceholderText("Search capabilities…")
        self.presets = PresetsMenu(self)
        self._presets_button = named(QPushButton("Presets"), "Presets of capabilities")
        self._presets_button.setMenu(self.presets)
        what = "Choose the capabilities; off: they are left as they are"
        self.switch = named(QCheckBox("Choose"), what, what)
        self.expert_switch = named(QPushButton("E&xpert"), "Expert form: each capability set by itself", _TO_EXPERT)
        self.expert_switch.setCheckable(True)
        self.count = QLabel()
        self.count.setProperty("muted", True)
        self.problem = ProblemLabel()
        self.model = CapabilityModel(self)
        self._found = CapabilitySearch(self)
        self._found.setSourceModel(self.model)
        self.list = CapabilityList(theme)
        self.list.setModel(self._found)
        self.nothing = muted_label("No capability has these words.")
        self.expert = ExpertForm(theme, document)
        self._forms = QStackedWidget()
        self.details = CapabilityDetails(theme)
        self.after_exec = AfterExecCard(theme)
        self.seccomp = SeccompCard(theme)
        self._lay_out()
        self._connect()
        self._on_policy_changed(document.policy)

    def set_command(self, command: str) -> None:
        """The command line of the target, for the card “After exec”; it may be unfinished."""
        self.after_exec.set_command(command)

    def set_observer(self, prefix: str) -> None:
        """Who is to run the observer, as `RunFlow.observer` has it: what he cannot give is marked."""
        self._prefix = prefix
        self._on_policy_changed(self._document.policy)

    def show_instructions(self, count: int | None) -> None:
        """The built filter's size for the card “Seccomp”."""
        self.seccomp.show_instructions(count)
        self.seccomp.show_policy(self._document.policy)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.search, 1)
        top.addWidget(self._presets_button)
        state = QHBoxLayout()
        state.addWidget(self.switch, 1)
        state.addWidget(self.count)
        state.addWidget(self.expert_switch)
        head = QVBoxLayout()
        head.setContentsMargins(MARGIN, 8, MARGIN, 6)
        head.setSpacing(8)
        head.addLayout(top)
        head.addLayout(state)
        for widget in (self.problem, self.nothing):
            head.addWidget(widget)
        self._forms.addWidget(self.list)
        self._forms.addWidget(self.expert)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._forms, 1)
        for card in (self.details, self.after_exec, self.seccomp):
            column.addWidget(card)
        self.nothing.hide()

    def _connect(self) -> None:
        self.search.textChanged.connect(self._on_search)
        self.search.returnPressed.connect(self._on_search_done)
        self.presets.chosen.connect(self._on_preset)
        self.switch.clicked.connect(self._on_switch)
        self.expert_switch.clicked.connect(self._on_expert_switch)
        self.model.toggle_wanted.connect(self._on_toggle)
        self.list.typed.connect(self._on_typed)
        self.list.details_wanted.connect(self._on_details)
        self.list.selectionModel().currentChanged.connect(self._on_current_changed)
        self.expert.typed.connect(self._on_typed)
        self.expert.details_wanted.connect(self._on_details)
        self.expert.grid.selectionModel().currentChanged.connect(self._on_current_changed)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._on_menu)
        self.details.closed.connect(self._on_details_closed)
        self._document.changed.connect(self._on_policy_changed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not self.details.isHidden():
            self._on_details_closed()
        elif event.key() == Qt.Key.Key_Down and self.search.hasFocus():
            self._on_search_done()
        else:
            super().keyPressEvent(event)

    # The policy.

    def _on_policy_changed(self, policy: Policy) -> None:
        capabilities = policy.capabilities
        kept = kept_names(capabilities)
        caller = self._caller()
        if capabilities is not None:
            self._show_form(expert=not is_simple(capabilities))
        self.model.set_kept(kept)
        self.expert.show_policy(policy, caller)
        self.switch.setChecked(capabilities is not None)
        self.count.setText(
            "as they are" if capabilities is None else f"{len(kept)} of {len(CAPABILITIES)}" if kept is not None else "by sets"
        )
        # What the grid marks is said below it, and until that is mended there is no exec to speak of.
        marked = not self.expert.isHidden() and self.expert.first_refusal() is not None
        self.problem.show_problem("" if marked else self._document.problem_at("capabilities"))
        self.after_exec.show_policy(policy, caller, elsewhere=is_elsewhere(self._prefix))
        self.after_exec.setVisible(not marked)
        self.seccomp.show_policy(policy)

    def _show_form(self, *, expert: bool) -> None:
        self.expert_switch.setChecked(expert)
        self.expert_switch.setToolTip(_TO_SIMPLE if expert else _TO_EXPERT)
        self._forms.setCurrentWidget(self.expert if expert else self.list)

    def _caller(self) -> Caller:
        return likely_caller(self._document.policy, self._prefix)

    def _set(self, text: str, capabilities: Capabilities | None) -> None:
        self._document.edit(text, msgspec.structs.replace(self._document.policy, capabilities=capabilities))

    def _on_toggle(self, name: str) -> None:
        chosen = toggled(self._document.policy.capabilities, name)
        verb = "keeping" if name in (kept_names(chosen) or ()) else "dropping"
        self._set(f"{verb} {name}", chosen)

    def _on_switch(self, on: bool) -> None:
        self._set("choosing capabilities" if on else "leaving the capabilities", KEEP_ALL if on else None)

    def _on_expert_switch(self, expert: bool) -> None:
        capabilities, identity = self._document.policy.capabilities, self._document.policy.identity
        self._show_form(expert=expert)
        if capabilities is None:
            return  # nothing is chosen in either form
        try:
            other = expert_form(capabilities, identity, self._caller()) if expert else simple_form(capabilities, identity, self._caller())
        except PolicyError:  # a name that means nothing, which stands above; the form stays until it is mended
            self._show_form(expert=not expert)
        else:
            self._set("the expert form" if expert else "the simple form", other)

    def _on_preset(self, text: str, capabilities: Capabilities | None) -> None:
        if capabilities is not None and self.expert_switch.isChecked():
            capabilities = expert_form(capabilities, self._document.policy.identity, self._caller())
        self._set(f"capabilities: {text.lower()}", capabilities)

    # The list and the grid.

    @property
    def _view(self) -> QAbstractItemView:
        return self.expert.grid if self.expert_switch.isChecked() else self.list

    def _on_search(self, text: str) -> None:
        self._found.search(text)
        self.expert.found.search(text)
        self.nothing.setVisible(self._found.rowCount() == 0)

    def _on_search_done(self) -> None:
        if self._found.rowCount():
            self._view.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._view.setCurrentIndex(self._view.model().index(0, 0))

    def _on_typed(self, text: str) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.setText(text)

    def _on_current_changed(self, current: QModelIndex) -> None:
        if not self.details.isHidden() and current.isValid():
            self._on_details(current)

    def _on_details(self, index: QModelIndex) -> None:
        capability: Capability = index.data(Role.CAPABILITY)
        self.details.show_capability(capability)

    def _on_details_closed(self) -> None:
        self.details.hide()
        self._view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_menu(self, position: QPoint) -> None:
        index = self.list.indexAt(position)
        if index.isValid():
            self._menu_of(index.data()).exec(self.list.viewport().mapToGlobal(position))

    def _menu_of(self, name: str) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setObjectName(name)
        menu.addAction(f"&Details of {name}", self._on_menu_details)
        menu.addAction(f"&All but {name}", self._on_menu_all_but)
        menu.addAction(f"&Only {name}", self._on_menu_only)
        return menu

    def _menu_name(self) -> str:
        return str(self.list.currentIndex().data())

    def _on_menu_details(self) -> None:
        self.details.show_capability(BY_NAME[self._menu_name()])

    def _on_menu_all_but(self) -> None:
        self._on_preset(f"All but {self._menu_name()}", Capabilities(drop=(self._menu_name(),)))

    def _on_menu_only(self) -> None:
        self._on_preset(f"Only {self._menu_name()}", Capabilities(keep=(self._menu_name(),)))
