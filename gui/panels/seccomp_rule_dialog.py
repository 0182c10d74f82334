"""The form in which one rule is written."""

from __future__ import annotations

import itertools
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.policy.check import check_rule
from core.policy.error import PolicyError
from core.policy.model import Rule
from gui.labels import ProblemLabel, field_label, muted_label
from gui.lint_report import guards_of
from gui.models.rule_text import action_sentence, groups_text, numbers_text, spelled_out
from gui.naming import named
from gui.panels.seccomp_action_picker import ActionPicker
from gui.panels.seccomp_calls_edit import CallsEdit
from gui.panels.seccomp_tests_edit import TestsEdit
from gui.theme import Theme

_SIZE: Final = QSize(620, 420)
_LEFT: Final = Qt.AlignmentFlag.AlignLeft
_FEW: Final = 4
"""Capabilities that are named; a group may meet a dozen."""


class RuleDialog(QDialog):
    """Holds a rule that is right, or says at the field what is wrong and cannot be accepted."""

    def __init__(self, theme: Theme, rule: Rule, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._given = rule
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.calls = CallsEdit()
        self.calls.setFont(theme.mono_font)
        self.action = ActionPicker("Action of the rule")
        self.tests = TestsEdit(theme)
        self.note = named(QLineEdit(), "Note: your own words about the rule")
        self.enabled = named(QCheckBox("The rule counts"), "The rule counts")
        self.expansion, self.guards, self._meaning = muted_label(), muted_label(), muted_label()
        self.spell_out = named(QPushButton("&Spell out the groups"), "Spell out the groups", "Put each group's calls in its place")
        self.spell_out.setAutoDefault(False)
        self._problems = {part: ProblemLabel() for part in ("syscalls", "action", "args")}
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.accept_button = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self._lay_out()
        self._show(rule)
        self._connect()
        self.resize(_SIZE)
        self._fitted = _SIZE.height()
        self._on_changed()
        self.calls.setFocus()

    def rule(self) -> Rule:
        """As the fields have it now."""
        return Rule(
            syscalls=self.calls.calls(),
            action=self.action.word(),
            args=self.tests.tests(),
            note=self.note.text().strip(),
            enabled=self.enabled.isChecked(),
        )

    def problem(self) -> str:
        """What is wrong, as a sentence; empty where the rule can be accepted, and for a new one that is not begun."""
        return next((label.text() for label in self._problems.values() if label.text()), "")

    def _show(self, rule: Rule) -> None:
        self.calls.set_calls(rule.syscalls)
        self.action.set_word(rule.action)
        self.tests.set_calls(rule.syscalls)
        self.tests.set_tests(rule.args)
        self.note.setText(rule.note)
        self.note.setCursorPosition(0)  # a long one is read from its beginning
        self.enabled.setChecked(rule.enabled)

    def _lay_out(self) -> None:
        form = QGridLayout()  # a form layout gives texts that wrap more height than they need
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        fields = (
            *(self.calls, self.expansion, self.spell_out, self._problems["syscalls"]),
            *(self.action, self._meaning, self._problems["action"]),
            # One of the two below the tests, so that these stay where they are while one is written.
            *(self.tests, self.guards, self._problems["args"], self.note, self.enabled),
        )
        for row, field in enumerate(fields):
            form.addWidget(field, row, 1, _LEFT if field is self.spell_out else Qt.AlignmentFlag(0))
        form.addWidget(field_label("&System calls", self.calls), fields.index(self.calls), 0)
        form.addWidget(field_label("A&ction", self.action), fields.index(self.action), 0)
        form.addWidget(muted_label("Arguments", wrap=False), fields.index(self.tests), 0, Qt.AlignmentFlag.AlignTop)
        form.addWidget(field_label("&Note", self.note), fields.index(self.note), 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addLayout(form)
        column.addStretch(1)
        column.addWidget(self.buttons)
        self.accept_button.setProperty("primary", True)

    def _connect(self) -> None:
        self.calls.textChanged.connect(self._on_changed)
        self.action.changed.connect(self._on_changed)
        self.tests.changed.connect(self._on_changed)
        self.spell_out.clicked.connect(self._on_spell_out)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def _on_changed(self) -> None:
        rule = self.rule()
        self.tests.set_calls(rule.syscalls)
        self._meaning.setText(action_sentence(rule.action))
        part, sentence = _problem(rule)
        groups = groups_text(rule.syscalls)
        self._say(self.expansion, "\n".join(filter(None, [groups, numbers_text(rule.syscalls)])))
        self.spell_out.setVisible(bool(groups))
        self._say(self.guards, "" if sentence else _guarded(rule))
        begun = bool(rule.syscalls) or rule != self._given  # an empty form is no mistake
        for name, label in self._problems.items():
            label.show_problem(sentence if name == part and begun else "")
        self.accept_button.setEnabled(not sentence)
        self._order_tabs()
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        # A window's layout gives its least height only by width once texts wrap, and asks for no more itself. It shrinks again when a long text
        # has gone, or its buttons might end up below the screen; but a height chosen by hand stays as long as it is enough.
        column = self.layout()
        if column is not None:
            column.activate()
            wanted = max(_SIZE.height(), column.totalHeightForWidth(self.width()))
            if self.height() < wanted or self.height() == self._fitted:
                self.resize(self.width(), wanted)
                self._fitted = wanted

    def _say(self, label: QLabel, text: str) -> None:
        label.setText(text)
        label.setVisible(bool(text))

    def _on_spell_out(self) -> None:
        self.calls.set_calls(spelled_out(self.calls.calls()))
        self.calls.setFocus(Qt.FocusReason.OtherFocusReason)

    def _order_tabs(self) -> None:
        # Tests come and go; without this the newest would be reached last of all.
        chain = (self.calls, self.spell_out, *self.action.fields, *self.tests.fields, self.note, self.enabled, *self.buttons.buttons())
        for one, other in itertools.pairwise(chain):
            QWidget.setTabOrder(one, other)


def _guarded(rule: Rule) -> str:
    """Who says no to the calls where the rule would let them run; empty where nobody does."""
    found = guards_of(rule)
    if not found:
        return ""
    rest = f"; {len(found) - _FEW} more capabilities guard others" if len(found) > _FEW else ""
    return f"{'; '.join(guard.sentence for guard in found[:_FEW])}{rest}. The kernel asks for {'it' if len(found) == 1 else 'them'} inside the call, behind the filter."


def _problem(rule: Rule) -> tuple[str, str]:
    """The field, and what is wrong with it."""
    try:
        check_rule(rule, "rule")
    except PolicyError as err:
        place = err.key.removeprefix("rule.")
        part = place.partition("[")[0].partition(".")[0]
        return part, _located(place, err.sentence)
    return "", ""


def _located(place: str, sentence: str) -> str:
    # "args[1].value": the sentence stands below all tests, so it says which one.
    if not place.startswith("args["):
        return sentence
    index, _, field = place.removeprefix("args[").partition("].")
    return f"Test {int(index) + 1}, {field}: {sentence}"
