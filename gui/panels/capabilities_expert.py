"""The expert form of the capabilities: every set by itself, the securebits, and what else an execve looks at."""

from __future__ import annotations

from typing import Final

import msgspec
from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QPushButton, QScrollArea, QSplitter, QToolButton, QVBoxLayout, QWidget

from core.knowledge.capabilities import CAPABILITIES
from core.observer.wire import CapabilitySets
from core.policy.error import PolicyError
from core.policy.expert import Refusal, SetName, expert_masks, expert_refusals
from core.policy.forms import as_they_are, launching_held, with_set
from core.policy.held import Held
from core.policy.identity import Caller
from core.policy.mending import Mending, mending
from core.policy.model import Capabilities, Policy
from core.policy.securebits import target_securebits
from gui.labels import ProblemLabel, muted_label, rule_line
from gui.likely_caller import identity_problem
from gui.models.capability_model import CapabilitySearch
from gui.models.capability_sets import MEANINGS, CapabilitySetsModel, Column, SetRole
from gui.naming import named
from gui.panels.capabilities_grid import CapabilitiesGrid
from gui.panels.identity_fields import IdentityFields
from gui.panels.namespace_fields import NamespaceFields
from gui.panels.no_new_privs import NoNewPrivsBox
from gui.panels.securebits import SecurebitsEdit
from gui.policy_document import PolicyDocument
from gui.theme import MARGIN, Theme

_HINT: Final = "A dash leaves the set as it is. Choose a cell, and its rule stands here."


class ExpertForm(QWidget):
    """Shows and edits the sets of `policy.capabilities`, where these are not the simple form."""

    details_wanted = Signal(QModelIndex)
    typed = Signal(str)

    def __init__(self, theme: Theme, document: PolicyDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._held = Held(0, 0)
        self._mending: Mending | None = None
        self.model = CapabilitySetsModel(self)
        self.found = CapabilitySearch(self)
        self.found.setSourceModel(self.model)
        self.grid = CapabilitiesGrid(theme, self.model, self.found)
        self.problem = ProblemLabel()
        self.meaning = muted_label(_HINT)
        self.mend = named(QPushButton(), "Mend it")
        self.rest = named(
            QToolButton(autoRaise=True), "Show the securebits, no_new_privs, the ids and the user namespace", style="disclosure"
        )
        self.securebits = SecurebitsEdit()
        self.no_new_privs = NoNewPrivsBox(document)
        self.identity = IdentityFields(document)
        self.namespace = NamespaceFields(theme, document)
        self._reader = QScrollArea(widgetResizable=True)
        self._lay_out()
        self._connect()

    def show_policy(self, policy: Policy, caller: Caller) -> None:
        """The policy's sets against what this caller could give."""
        capabilities = policy.capabilities or Capabilities()
        self._held = launching_held(policy.identity, caller)
        try:
            sets, refusals = expert_masks(capabilities, self._held), tuple(expert_refusals(capabilities, self._held))
        except PolicyError:  # a name that is none, which the panel says
            sets, refusals = CapabilitySets(), ()
        self.grid.setEnabled(not self._document.problem_at("capabilities") or bool(refusals))
        self.model.show_sets(sets, self._held, refusals)
        self.securebits.show_securebits(capabilities.securebits, _securebits_problem(capabilities, self._held))
        launch = identity_problem(policy, caller)
        self.identity.show_problem(launch)
        self.namespace.show_problem(launch)
        self._say()

    def first_refusal(self) -> Refusal | None:
        """What the kernel would refuse: of the current cell if of any, else the first of all."""
        current = self.grid.currentIndex().data(SetRole.REFUSAL) if self.grid.currentIndex().isValid() else None
        if isinstance(current, Refusal):
            return current
        return next(iter(self.model.refusals), None)

    def _lay_out(self) -> None:
        self.rest.setText("Securebits, ids, namespace")
        self.rest.setCheckable(True)
        self.rest.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.rest.setArrowType(Qt.ArrowType.RightArrow)
        said = QVBoxLayout()
        said.setContentsMargins(MARGIN, 6, MARGIN, 6)
        said.setSpacing(6)
        said.addWidget(self.problem)
        said.addWidget(self.mend, 0, Qt.AlignmentFlag.AlignLeft)
        said.addWidget(self.meaning)
        top = QWidget()
        above = QVBoxLayout(top)
        above.setContentsMargins(0, 0, 0, 0)
        above.setSpacing(0)
        above.addWidget(self.grid, 1)
        above.addWidget(rule_line())
        above.addLayout(said)
        above.addWidget(rule_line())
        above.addWidget(self.rest)
        self._reader.setWidget(self._content())
        self._reader.hide()
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(top)
        splitter.addWidget(self._reader)
        splitter.setSizes([600, 300])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(splitter)

    def _content(self) -> QWidget:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(MARGIN, 4, MARGIN, MARGIN)
        column.setSpacing(8)
        for widget in (self.securebits, self.no_new_privs, self.identity, self.namespace):
            column.addWidget(widget)
        column.addStretch(1)
        return content

    def _connect(self) -> None:
        self.model.toggle_wanted.connect(self._on_toggle)
        self.grid.set_wanted.connect(self._on_set_wanted)
        self.grid.typed.connect(self.typed)
        self.grid.details_wanted.connect(self.details_wanted)
        self.grid.selectionModel().currentChanged.connect(self._on_current_changed)
        self.mend.clicked.connect(self._on_mend)
        self.rest.toggled.connect(self._on_rest_toggled)
        self.securebits.changed.connect(self._on_securebits)

    # What is wrong.

    def _say(self) -> None:
        refusal = self.first_refusal()
        capabilities = self._document.policy.capabilities or Capabilities()
        self._mending = None if refusal is None else mending(capabilities, self._held, refusal)
        self.problem.show_problem("" if refusal is None else refusal.sentence)
        self.mend.setVisible(self._mending is not None)
        if self._mending is not None:
            self.mend.setText(self._mending.words)
            self.mend.setAccessibleName(self._mending.words)
        name = Column(self.grid.currentIndex().column()).set_name if self.grid.currentIndex().isValid() else None
        self.meaning.setText(_HINT if name is None else f"{name}: {MEANINGS[name]}")
        self.meaning.setVisible(refusal is None)

    def _on_current_changed(self) -> None:
        self._say()

    def _on_mend(self) -> None:
        if self._mending is not None:
            self._set(self._mending.words[:1].lower() + self._mending.words[1:], self._mending.capabilities)

    # The policy.

    def _set(self, text: str, capabilities: Capabilities | None) -> None:
        self._document.edit(text, msgspec.structs.replace(self._document.policy, capabilities=capabilities))

    def _mask(self, name: SetName) -> int | None:
        capabilities = self._document.policy.capabilities or Capabilities()
        bits: int | None = getattr(expert_masks(capabilities, self._held), name)
        return bits

    def _on_toggle(self, name: SetName, number: int) -> None:
        asked = self._mask(name)
        # The first tick in a set that was left as it is changes this one alone.
        bits = (as_they_are(name, self._held) if asked is None else asked) ^ 1 << number
        verb = "adding" if bits >> number & 1 else "taking"
        where = "to" if bits >> number & 1 else "out of"
        self._set(f"{verb} {CAPABILITIES[number].name} {where} {name}", with_set(self._document.policy.capabilities, name, bits))

    def _on_set_wanted(self, name: SetName, choice: str) -> None:
        everything = (1 << len(CAPABILITIES)) - 1
        bits = {"all": everything, "none": 0, "left": None}[choice]
        words = {"all": f"everything {name}", "none": f"nothing {name}", "left": f"leaving {name} as it is"}[choice]
        self._set(words, with_set(self._document.policy.capabilities, name, bits))

    def _on_securebits(self, names: tuple[str, ...] | None) -> None:
        changed = msgspec.structs.replace(self._document.policy.capabilities or Capabilities(), securebits=names)
        self._set("leaving the securebits" if names is None else "securebits", None if changed == Capabilities() else changed)

    def _on_rest_toggled(self, shown: bool) -> None:
        self._reader.setVisible(shown)
        self.rest.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)


def _securebits_problem(capabilities: Capabilities, held: Held) -> str:
    try:
        target_securebits(capabilities, held)
    except PolicyError as err:
        return err.sentence
    return ""
