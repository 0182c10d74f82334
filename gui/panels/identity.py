"""The identity panel: who the target runs as, and whether it can become more."""

from __future__ import annotations

import grp
import itertools
import pwd
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from core.policy.model import Policy
from gui.labels import ProblemLabel, field_label, muted_label, rule_line
from gui.models.rule_text import calls_text, parse_calls
from gui.naming import named
from gui.panels.identity_words import group_sentence, namespace_sentence, no_new_privs_sentence, user_sentence
from gui.policy_document import PolicyDocument
from gui.theme import MARGIN

_MOST_NAMES: Final = 200
"""Names offered; a directory server may know many more, and any can be typed."""


class IdentityPanel(QScrollArea):
    """Shows and edits `policy.identity` of a document, and the policy's own name."""

    def __init__(self, document: PolicyDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.name = named(QLineEdit(), "Name of the policy")
        self.name.setPlaceholderText("Untitled policy")
        self.description = named(QLineEdit(), "Description of the policy")
        self.description.setPlaceholderText("What it is for")
        self.user = _combo("User that the target runs as", ["me", "root", *_user_names()], "me")
        self.group = _combo("Group that the target runs with", ["", *_group_names()], "the user's own")
        self.groups = named(QLineEdit(), "Supplementary groups, parted by commas")
        self.groups.setPlaceholderText("the user's own")
        self.no_groups = named(QCheckBox("No supplementary groups"), "No supplementary groups")
        self.user_namespace = named(QCheckBox("In a &user namespace of its own"), "In a user namespace of its own")
        self.no_new_privs = named(QCheckBox("no_new_&privs"), "no_new_privs")
        self._says = {name: muted_label() for name in ("user", "groups", "user_namespace", "no_new_privs")}
        self.problems = {name: ProblemLabel() for name in ("user", "group", "groups", "no_new_privs")}
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
            [field_label("&User", self.user), self.user, self.problems["user"], self._says["user"]],
            [
                field_label("&Group", self.group),
                self.group,
                self.problems["group"],
                field_label("&Supplementary groups", self.groups),
                self.groups,
                self.no_groups,
                self.problems["groups"],
                self._says["groups"],
            ],
            [self.user_namespace, self._says["user_namespace"]],
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
        for label in content.findChildren(QLabel):
            label.setMinimumWidth(1)
        self.setWidget(content)
        self.setWidgetResizable(True)

    def _connect(self) -> None:
        self.name.textEdited.connect(self._on_name)
        self.description.textEdited.connect(self._on_description)
        for combo in (self.user, self.group):
            combo.activated.connect(self._on_who)
            if (edit := combo.lineEdit()) is not None:
                edit.editingFinished.connect(self._on_who)
        self.groups.editingFinished.connect(self._on_groups)
        self.no_groups.clicked.connect(self._on_no_groups)
        self.user_namespace.clicked.connect(self._on_user_namespace)
        self.no_new_privs.clicked.connect(self._on_no_new_privs)
        self._document.changed.connect(self._on_policy_changed)

    # The policy.

    def _on_policy_changed(self, policy: Policy) -> None:
        identity = policy.identity
        _show(self.name, policy.name)
        _show(self.description, policy.description)
        self.user.setEditText(str(identity.user))
        self.group.setEditText("" if identity.group is None else str(identity.group))
        _show(self.groups, calls_text(identity.groups or ()))
        self.no_groups.setChecked(identity.groups == ())
        self.groups.setEnabled(identity.groups != ())
        self.user_namespace.setChecked(identity.user_namespace)
        self.no_new_privs.setChecked(identity.no_new_privs)
        self._says["user"].setText(user_sentence(identity))
        self._says["groups"].setText(group_sentence(identity))
        self._says["user_namespace"].setText(namespace_sentence(identity))
        self._says["no_new_privs"].setText(no_new_privs_sentence(policy))
        for name, label in self.problems.items():
            label.show_problem(self._document.problem_at(f"identity.{name}"))

    def _change(self, text: str, **fields: Any) -> None:
        policy = self._document.policy
        self._document.edit(text, msgspec.structs.replace(policy, identity=msgspec.structs.replace(policy.identity, **fields)))

    # What the user asks for.

    def _on_name(self, text: str) -> None:
        self._document.edit("naming the policy", msgspec.structs.replace(self._document.policy, name=text), field="name")

    def _on_description(self, text: str) -> None:
        policy = msgspec.structs.replace(self._document.policy, description=text)
        self._document.edit("describing the policy", policy, field="description")

    def _on_who(self) -> None:
        user, group = self.user.currentText().strip() or "me", self.group.currentText().strip()
        self._change(f"running as {user}", user=_name_or_number(user), group=_name_or_number(group) if group else None)

    def _on_groups(self) -> None:
        self._change("supplementary groups", groups=parse_calls(self.groups.text()) or (() if self.no_groups.isChecked() else None))

    def _on_no_groups(self, none: bool) -> None:
        self._change("no supplementary groups" if none else "the user's own groups", groups=() if none else None)

    def _on_user_namespace(self, on: bool) -> None:
        self._change("a user namespace" if on else "no user namespace", user_namespace=on)

    def _on_no_new_privs(self, on: bool) -> None:
        self._change("setting no_new_privs" if on else "not setting no_new_privs", no_new_privs=on)


def _combo(name: str, items: list[str], placeholder: str) -> QComboBox:
    combo = named(QComboBox(editable=True, insertPolicy=QComboBox.InsertPolicy.NoInsert), name)
    combo.addItems(list(dict.fromkeys(items)))
    if (edit := combo.lineEdit()) is not None:
        edit.setPlaceholderText(placeholder)
    combo.setMinimumContentsLength(8)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return combo


def _show(edit: QLineEdit, text: str) -> None:
    # Setting the same text would move the cursor while somebody types.
    if edit.text() != text:
        edit.setText(text)
        # A long text is read from its beginning.
        edit.setCursorPosition(0)


def _name_or_number(text: str) -> str | int:
    return int(text) if text.isdecimal() and text.isascii() else text


def _user_names() -> Iterable[str]:
    return itertools.islice((entry.pw_name for entry in pwd.getpwall()), _MOST_NAMES)


def _group_names() -> Iterable[str]:
    return itertools.islice((entry.gr_name for entry in grp.getgrall()), _MOST_NAMES)
