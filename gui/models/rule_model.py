"""The rules of a seccomp filter as a table."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from PySide6.QtCore import QAbstractTableModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from core.lint.finding import Finding, Severity
from core.policy.model import Rule
from gui.lint_report import Guard, LintReport, guards_text
from gui.models.rule_text import action_sentence, arguments_text, calls_text, count_text, groups_text

T = TypeVar("T", Finding, Guard)

Index = QModelIndex | QPersistentModelIndex

_MIME: Final = "application/x-gatescope-rule-row"
_WARNINGS: Final[tuple[Severity, ...]] = ("error", "warning")
_GUARDED: Final = "also-guarded"
"""The finding that the guards themselves say better."""


class Column(enum.IntEnum):
    """In the order in which a rule is read; the number's cell has the checkbox that enables the rule."""

    NUMBER = 0
    CALLS = 1
    TESTS = 2
    ACTION = 3
    HITS = 4
    NOTE = 5


_TITLES: Final = {
    Column.NUMBER: ("No.", "The rule's number, as verdicts name it; ticked: the rule counts"),
    Column.CALLS: ("Syscalls", "Names, numbers and groups"),
    Column.TESTS: ("Arguments", "The tests that must all hold; none: whatever the arguments"),
    Column.ACTION: ("Action", "What becomes of the call"),
    Column.HITS: ("Hits", "How many calls of the run it decided"),
    Column.NOTE: ("Note", "Your own words"),
}


class Role(enum.IntEnum):
    """What the delegate asks for beside the text."""

    RULE = Qt.ItemDataRole.UserRole
    """The `Rule`."""
    PROBLEM = Qt.ItemDataRole.UserRole + 1
    """What is wrong with the rule, as a sentence; empty where nothing is."""
    REMARK = Qt.ItemDataRole.UserRole + 2
    """In a few words that the rule decides nothing, or what else guards its calls; empty where there is nothing to say."""
    SEVERITY = Qt.ItemDataRole.UserRole + 3
    """The gravest finding's on the rule; None where there is none that warns."""
    IDLE = Qt.ItemDataRole.UserRole + 4
    """Whether the remark says that the rule decides nothing."""


_ABSENT: Final = "–"
"""In the place of a count: the run's policy had no such rule."""


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
        self._first = 1
        self._remarks: Mapping[int, str] = {}
        self._found: Mapping[int, tuple[Finding, ...]] = {}
        self._guarded: Mapping[int, tuple[Guard, ...]] = {}
        self._hits: tuple[int | None, ...] | None = None

    def set_rules(self, rules: Sequence[Rule], problems: Mapping[int, str], first: int = 1) -> None:
        """The rules, by row what is wrong with them, and the first one's number. Rows that stay keep their selection."""
        rules = tuple(rules)
        kept = min(len(rules), len(self._rules))
        if len(rules) > kept:
            self.beginInsertRows(QModelIndex(), kept, len(rules) - 1)
        elif len(self._rules) > kept:
            self.beginRemoveRows(QModelIndex(), kept, len(self._rules) - 1)
        grows, shrinks = len(rules) > kept, len(self._rules) > kept
        self._rules, self._problems, self._first = rules, dict(problems), first
        if grows:
            self.endInsertRows()
        elif shrinks:
            self.endRemoveRows()
        self._all_changed()

    def set_report(self, report: LintReport) -> None:
        """What lint says of each rule; a report on other rules than these would say it of the wrong ones."""
        self._remarks = report.remarks()
        self._found = _by_rule(report.findings)
        self._guarded = _by_rule(report.guards)
        self._all_changed()

    def forget_report(self) -> None:
        """What was said is of other rules than there are now."""
        self._remarks, self._found, self._guarded = {}, {}, {}
        self._all_changed()

    @property
    def has_hits(self) -> bool:
        """Whether there is a run whose calls are counted."""
        return self._hits is not None

    def set_hits(self, hits: Sequence[int | None] | None) -> None:
        """For each row how many calls of the run the rule decided, None where the run's policy had no such rule; None: there is no run."""
        hits = None if hits is None else tuple(hits)
        if hits == self._hits:
            return
        appears = (hits is None) != (self._hits is None)
        self._hits = hits
        if appears:
            self._all_changed()
        elif self._rules:
            self.dataChanged.emit(self.index(0, Column.HITS), self.index(len(self._rules) - 1, Column.HITS))

    def _all_changed(self) -> None:
        if self._rules:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rules) - 1, len(Column) - 1))

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
                return self._text(index.row(), rule, Column(index.column()))
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
            case Role.REMARK:
                return self._remark(index.row())
            case Role.SEVERITY:
                return self._severity(index.row())
            case Role.IDLE:
                return self._first + index.row() in self._remarks
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

    def _findings(self, row: int) -> tuple[Finding, ...]:
        return self._found.get(self._first + row, ())

    def _guards(self, row: int) -> tuple[Guard, ...]:
        return self._guarded.get(self._first + row, ())

    def _remark(self, row: int) -> str:
        return self._remarks.get(self._first + row) or guards_text(self._guards(row))

    def _severity(self, row: int) -> Severity | None:
        found = [finding.severity for finding in self._findings(row)]
        return next((severity for severity in _WARNINGS if severity in found), None)

    def _text(self, row: int, rule: Rule, column: Column) -> str:
        match column:
            case Column.NUMBER:
                return str(self._first + row)
            case Column.CALLS:
                return calls_text(rule.syscalls)
            case Column.TESTS:
                return arguments_text(rule)
            case Column.ACTION:
                return rule.action
            case Column.HITS:
                return self._hits_text(row)
            case Column.NOTE:
                return rule.note

    def _hits_text(self, row: int) -> str:
        hits = self._hits[row] if self._hits is not None and row < len(self._hits) else None
        return count_text(hits) if hits is not None else _ABSENT if self._hits is not None else ""

    def _hits_tip(self, row: int) -> str:
        if self._hits is None:
            return ""
        hits = self._hits[row] if row < len(self._hits) else None
        if hits is None:
            return "The run's policy had no such rule: run again to count its calls."
        return f"Decided {hits:,} {'call' if hits == 1 else 'calls'} of the run."

    def _tip(self, row: int, rule: Rule) -> str:
        lines = [
            f"{self._first + row}. {calls_text(rule.syscalls)}",
            groups_text(rule.syscalls),
            arguments_text(rule),
            f"{rule.action}: {action_sentence(rule.action)}",
            rule.note,
            "" if rule.enabled else "Not ticked: the rule does not count.",
            self._hits_tip(row),
            *(f"{finding.severity.capitalize()}: {finding.message}" for finding in self._findings(row) if finding.code != _GUARDED),
            *(f"{guard.sentence}." for guard in self._guards(row)),
            self._problems.get(row, ""),
        ]
        return "\n".join(filter(None, lines))

    def _accessible(self, row: int, rule: Rule, column: Column) -> str:
        text = self._text(row, rule, column)
        match column:
            case Column.NUMBER:
                return f"Rule {text}, {'counts' if rule.enabled else 'does not count'}"
            case Column.CALLS:
                severity = self._severity(row)
                return ". ".join(filter(None, [text, self._remark(row), severity or "", self._problems.get(row, "")]))
            case Column.HITS if text:
                return self._hits_tip(row)
            case _:
                return text


def _by_rule(found: Sequence[T]) -> Mapping[int, tuple[T, ...]]:
    by_rule: dict[int, list[T]] = defaultdict(list)
    for each in found:
        if each.rule is not None:
            by_rule[each.rule].append(each)
    return {number: tuple(several) for number, several in by_rule.items()}
