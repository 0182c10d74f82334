"""The user namespace of the target: whether it has one, and which ids there are in it."""

from __future__ import annotations

import os
from typing import Any

import msgspec
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from core.policy.error import PolicyError
from core.policy.model import IdMap, Policy
from gui.labels import ProblemLabel, muted_label
from gui.naming import named
from gui.panels.id_map import IdMapEdit
from gui.panels.identity_fields import problem_of
from gui.panels.identity_words import namespace_sentence
from gui.policy_document import PolicyDocument
from gui.theme import Theme


class NamespaceFields(QWidget):
    """Shows and edits the user namespace of `policy.identity` of a document."""

    def __init__(self, theme: Theme, document: PolicyDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.user_namespace = named(QCheckBox("In a user na&mespace of its own"), "In a user namespace of its own")
        self.problem = ProblemLabel()
        self._says = muted_label()
        self.uid_map = IdMapEdit(theme, "uid", os.getuid())
        self.gid_map = IdMapEdit(theme, "gid", os.getgid())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (self.user_namespace, self.problem, self._says, self.uid_map, self.gid_map):
            column.addWidget(widget)
        self.user_namespace.clicked.connect(self._on_user_namespace)
        self.uid_map.changed.connect(self._on_uid_map)
        self.gid_map.changed.connect(self._on_gid_map)
        document.changed.connect(self._on_policy_changed)
        self._on_policy_changed(document.policy)

    def show_problem(self, launch: PolicyError | None) -> None:
        """What the likely launcher may not have, said at its field where nothing else is wrong there."""
        self._show(self._document.policy, launch)

    def _on_policy_changed(self, policy: Policy) -> None:
        self._show(policy, None)

    def _show(self, policy: Policy, launch: PolicyError | None) -> None:
        identity = policy.identity
        self.user_namespace.setChecked(identity.user_namespace)
        self._says.setText(namespace_sentence(identity))
        self.problem.show_problem(problem_of(self._document, "identity.user_namespace", launch))
        for edit, key, lines in ((self.uid_map, "uid_map", identity.uid_map), (self.gid_map, "gid_map", identity.gid_map)):
            edit.show_map(lines, problem_of(self._document, f"identity.{key}", launch))
            # A map without its namespace stays in sight, where it can be taken out.
            edit.setVisible(identity.user_namespace or lines is not None)

    def _change(self, text: str, **fields: Any) -> None:
        policy = self._document.policy
        self._document.edit(text, msgspec.structs.replace(policy, identity=msgspec.structs.replace(policy.identity, **fields)))

    def _on_user_namespace(self, on: bool) -> None:
        # Without its namespace a map means nothing.
        maps: dict[str, Any] = {} if on else {"uid_map": None, "gid_map": None}
        self._change("a user namespace" if on else "no user namespace", user_namespace=on, **maps)

    def _on_uid_map(self, lines: IdMap | None) -> None:
        self._change("the uid map" if lines else "no uid map", uid_map=lines or None)

    def _on_gid_map(self, lines: IdMap | None) -> None:
        self._change("the gid map" if lines else "no gid map", gid_map=lines or None)
