"""The identity panel: who the target runs as, and whether it can become more."""

from __future__ import annotations

import os
from typing import Any

import msgspec
from PySide6.QtWidgets import QCheckBox, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from core.policy.error import PolicyError
from core.policy.model import IdMap, Policy
from gui.labels import ProblemLabel, field_label, muted_label, rule_line
from gui.likely_caller import identity_problem, likely_caller
from gui.naming import named
from gui.panels.id_map import IdMapEdit
from gui.panels.identity_fields import IdentityFields, problem_of, show_text
from gui.panels.identity_words import namespace_sentence, no_new_privs_sentence
from gui.policy_document import PolicyDocument
from gui.theme import MARGIN, Theme


class IdentityPanel(QScrollArea):
    """Shows and edits `policy.identity` of a document, and the policy's own name."""

    def __init__(self, theme: Theme, document: PolicyDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.name = named(QLineEdit(), "Name of the policy")
        self.name.setPlaceholderText("Untitled policy")
        self.description = named(QLineEdit(), "Description of the policy")
        self.description.setPlaceholderText("What it is for")
        self.fields = IdentityFields(document)
        self.user_namespace = named(QCheckBox("In a &user namespace of its own"), "In a user namespace of its own")
        self.uid_map = IdMapEdit(theme, "uid", os.getuid())
        self.gid_map = IdMapEdit(theme, "gid", os.getgid())
        self.no_new_privs = named(QCheckBox("no_new_&privs"), "no_new_privs")
        self._prefix = ""
        self._says = {name: muted_label() for name in ("user_namespace", "no_new_privs")}
        self.problems = {name: ProblemLabel() for name in ("user_namespace", "no_new_privs")}
        self._lay_out()
        self._connect()
        self._on_policy_changed(document.policy)

    def _lay_out(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(MARGIN, 10, MARGIN, MARGIN)
        column.setSpacing(6)
        parts: list[list[QWidget]] = [
            [field_label("Policy &name", self.name), self.name, field_label("&Description", self.description), self.description],
            [self.fields],
            [self.user_namespace, self.problems["user_namespace"], self._says["user_namespace"], self.uid_map, self.gid_map],
            [self.no_new_privs, self.problems["no_new_privs"], self._says["no_new_privs"]],
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
        self.user_namespace.clicked.connect(self._on_user_namespace)
        self.uid_map.changed.connect(self._on_uid_map)
        self.gid_map.changed.connect(self._on_gid_map)
        self.no_new_privs.clicked.connect(self._on_no_new_privs)
        self._document.changed.connect(self._on_policy_changed)

    def set_observer(self, prefix: str) -> None:
        """Who is to run the observer, as `RunFlow.observer` has it: what he may not have is said here."""
        self._prefix = prefix
        self._on_policy_changed(self._document.policy)

    # The policy.

    def _on_policy_changed(self, policy: Policy) -> None:
        show_text(self.name, policy.name)
        show_text(self.description, policy.description)
        identity, problem = policy.identity, identity_problem(policy, likely_caller(policy, self._prefix))
        self.fields.show_problem(problem)
        self.user_namespace.setChecked(identity.user_namespace)
        self.no_new_privs.setChecked(policy.identity.no_new_privs)
        self._says["user_namespace"].setText(namespace_sentence(identity))
        for edit, key, lines in ((self.uid_map, "uid_map", identity.uid_map), (self.gid_map, "gid_map", identity.gid_map)):
            edit.show_map(lines, self._problem(key, problem))
            # A map without its namespace stays in sight, where it can be taken out.
            edit.setVisible(identity.user_namespace or lines is not None)
        self._says["no_new_privs"].setText(no_new_privs_sentence(policy))
        for key, label in self.problems.items():
            label.show_problem(self._problem(key, problem))

    def _problem(self, key: str, launch: PolicyError | None) -> str:
        return problem_of(self._document, f"identity.{key}", launch)

    def _change(self, text: str, **fields: Any) -> None:
        policy = self._document.policy
        self._document.edit(text, msgspec.structs.replace(policy, identity=msgspec.structs.replace(policy.identity, **fields)))

    # What the user asks for.

    def _on_name(self, text: str) -> None:
        self._document.edit("naming the policy", msgspec.structs.replace(self._document.policy, name=text), field="name")

    def _on_description(self, text: str) -> None:
        policy = msgspec.structs.replace(self._document.policy, description=text)
        self._document.edit("describing the policy", policy, field="description")

    def _on_user_namespace(self, on: bool) -> None:
        # Without its namespace a map means nothing.
        maps: dict[str, Any] = {} if on else {"uid_map": None, "gid_map": None}
        self._change("a user namespace" if on else "no user namespace", user_namespace=on, **maps)

    def _on_uid_map(self, lines: IdMap | None) -> None:
        self._change("the uid map" if lines else "no uid map", uid_map=lines or None)

    def _on_gid_map(self, lines: IdMap | None) -> None:
        self._change("the gid map" if lines else "no gid map", gid_map=lines or None)

    def _on_no_new_privs(self, on: bool) -> None:
        self._change("setting no_new_privs" if on else "not setting no_new_privs", no_new_privs=on)
