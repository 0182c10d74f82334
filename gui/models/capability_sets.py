"""All capabilities against the five sets: a cell says whether the set is to hold it, and why it cannot."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from core.knowledge.capabilities import CAPABILITIES
from core.observer.wire import CapabilitySets
from core.policy.expert import EXPERT_SETS, Refusal, SetName
from core.policy.forms import as_they_are
from core.policy.held import Held
from gui.models.capability_model import Role, capability_tip, rich_text

Index = QModelIndex | QPersistentModelIndex


class Column(enum.IntEnum):
    """The name, then the sets in the order of the launch."""

    NAME = 0
    BOUNDING = 1
    PERMITTED = 2
    EFFECTIVE = 3
    INHERITABLE = 4
    AMBIENT = 5

    @property
    def set_name(self) -> SetName | None:
        """The set that the column shows; None: the names."""
        return EXPERT_SETS[self - 1] if self else None


class SetRole(enum.IntEnum):
    """What the view asks for of a cell, beside `Role.CAPABILITY`."""

    REFUSAL = Qt.ItemDataRole.UserRole + 1
    """The `Refusal` that is about this cell, or None."""


MEANINGS: Final[Mapping[SetName, str]] = {
    "bounding": "the most that an execve may give. It only ever shrinks, which takes SETPCAP.",
    "permitted": "what may be made effective. What is dropped from it comes back by an execve only.",
    "effective": "what the kernel looks at when it asks. It lies within permitted.",
    "inheritable": "what an execve gives on to a file that has it inheritable too. What is added lies within bounding.",
    "ambient": "what an execve of an ordinary program keeps. It lies within permitted and inheritable.",
}
"""Each set in a sentence that goes on after its name and a colon."""


class CapabilitySetsModel(QAbstractTableModel):
    """A row a capability, in the order of their numbers. It asks for changes, and is told the sets as they then are."""

    toggle_wanted = Signal(str, int)
    """A set, and the number of the capability that is to go into it or out of it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sets = CapabilitySets()
        self._held = Held(0, 0)
        self._refusals: tuple[Refusal, ...] = ()
        self._full_words = False

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """What the kernel would refuse, in the order of the launch."""
        return self._refusals

    def show_sets(self, sets: CapabilitySets, held: Held, refusals: tuple[Refusal, ...]) -> None:
        """The sets as the policy asks for them, what the launcher holds, and what the kernel would refuse of it."""
        self._sets, self._held, self._refusals = sets, held, refusals
        self.dataChanged.emit(self.index(0, 0), self.index(len(CAPABILITIES) - 1, len(Column) - 1))

    def set_full_words(self, full: bool) -> None:
        """Whether the header has room for words; otherwise a letter stands for each set, as capsh users know them."""
        if full != self._full_words:
            self._full_words = full
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Column) - 1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default; an invalid index is immutable
        return 0 if parent.isValid() else len(CAPABILITIES)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  as above
        return 0 if parent.isValid() else len(Column)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = super().flags(index) | Qt.ItemFlag.ItemNeverHasChildren
        return flags | Qt.ItemFlag.ItemIsUserCheckable if Column(index.column()).set_name else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        capability, name = CAPABILITIES[index.row()], Column(index.column()).set_name
        if role == Role.CAPABILITY:
            return capability
        if name is None:
            return _of_name(index.row(), role)
        match role:
            case Qt.ItemDataRole.CheckStateRole:
                return self._check_state(name, index.row())
            case SetRole.REFUSAL:
                return self._refusal(name, index.row())
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._words(name, index.row())
            case Qt.ItemDataRole.ToolTipRole:
                refusal = self._refusal(name, index.row())
                return rich_text([self._words(name, index.row()), f"{name}: {MEANINGS[name]}" if refusal is None else refusal.sentence])
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: ARG002  Qt's signature; a toggle has no value
        name = Column(index.column()).set_name if index.isValid() else None
        if name is None or role != Qt.ItemDataRole.CheckStateRole:
            return False
        self.toggle_wanted.emit(name, index.row())
        return True

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        name = Column(section).set_name
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return "Capability" if name is None else name.capitalize() if self._full_words else name[0].upper()
            case Qt.ItemDataRole.AccessibleTextRole:
                return name or "Capability"
            case Qt.ItemDataRole.ToolTipRole if name is not None:
                return rich_text([f"{name}: {MEANINGS[name]}", "Click for all, none, or as they are."])
            case Qt.ItemDataRole.TextAlignmentRole if name is not None:
                return Qt.AlignmentFlag.AlignCenter
        return None

    def _check_state(self, name: SetName, number: int) -> Qt.CheckState:
        bits: int | None = getattr(self._sets, name)
        if bits is None:
            return Qt.CheckState.PartiallyChecked
        return Qt.CheckState.Checked if bits >> number & 1 else Qt.CheckState.Unchecked

    def _refusal(self, name: SetName, number: int) -> Refusal | None:
        return next((one for one in self._refusals if one.set == name and one.mask >> number & 1), None)

    def _words(self, name: SetName, number: int) -> str:
        """ "NET_RAW, ambient: yes; impossible"."""
        state = self._check_state(name, number)
        if state is Qt.CheckState.PartiallyChecked:
            now = "held" if as_they_are(name, self._held) >> number & 1 else "not held"
            return f"{CAPABILITIES[number].name}, {name}: left as it is ({now})"
        impossible = "; impossible" if self._refusal(name, number) else ""
        return f"{CAPABILITIES[number].name}, {name}: {'yes' if state is Qt.CheckState.Checked else 'no'}{impossible}"


def _of_name(number: int, role: int) -> Any:
    capability = CAPABILITIES[number]
    match role:
        case Qt.ItemDataRole.DisplayRole:
            return capability.name
        case Qt.ItemDataRole.AccessibleTextRole:
            return f"{capability.name}: {capability.governs}"
        case Qt.ItemDataRole.ToolTipRole:
            return capability_tip(capability, "Space ticks a cell, Enter shows where the kernel asks for it.")
    return None
