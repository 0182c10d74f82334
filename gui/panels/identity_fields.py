"""Who the target runs as: user, group and supplementary groups, with what is wrong with each below it."""

from __future__ import annotations

import grp
import itertools
import pwd
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QVBoxLayout, QWidget

from core.policy.error import PolicyError
from core.policy.model import Policy
from gui.labels import ProblemLabel, field_label, muted_label, rule_line
from gui.models.rule_text import calls_text, parse_calls
from gui.naming import named
from gui.panels.identity_words import group_sentence, user_sentence
from gui.policy_document import PolicyDocument

_MOST_NAMES: Final = 200
"""Names offered; a directory server may know many more, and any can be typed."""


class IdentityFields(QWidget):
    """Shows and edits the ids of `policy.identity` of a document."""

    def __init__(self, document: PolicyDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.user = _combo("User that the target runs as", ["me", "root", *_user_names()], "me")
        self.group = _combo("Group that the target runs with", ["", *_group_names()], "the user's own")
        self.groups = named(QLineEdit(), "Supplementary groups, parted by commas")
        self.groups.setPlaceholderText("the user's own")
        self.no_groups = named(QCheckBox("No supplementary groups"), "No supplementary groups")
        self.problems = {name: ProblemLabel() for name in ("user", "group", "groups")}
        self._user_says, self._groups_say = muted_label(), muted_label()
        self._lay_out()
        for combo in (self.user, self.group):
            combo.activated.connect(self._on_who)
            if (edit := combo.lineEdit()) is not None:
                edit.editingFinished.connect(self._on_who)
        self.groups.editingFinished.connect(self._on_groups)
        self.no_groups.clicked.connect(self._on_no_groups)
        document.changed.connect(self._on_policy_changed)
        self._on_policy_changed(document.policy)

    def show_problem(self, launch: PolicyError | None) -> None:
        """What the likely launcher may not have, said at its field where nothing else is wrong there."""
        for name, label in self.problems.items():
            label.show_problem(problem_of(self._document, f"identity.{name}", launch))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        above: list[QWidget] = [field_label("&User", self.user), self.user, self.problems["user"], self._user_says]
        for widget in above:
            column.addWidget(widget)
        column.addSpacing(6)
        column.addWidget(rule_line())
        column.addSpacing(6)
        below: list[QWidget] = [
            field_label("Gr&oup", self.group),
            self.group,
            self.problems["group"],
            field_label("&Supplementary groups", self.groups),
            self.groups,
            self.no_groups,
            self.problems["groups"],
            self._groups_say,
        ]
        for widget in below:
            column.addWidget(widget)

    def _on_policy_changed(self, policy: Policy) -> None:
        identity = policy.identity
        self.user.setEditText(str(identity.user))
        self.group.setEditText("" if identity.group is None else str(identity.group))
        show_text(self.groups, calls_text(identity.groups or ()))
        self.no_groups.setChecked(identity.groups == ())
        self.groups.setEnabled(identity.groups != ())
        self._user_says.setText(user_sentence(identity))
        self._groups_say.setText(group_sentence(identity))
        self.show_problem(None)

    def _change(self, text: str, **fields: Any) -> None:
        policy = self._document.policy
        self._document.edit(text, msgspec.structs.replace(policy, identity=msgspec.structs.replace(policy.identity, **fields)))

    def _on_who(self) -> None:
        user, group = self.user.currentText().strip() or "me", self.group.currentText().strip()
        self._change(f"running as {user}", user=_name_or_number(user), group=_name_or_number(group) if group else None)

    def _on_groups(self) -> None:
        self._change("supplementary groups", groups=parse_calls(self.groups.text()) or (() if self.no_groups.isChecked() else None))

    def _on_no_groups(self, none: bool) -> None:
        self._change("no supplementary groups" if none else "the user's own groups", groups=() if none else None)


def problem_of(document: PolicyDocument, key: str, launch: PolicyError | None) -> str:
    """What is wrong at this key of the policy, or what the likely launcher (`launch`) may not have there; empty: nothing."""
    refused = launch.sentence if launch is not None and f"{launch.key}[".startswith((f"{key}[", f"{key}.")) else ""
    return document.problem_at(key) or refused


def show_text(edit: QLineEdit, text: str) -> None:
    """Shows another text from its beginning; setting the same one would move the cursor while somebody types."""
    if edit.text() != text:
        edit.setText(text)
        edit.setCursorPosition(0)


def _combo(name: str, items: list[str], placeholder: str) -> QComboBox:
    combo = named(QComboBox(editable=True, insertPolicy=QComboBox.InsertPolicy.NoInsert), name)
    combo.addItems(list(dict.fromkeys(items)))
    if (edit := combo.lineEdit()) is not None:
        edit.setPlaceholderText(placeholder)
    combo.setMinimumContentsLength(8)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return combo


def _name_or_number(text: str) -> str | int:
    return int(text) if text.isdecimal() and text.isascii() else text


def _user_names() -> Iterable[str]:
    return itertools.islice((entry.pw_name for entry in pwd.getpwall()), _MOST_NAMES)


def _group_names() -> Iterable[str]:
    return itertools.islice((entry.gr_name for entry in grp.getgrall()), _MOST_NAMES)
