"""Lint's findings as a list."""

from __future__ import annotations

import enum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.lint.finding import Finding
from gui.lint_report import headline

Index = QModelIndex | QPersistentModelIndex


class Role(enum.IntEnum):
    """What the delegate asks for beside the text."""

    FINDING = Qt.ItemDataRole.UserRole
    """The `Finding`."""


class FindingModel(QAbstractListModel):
    """A row a finding, the gravest first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._findings: tuple[Finding, ...] = ()

    def set_findings(self, findings: tuple[Finding, ...]) -> None:
        """Other findings take their place; the same ones keep the selection."""
        if findings != self._findings:
            self.beginResetModel()
            self._findings = findings
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default; an invalid index is immutable
        return 0 if parent.isValid() else len(self._findings)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        finding = self._findings[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return headline(finding)
            case Qt.ItemDataRole.ToolTipRole:
                return f"<p>{_escaped(finding.message)}</p>"
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{finding.severity}, {place_text(finding)}: {headline(finding)}"
            case Role.FINDING:
                return finding
        return None


def place_text(finding: Finding) -> str:
    """ "rule 2", "the whole policy"."""
    return "the whole policy" if finding.rule is None else f"rule {finding.rule}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
