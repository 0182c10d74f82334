"""All capabilities as a list of checkboxes, and the search in it."""

from __future__ import annotations

import enum
import html
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt, Signal

from core.knowledge.capabilities import CAPABILITIES, Capability

Index = QModelIndex | QPersistentModelIndex


class Role(enum.IntEnum):
    """What the delegate asks for beside the text."""

    CAPABILITY = Qt.ItemDataRole.UserRole
    """The `Capability`."""


class CapabilityModel(QAbstractListModel):
    """A row a capability, in the order of their numbers; checked means that the target is to hold it."""

    toggle_wanted = Signal(str)
    """The user asks for this one to change; whoever owns the policy decides."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept: frozenset[str] | None = None

    def set_kept(self, kept: frozenset[str] | None) -> None:
        """The names that are kept; None: they are left as they are, which no checkbox can say."""
        if kept != self._kept:
            self._kept = kept
            self.dataChanged.emit(self.index(0), self.index(len(CAPABILITIES) - 1), [Qt.ItemDataRole.CheckStateRole])

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own default; an invalid index is immutable
        return 0 if parent.isValid() else len(CAPABILITIES)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return super().flags(index) | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemNeverHasChildren

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        capability = CAPABILITIES[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return capability.name
            case Qt.ItemDataRole.CheckStateRole:
                return self._check_state(capability.name)
            case Qt.ItemDataRole.AccessibleTextRole:
                warning = ", leads to full root" if capability.root_equivalent else ""
                return f"{capability.name}: {capability.governs}{warning}"
            case Qt.ItemDataRole.ToolTipRole:
                return capability_tip(capability, "Space keeps or drops it, Enter shows where the kernel asks for it.")
            case Role.CAPABILITY:
                return capability
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: ARG002  Qt's signature; a toggle has no value
        if not index.isValid() or role != Qt.ItemDataRole.CheckStateRole:
            return False
        self.toggle_wanted.emit(CAPABILITIES[index.row()].name)
        return True

    def _check_state(self, name: str) -> Qt.CheckState:
        if self._kept is None:
            return Qt.CheckState.PartiallyChecked
        return Qt.CheckState.Checked if name in self._kept else Qt.CheckState.Unchecked


class CapabilitySearch(QSortFilterProxyModel):
    """Only the capabilities that have every word of the search in their name, their description or their calls."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = ()

    def search(self, text: str) -> None:
        self.beginFilterChange()
        self._words = tuple(text.casefold().removeprefix("cap_").split())
        self.endFilterChange()

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:  # noqa: ARG002  Qt's signature; a list has no parents
        capability = CAPABILITIES[source_row]
        text = " ".join((capability.name, capability.governs, capability.summary, *capability.calls)).casefold()
        return all(word in text for word in self._words)


def capability_tip(capability: Capability, keys: str) -> str:
    """What there is to say of it in a tooltip; `keys`: what can be done with it, as a sentence."""
    parts = [f"CAP_{capability.name} ({capability.number}): {capability.governs}", capability.summary]
    if capability.path_to_root:
        parts.append(f"⚠ A way to full root: {capability.path_to_root}")
    return rich_text([*parts, keys])


def rich_text(paragraphs: Sequence[str]) -> str:
    """Plain sentences as a tooltip that wraps."""
    return "".join(f"<p>{html.escape(part, quote=False)}</p>" for part in paragraphs)
