"""The checkbox for no_new_privs, wherever it is at hand."""

from __future__ import annotations

import msgspec
from PySide6.QtWidgets import QCheckBox, QWidget

from core.policy.model import Policy
from gui.naming import named
from gui.policy_document import PolicyDocument


class NoNewPrivsBox(QCheckBox):
    """Shows and edits `policy.identity.no_new_privs` of a document."""

    def __init__(self, document: PolicyDocument, parent: QWidget | None = None) -> None:
        super().__init__("no_ne&w_privs", parent)
        self._document = document
        named(self, "no_new_privs", "No execve gives more than is permitted before it.")
        self.clicked.connect(self._on_clicked)
        document.changed.connect(self._on_policy_changed)
        self._on_policy_changed(document.policy)

    def _on_policy_changed(self, policy: Policy) -> None:
        self.setChecked(policy.identity.no_new_privs)

    def _on_clicked(self, on: bool) -> None:
        policy = self._document.policy
        identity = msgspec.structs.replace(policy.identity, no_new_privs=on)
        self._document.edit(
            "setting no_new_privs" if on else "not setting no_new_privs", msgspec.structs.replace(policy, identity=identity)
        )
