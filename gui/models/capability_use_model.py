"""The capabilities that a run asked for or held, as a table."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.knowledge.capabilities import BY_NAME
from core.knowledge.noise import function_purpose
from core.recording.capability_use import CapabilityUse
from gui.delegates.cells import TONE_ROLE, Tone
from gui.models.headers import header_value

Index = QModelIndex | QPersistentModelIndex


class Column(enum.IntEnum):
    """From what it is to who wanted to know."""

    CAPABILITY = 0
    STATE = 1
    GRANTED = 2
    REFUSED = 3
    CALLS = 4
    FUNCTIONS = 5


class Role(enum.IntEnum):
    """What the view asks for beside the text."""

    USE = Qt.ItemDataRole.UserRole
    """The `CapabilityUse`."""


_TITLES: Final = {
    Column.CAPABILITY: ("Capability", "Enter shows in the log the calls that asked for it"),
    Column.STATE: ("In this run", "Whether it was needed, refused, or only held"),
    Column.GRANTED: ("Granted", "How often the kernel asked for it, and it was there"),
    Column.REFUSED: ("Refused", "How often the kernel asked for it, and it was not there"),
    Column.CALLS: ("By the calls", "The system calls inside which it was asked for, and how often"),
    Column.FUNCTIONS: ("Asked in", "The kernel's functions that asked, and how often"),
}
_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class CapabilityUseModel(QAbstractTableModel):
    """Those that were asked for above, those that were only held below."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._uses: list[CapabilityUse] = []
        self._checks_seen = True

    def show(self, uses: Sequence[CapabilityUse], *, checks_seen: bool) -> None:
        """The counts as they are now; `checks_seen`: whether the engine sees what the kernel asks."""
        ordered = sorted(uses, key=lambda use: not use.asked)
        same = [use.name for use in ordered] == [use.name for use in self._uses]
        if not same:
            self.beginResetModel()
        self._uses, self._checks_seen = ordered, checks_seen
        if not same:
            self.endResetModel()
        elif ordered:
            self.dataChanged.emit(self.index(0, 0), self.index(len(ordered) - 1, len(Column) - 1))

    def row_of(self, capability: str) -> int:
        """-1 where it is not shown."""
        return next((row for row, use in enumerate(self._uses) if use.name == capability), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default; an invalid index is immutable
        return 0 if parent.isValid() else len(self._uses)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  as above
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._uses):
            return None
        use, column = self._uses[index.row()], Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(use, column)
            case Qt.ItemDataRole.ToolTipRole:
                return _tip(use, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Role.USE:
                return use
            case _ if role == TONE_ROLE:
                return self._tone(use, column)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        return header_value(_TITLES, section, role, _alignment(Column(section)))

    def _text(self, use: CapabilityUse, column: Column) -> str:
        match column:
            case Column.CAPABILITY:
                return use.name
            case Column.STATE:
                return self._state(use)
            case Column.GRANTED:
                return f"{use.granted:,}" if use.granted else ""
            case Column.REFUSED:
                return f"{use.refused:,}" if use.refused else ""
            case Column.CALLS:
                return _listed(use.calls)
            case Column.FUNCTIONS:
                return _listed(use.functions)

    def _state(self, use: CapabilityUse) -> str:
        if use.granted:
            return "✓ needed"
        if use.refused:
            return "✕ refused" if self._checks_seen else "✕ refused, as inferred"
        return "— could be dropped" if self._checks_seen else "— held"

    def _tone(self, use: CapabilityUse, column: Column) -> Tone:
        match column:
            case Column.CAPABILITY:
                return Tone.STRONG if use.asked else Tone.PLAIN
            case Column.STATE:
                return Tone.GOOD if use.granted else Tone.REFUSED if use.refused else Tone.QUIET
            case Column.REFUSED:
                return Tone.REFUSED
            case Column.FUNCTIONS:
                return Tone.MONO
            case _:
                return Tone.PLAIN


def _listed(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" if count > 1 else name for name, count in counter.most_common())


def _tip(use: CapabilityUse, column: Column) -> str:
    if column is Column.FUNCTIONS:
        return "\n".join(f"{function}: {function_purpose(function) or 'no description yet'}" for function in use.functions)
    if column is Column.CALLS:
        return _listed(use.calls)
    return f"CAP_{use.name}: {BY_NAME[use.name].governs}" if use.name in BY_NAME else use.name


def _alignment(column: Column) -> Qt.AlignmentFlag:
    return _RIGHT if column in (Column.GRANTED, Column.REFUSED) else _LEFT
