"""The rules of a filter with what can be done to them."""

from __future__ import annotations

from typing import Final

import msgspec
from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from core.policy.model import Filter, Rule
from core.policy.stack import Layer, all_rules, layers
from core.recording.rule_hits import RuleHits
from gui.labels import ProblemLabel, muted_label, strong_label
from gui.lint_report import LintReport
from gui.models import rule_edits, stack_edits
from gui.models.rule_model import Column, RuleModel
from gui.models.rule_text import calls_text, groups_text, spelled_out
from gui.models.run_rules import RunRules
from gui.naming import named
from gui.panels.seccomp_default_line import DefaultLine
from gui.panels.seccomp_rule_dialog import RuleDialog
from gui.panels.seccomp_rules_table import RulesTable
from gui.policy_document import PolicyDocument
from gui.theme import MARGIN, Theme

_EDITED: Final = "The rules were edited since the run: the counts are of the rules as they were."
_NEW_RULE: Final = Rule(syscalls=(), action="errno:EPERM")


class RulesPanel(QWidget):
    """Shows and edits the rules of one of a document's filters."""

    calls_wanted = Signal(int)
    """The log is to show the calls that this rule decided; the number is the one that the run's policy gave it, 0 for no rule."""

    def __init__(self, theme: Theme, document: PolicyDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._document = document
        self.dialog: RuleDialog | None = None
        """The form while it is open."""
        self._dialog_row: int | None = None
        self.model = RuleModel(self)
        self.table = RulesTable(theme, self.model)
        self.add = named(QPushButton("Add…"), "Add a rule", "Add a rule (Ins)")
        self.more = named(QPushButton("Rule"), "What to do with the chosen rules")
        self._empty = muted_label("No rules yet. Add one here, or make one of a call in the log.")
        self.problem = ProblemLabel()
        self.edited = muted_label(_EDITED)
        self.default = DefaultLine()
        self._place = 0
        self._run: RunRules | None = None
        self.actions_menu = self._make_menu()
        self.more.setMenu(self.actions_menu)
        self._lay_out()
        self._connect()
        self.show_filter(0)

    def add_rule(self, rule: Rule) -> None:
        """Opens the form for a new rule, with this one as a start."""
        self._open(rule, None, "Add a rule")

    def show_filter(self, place: int) -> None:
        """The rules of the filter at this place of the stack, 0 for the oldest, as the policy has them now."""
        self._place = place
        self._show_rules()

    def show_report(self, report: LintReport) -> None:
        """What lint says of the rules as they are now."""
        self.model.set_report(report)
        self._on_selection_changed()

    def show_hits(self, run: RunRules | None, hits: RuleHits | None) -> None:
        """How often each rule decided in the run whose rules these are; None: there is no run."""
        self._run = run
        counts = None
        if run is not None and hits is not None:
            by_rule, numbers = hits.by_rule, [run.in_run(number) for number in self._layer.rule_numbers]
            counts = [None if number is None else by_rule.get(number, 0) for number in numbers]
        self.model.set_hits(counts)
        self.default.show_hits(hits)
        self.edited.setVisible(run is not None and run.edited)
        self._on_selection_changed()

    def select_rule(self, row: int) -> None:
        """Makes the rule of this row the chosen one, in sight and under the keyboard."""
        self.table.choose(row)
        self.table.scrollTo(self.model.index(row, Column.CALLS))
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    # Setting up.

    def _make_menu(self) -> QMenu:
        menu = QMenu("Rule", self)
        self.edit_action = self._action(menu, "&Edit…", "F2", self._on_edit)
        self.duplicate_action = self._action(menu, "&Duplicate", "Ctrl+D", self._on_duplicate)
        self.remove_action = self._action(menu, "&Remove", "Del", self._on_remove)
        menu.addSeparator()
        self.up_action = self._action(menu, "Move &up", "Alt+Up", self._on_up)
        self.down_action = self._action(menu, "Move d&own", "Alt+Down", self._on_down)
        menu.addSeparator()
        self.toggle_action = self._action(menu, "&Counts, or not", "Ctrl+Space", self._on_toggle)
        self.spell_action = self._action(menu, "&Spell out its groups", "Ctrl+Shift+G", self._on_spell_out)
        menu.addSeparator()
        self.calls_action = self._action(menu, "Show its ca&lls in the log", "Ctrl+Return", self._on_calls)
        self.add_action = self._action(self.table, "Add a rule", "Ins", self._on_add)
        return menu

    def _action(self, place: QWidget, text: str, key: str, slot: object) -> QAction:
        action = QAction(text, self)
        action.setShortcut(QKeySequence(key))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(slot)
        place.addAction(action)
        if place is not self.table:
            self.table.addAction(action)
        return action

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 8, MARGIN, 4)
        head.setSpacing(8)
        head.addWidget(strong_label("Rules"))
        head.addStretch(1)
        head.addWidget(self.add)
        head.addWidget(self.more)
        said = QVBoxLayout()
        said.setContentsMargins(MARGIN, 0, MARGIN, 4)
        for label in (self._empty, self.problem, self.edited):
            said.addWidget(label)
        self.edited.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(said)
        column.addWidget(self.table, 1)
        column.addWidget(self.default)

    def _connect(self) -> None:
        self.add.clicked.connect(self._on_add)
        self.default.calls_wanted.connect(self._on_default_calls)
        self.table.activated.connect(self._on_activated)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._on_menu)
        self.table.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.model.enable_wanted.connect(self._on_enable_wanted)
        self.model.move_wanted.connect(self._on_move_wanted)

    # The policy.

    @property
    def _layer(self) -> Layer:
        stack = layers(self._document.policy.seccomp)
        return stack[min(self._place, len(stack) - 1)]

    def _show_rules(self) -> None:
        layer, mode = self._layer, self._document.policy.seccomp.mode
        rules = layer.filter.rules
        problems = {row: self._document.problem_at(f"{layer.key}.rules[{row}]") for row in range(len(rules))}
        problems = {row: sentence for row, sentence in problems.items() if sentence}
        self.model.set_rules(rules, problems, layer.first_rule)
        self._empty.setVisible(not rules)
        self.default.show_action(layer.filter.default if mode == "filter" else "")
        first = next(iter(problems.items()), None)
        self.problem.show_problem(f"Rule {layer.first_rule + first[0]}: {first[1]}" if first else "")
        self._on_selection_changed()

    def _set(self, text: str, one: Filter) -> None:
        policy = self._document.policy
        seccomp = stack_edits.with_filter(policy.seccomp, self._layer.number - 1, one)
        if one.rules and not all_rules(policy.seccomp):
            # A first rule turns the filter on: in another mode it would judge nothing.
            seccomp = msgspec.structs.replace(seccomp, mode="filter")
        self._document.edit(text, msgspec.structs.replace(policy, seccomp=seccomp))

    @property
    def _filter(self) -> Filter:
        return self._layer.filter

    def _which(self, rows: list[int]) -> str:
        return self._name(rows[0]) if len(rows) == 1 else f"{len(rows)} rules"

    def _name(self, row: int) -> str:
        return f"rule {self._layer.first_rule + row}"

    def _rows(self) -> list[int]:
        return sorted({index.row() for index in self.table.selectionModel().selectedRows()})

    # The form.

    def _open(self, rule: Rule, row: int | None, title: str) -> None:
        self._dialog_row = row
        self.dialog = RuleDialog(self._theme, rule, title, self.window())
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog.accepted.connect(self._on_accepted)
        self.dialog.finished.connect(self._on_finished)
        self.dialog.open()

    def _on_accepted(self) -> None:
        if self.dialog is None:
            return
        rule, row = self.dialog.rule(), self._dialog_row
        if row is None:
            self._insert(len(self._filter.rules), rule, "adding a rule")
        else:
            self._set(f"editing {self._name(row)}", rule_edits.replaced(self._filter, row, rule))

    def _on_finished(self) -> None:
        self.dialog = None
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _insert(self, row: int, rule: Rule, text: str) -> None:
        self._set(f"{text} for {calls_text(rule.syscalls)[:40]}", rule_edits.inserted(self._filter, row, rule))
        self.table.choose(row)

    # What the user asks for.

    def _on_add(self) -> None:
        self.add_rule(_NEW_RULE)

    def _on_edit(self) -> None:
        if rows := self._rows():
            self._open(self._filter.rules[rows[0]], rows[0], self._name(rows[0]).capitalize())

    def _on_activated(self, index: QModelIndex) -> None:
        if index.column() == Column.HITS and self.calls_action.isEnabled():
            self._on_calls()
            return
        self._open(self._filter.rules[index.row()], index.row(), self._name(index.row()).capitalize())

    def _on_duplicate(self) -> None:
        if rows := self._rows():
            self._insert(rows[-1] + 1, self._filter.rules[rows[-1]], "duplicating the rule")

    def _on_remove(self) -> None:
        rows = self._rows()
        if not rows:
            return
        self._set(f"removing {self._which(rows)}", rule_edits.removed(self._filter, set(rows)))
        if self.model.rowCount():
            self.table.choose(min(rows[0], self.model.rowCount() - 1))

    def _on_up(self) -> None:
        self._move(-1)

    def _on_down(self) -> None:
        self._move(1)

    def _move(self, step: int) -> None:
        rows = self._rows()
        if len(rows) == 1 and 0 <= rows[0] + step < self.model.rowCount():
            self._on_move_wanted(rows[0], rows[0] + step)

    def _on_move_wanted(self, source: int, target: int) -> None:
        if source != target:
            self._set(f"moving {self._name(source)}", rule_edits.moved(self._filter, source, target))
            self.table.choose(target)

    def _on_toggle(self) -> None:
        rows = self._rows()
        if not rows:
            return
        on = not self._filter.rules[rows[0]].enabled
        self._set(f"{_verb(on)} {self._which(rows)}", rule_edits.enabled(self._filter, set(rows), on))

    def _on_spell_out(self) -> None:
        if rows := self._rows():
            rule = self._filter.rules[rows[0]]
            spelled = msgspec.structs.replace(rule, syscalls=spelled_out(rule.syscalls))
            self._set(f"spelling out the groups of {self._name(rows[0])}", rule_edits.replaced(self._filter, rows[0], spelled))

    def _on_calls(self) -> None:
        number = self._number_in_run(self._rows())
        if number is not None:
            self.calls_wanted.emit(number)

    def _number_in_run(self, rows: list[int]) -> int | None:
        return self._run.in_run(self._layer.first_rule + rows[0]) if self._run is not None and len(rows) == 1 else None

    def _on_default_calls(self) -> None:
        self.calls_wanted.emit(0)

    def _on_enable_wanted(self, row: int, on: bool) -> None:
        self._set(f"{_verb(on)} {self._which([row])}", rule_edits.enabled(self._filter, {row}, on))

    def _on_menu(self, position: QPoint) -> None:
        self.actions_menu.exec(self.table.viewport().mapToGlobal(position))

    def _on_selection_changed(self) -> None:
        rows = self._rows()
        for action in (self.edit_action, self.duplicate_action, self.remove_action, self.toggle_action):
            action.setEnabled(bool(rows))
        self.more.setEnabled(bool(rows))
        self.up_action.setEnabled(len(rows) == 1 and rows[0] > 0)
        self.down_action.setEnabled(len(rows) == 1 and rows[0] < self.model.rowCount() - 1)
        self.calls_action.setEnabled(self._number_in_run(rows) is not None)
        self.spell_action.setEnabled(len(rows) == 1 and bool(groups_text(self._filter.rules[rows[0]].syscalls)))


def _verb(on: bool) -> str:
    return "using" if on else "setting aside"
