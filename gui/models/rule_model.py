"""The rules of a seccomp filter as a table."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from core.policy.model import Rule
from gui.models.rule_text import action_sentence, arguments_text, calls_text

Index = QModelIndex | QPersistentModelIndex

_MIME: Final = "application/x-gatescope-rule-row"


class Column(enum.IntEnum):
    """In the order in which a rule is read; the number's cell has the checkbox that enables the rule."""

    NUMBER = 0
    CALLS = 1
    TESTS = 2
    ACTION = 3
    NOTE = 4


_TITLES: Final = {
    Column.NUMBER: ("No.", "The rule's number, as verdicts name it; ticked: the rule counts"),
    Column.CALLS: ("System calls", "Names, numbers and groups"),
    Column.TESTS: ("Arguments", "The tests that must all hold; none: whatever the arguments"),
    Column.ACTION: ("Action", "What becomes of the call"),
    Column.NOTE: ("Note", "Your own words"),
}


class Role(enum.IntEnum):
    """What the delegate asks for beside the text."""

    RULE = Qt.ItemDataRole.UserRole
    """The `Rule`."""
    PROBLEM = Qt.ItemDataRole.UserRole + 1
    """What is wrong with the rule, as a sentence; empty where nothing is."""


class RuleModel(QAbstractTableModel):
    """A row a rule. It asks for changes, and is told the rules as they then are."""

    enable_wanted = Signal(int, bool)
    """Row; whether the rule is to count."""
    move_wanted = Signal(int, int)
    """A rule was dragged: its row, and the row that it is to have once it is taken out of its place."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rules: tuple[Rule, ...] = ()
        self._problems: Mapping[int, str] = {}
        self._idle: frozenset[int] = frozenset()

    def set_rules(self, rules: Sequence[Rule], problems: Mapping[int, str]) -> None:
        """The rules, and by row what is wrong with them. Rows that stay keep their selection."""
        rules = tuple(rules)
        kept = min(len(rules), len(self._rules))
        if len(rules) > kept:
            self.beginInsertRows(QModelIndex(), kept, len(rules) - 1)
        elif len(self._rules) > kept:
            self.beginRemoveRows(QModelIndex(), kept, len(self._rules) - 1)
        grows, shrinks = len(rules) > kept, len(self._rules) > kept
        self._rules, self._problems = rules, dict(problems)
        if grows:
            self.endInsertRows()
        elif shrinks:
            self.endRemoveRows()
        if rules:
            self.dataChanged.emit(self.index(0, 0), self.index(len(rules) - 1, len(Column) - 1))

    def set_idle(self, numbers: Sequence[int]) -> None:
        """Numbers of the rules (from 1) that do what the default action does anyway."""
        self._idle = frozenset(numbers)
        if self._rules:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rules) - 1, len(Column) - 1), [Qt.ItemDataRole.ToolTipRole])

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default; an invalid index is immutable
        return 0 if parent.isValid() else len(self._rules)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  as above
        return 0 if parent.isValid() else len(Column)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        flags = super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemNeverHasChildren
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == Column.NUMBER else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rules):
            return None
        rule = self._rules[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _text(index.row(), rule, Column(index.column()))
            case Qt.ItemDataRole.CheckStateRole if index.column() == Column.NUMBER:
                return Qt.CheckState.Checked if rule.enabled else Qt.CheckState.Unchecked
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(index.row(), rule)
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._accessible(index.row(), rule, Column(index.column()))
            case Role.RULE:
                return rule
            case Role.PROBLEM:
                return self._problems.get(index.row(), "")
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if not index.isValid() or role != Qt.ItemDataRole.CheckStateRole or index.column() != Column.NUMBER:
            return False
        self.enable_wanted.emit(index.row(), Qt.CheckState(value) is Qt.CheckState.Checked)
        return True

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        title, tip = _TITLES[Column(section)]
        return {Qt.ItemDataRole.DisplayRole: title, Qt.ItemDataRole.ToolTipRole: tip}.get(Qt.ItemDataRole(role))

    # Dragging: the order matters where two rules speak of the same call.

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        if indexes:
            data.setData(_MIME, str(indexes[0].row()).encode())
        return data

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:  # noqa: ARG002  Qt's signature
        if not data.hasFormat(_MIME):
            return False
        source = int(data.data(_MIME).toStdString())
        target = row if row >= 0 else parent.row() if parent.isValid() else len(self._rules)
        self.move_wanted.emit(source, target - (target > source))
        # The rules come anew through `set_rules`; the view must not remove the row as well.
        return False

    def _tip(self, row: int, rule: Rule) -> str:
        lines = [
            f"{row + 1}. {calls_text(rule.syscalls)}",
            arguments_text(rule),
            f"{rule.action}: {action_sentence(rule.action)}",
            rule.note,
        ]
        if not rule.enabled:
            lines.append("Not ticked: the rule does not count.")
        elif row + 1 in self._idle:
            lines.append("Does what the default action does anyway.")
        return "\n".join(filter(None, [*lines, self._problems.get(row, "")]))

    def _accessible(self, row: int, rule: Rule, column: Column) -> str:
        text = _text(row, rule, column)
        if column is Column.NUMBER:
            return f"Rule {text}, {'counts' if rule.enabled else 'does not count'}"
        return f"{text}. {self._problems[row]}" if column is Column.CALLS and row in self._problems else text


def _text(row: int, rule: Rule, column: Column) -> str:
    match column:
        case Column.NUMBER:
            return str(row + 1)
        case Column.CALLS:
            return calls_text(rule.syscalls)
        case Column.TESTS:
            return arguments_text(rule)
        case Column.ACTION:
            return rule.action
        case Column.NOTE:
            return rule.note
