"""The identity panel: who the target runs as, and whether it can become more."""

from __future__ import annotations

import msgspec
from PySide6.QtWidgets import QLineEdit, QScrollArea, QVBoxLayout, QWidget

from core.policy.model import Policy
from gui.labels import ProblemLabel, field_label, muted_label, rule_line
from gui.likely_caller import identity_problem, likely_caller
from gui.naming import named
from gui.panels.identity_fields import IdentityFields, problem_of, show_text
from gui.panels.identity_words import no_new_privs_sentence
from gui.panels.namespace_fields import NamespaceFields
from gui.panels.no_new_privs import NoNewPrivsBox
from gui.policy_document import PolicyDocument
from gui.theme import MARGIN, Theme


class IdentityPanel(QScrollArea):
    """Shows and edits `policy.identity` of a document, and the policy's own name."""

    def __init__(self, theme: Theme, document: PolicyDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._prefix = ""
        self.name = named(QLineEdit(), "Name of the policy")
        self.name.setPlaceholderText("Untitled policy")
        self.description = named(QLineEdit(), "Description of the policy")
        self.description.setPlaceholderText("What it is for")
        self.fields = IdentityFields(document)
        self.namespace = NamespaceFields(theme, document)
        self.no_new_privs = NoNewPrivsBox(document)
        self._no_new_privs_says = muted_label()
        self.problem = ProblemLabel()
        self._lay_out()
        self._connect()
        self._on_policy_changed(document.policy)

    def set_observer(self, prefix: str) -> None:
        """Who is to run the observer, as `RunFlow.observer` has it: what he may not have is said here."""
        self._prefix = prefix
        self._on_policy_changed(self._document.policy)

    def _lay_out(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(MARGIN, 10, MARGIN, MARGIN)
        column.setSpacing(6)
        parts: list[list[QWidget]] = [
            [field_label("Polic&y name", self.name), self.name, field_label("&Description", self.description), self.description],
            [self.fields],
            [self.namespace],
            [self.no_new_privs, self.problem, self._no_new_privs_says],
        ]
        for place, widgets in enumerate(parts):
            if place:
                column.addSpacing(6)
                column.addWidget(rule_line())
                column.addSpacing(6)
            for widget in widgets:
                column.addWidget(widget)
        column.addStretch(1)
        self.setWidget(content)
        self.setWidgetResizable(True)

    def _connect(self) -> None:
        self.name.textEdited.connect(self._on_name)
        self.description.textEdited.connect(self._on_description)
        self._document.changed.connect(self._on_policy_changed)

    # The policy.

    def _on_policy_changed(self, policy: Policy) -> None:
        show_text(self.name, policy.name)
        show_text(self.description, policy.description)
        self._no_new_privs_says.setText(no_new_privs_sentence(policy))
        launch = identity_problem(policy, likely_caller(policy, self._prefix))
        self.fields.show_problem(launch)
        self.namespace.show_problem(launch)
        self.problem.show_problem(problem_of(self._document, "identity.no_new_privs", launch))

    # What the user asks for.

    def _on_name(self, text: str) -> None:
        self._document.edit("naming the policy", msgspec.structs.replace(self._document.policy, name=text), field="name")

    def _on_description(self, text: str) -> None:
        policy = msgspec.structs.replace(self._document.policy, description=text)
        self._document.edit("describing the policy", policy, field="description")
