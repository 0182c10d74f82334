"""Which of the stacked filters is shown, and what can be done to the stack."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QPushButton, QWidget

from core.policy.model import Filter, Seccomp
from gui.models import stack_edits
from gui.naming import named

_LEAST_LETTERS: Final = 3
TOGETHER: Final = "The kernel asks all filters. The strictest answer counts; of equal ones, the newest's."
"""How stacked filters add up, for who reads the panel."""


class StackChooser(QWidget):
    """A line with the filters to choose from; it asks for changes, and is told the stack as it then is."""

    chosen = Signal(int)
    """The place of the filter that is to be shown, 0 for the oldest."""
    change_wanted = Signal(str, object, int)
    """What to call the step, the `Seccomp` after it, and the place that is to be shown then."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._seccomp = Seccomp()
        self.combo = named(QComboBox(), "The filter that is shown")
        # A long note must not make the panel wider.
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setMinimumContentsLength(_LEAST_LETTERS)
        self.button = named(QPushButton("Stack"), "Add, remove and reorder filters")
        self.menu = QMenu("Stack", self)
        self.add_action = self._action("&Add a filter on top", "Ctrl+Shift+A", self._on_add)
        self.remove_action = self._action("&Remove this filter", "Ctrl+Shift+Del", self._on_remove)
        self.menu.addSeparator()
        self.earlier_action = self._action("Load it &earlier", "Ctrl+Shift+Up", self._on_earlier)
        self.later_action = self._action("Load it &later", "Ctrl+Shift+Down", self._on_later)
        self.button.setMenu(self.menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.combo, 1)
        row.addWidget(self.button)
        self.setFocusProxy(self.combo)
        self.combo.activated.connect(self.chosen)

    def show_stack(self, seccomp: Seccomp, place: int) -> None:
        """The filters, and which of them is shown."""
        self._seccomp = seccomp
        found = stack_edits.filters(seccomp)
        titles = [filter_title(one, number, len(found)) for number, one in enumerate(found, start=1)]
        if titles != [self.combo.itemText(index) for index in range(self.combo.count())]:
            self.combo.clear()
            self.combo.addItems(titles)
        self.combo.setCurrentIndex(place)
        self.combo.setToolTip(f"Filter {titles[place]}, {_age(place, len(found))}" if len(found) > 1 else "")
        self.combo.setEnabled(len(found) > 1)
        self.remove_action.setEnabled(len(found) > 1)
        self.earlier_action.setEnabled(place > 0)
        self.later_action.setEnabled(place < len(found) - 1)

    @property
    def place(self) -> int:
        """Of the filter that is shown."""
        return max(0, self.combo.currentIndex())

    def _action(self, text: str, key: str, slot: object) -> QAction:
        action = QAction(text, self)
        action.setShortcut(QKeySequence(key))
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(slot)
        self.menu.addAction(action)
        self.addAction(action)
        return action

    def _on_add(self) -> None:
        self.change_wanted.emit("adding a filter", stack_edits.added(self._seccomp), len(self._seccomp.stacked) + 1)

    def _on_remove(self) -> None:
        left = stack_edits.removed(self._seccomp, self.place)
        self.change_wanted.emit(f"removing filter {self.place + 1}", left, min(self.place, len(left.stacked)))

    def _on_earlier(self) -> None:
        self._move(-1)

    def _on_later(self) -> None:
        self._move(1)

    def _move(self, step: int) -> None:
        target = self.place + step
        self.change_wanted.emit(f"moving filter {self.place + 1}", stack_edits.moved(self._seccomp, self.place, target), target)


def filter_title(one: Filter, number: int, count: int) -> str:
    """ "2 of 3: logging"."""
    note = f": {one.note}" if one.note else ""
    return f"{number} of {count}{note}"


def _age(place: int, count: int) -> str:
    return {0: "loaded first: the oldest", count - 1: "loaded last: the newest"}.get(place, f"loaded as number {place + 1}")
