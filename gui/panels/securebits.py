"""The eight securebits, each with its lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QWidget

from core.policy.securebits import SECUREBITS
from gui.labels import ProblemLabel
from gui.naming import named

_LOCK: Final = "-locked"
MEANINGS: Final[Mapping[str, str]] = {
    "noroot": "An execve as uid 0, or of a setuid root program, gives no capability for that.",
    "no-setuid-fixup": "Going from uid 0 to another, or back, leaves the capability sets alone.",
    "keep-caps": "Going from uid 0 to another keeps what is permitted. Every execve clears it, so it counts for the launch only.",
    "no-cap-ambient-raise": "Nothing can be put into the ambient set.",
}
"""What each bit does, as a sentence."""


class SecurebitsEdit(QWidget):
    """Shows securebits, and asks for others."""

    changed = Signal(object)
    """The names that are to be set, as a tuple; None: the securebits are to be left as they are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chosen = named(QCheckBox("Choose the securebits"), "Choose the securebits; off: they are left as they are")
        self.boxes = {name: _box(name) for name in SECUREBITS}
        self.problem = ProblemLabel()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.chosen, 0, 0, 1, 2)
        for place, (name, box) in enumerate(self.boxes.items()):
            grid.addWidget(box, 1 + place // 2, place % 2)
            box.setObjectName(name)
        grid.addWidget(self.problem, 1 + len(self.boxes) // 2, 0, 1, 2)
        for button in (self.chosen, *self.boxes.values()):
            button.clicked.connect(self._on_clicked)

    def show_securebits(self, names: tuple[str, ...] | None, problem: str) -> None:
        """The names, None where they are left as they are; `problem`: what is wrong with them, as a sentence."""
        self.chosen.setChecked(names is not None)
        for name, box in self.boxes.items():
            box.setChecked(name in (names or ()))
            box.setEnabled(names is not None)
        self.problem.show_problem(problem)

    def _on_clicked(self) -> None:
        names = tuple(name for name, box in self.boxes.items() if box.isChecked())
        self.changed.emit(names if self.chosen.isChecked() else None)


def _box(name: str) -> QCheckBox:
    bit = name.removesuffix(_LOCK)
    if name == bit:
        return named(QCheckBox(name), name, MEANINGS[name])
    return named(QCheckBox("locked"), name, f"{bit} can never be changed again, by whoever.")
