"""One kind of a policy's paths or ports: left open, or a list."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from core.knowledge.landlock import Kind
from core.policy.paths import MAX_PORT
from gui.labels import ProblemLabel, muted_label
from gui.naming import named
from gui.panels.path_list import PathList
from gui.panels.paths_words import CHOICES, kind_sentence
from gui.theme import Theme

Listed = tuple[str, ...] | tuple[int, ...] | None


class KindSection(QWidget):
    """A checkbox that closes the kind, what that means, and below it what stays open."""

    changed = Signal(str, str, object)
    """The kind, what was done to it, and the tuple that it is to have, or None."""

    def __init__(self, kind: Kind, abi: int, content: QWidget, parent: QWidget | None = None) -> None:
        """`content`: shows what is listed, while the kind is not left open."""
        super().__init__(parent)
        self.kind = kind
        self._abi = abi
        self._content = content
        text = CHOICES[kind]
        self.chosen = named(QCheckBox(text), text.replace("&", ""))
        self.meaning = muted_label()
        self.problem = ProblemLabel()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (self.chosen, self.meaning, content, self.problem):
            column.addWidget(widget)
        self.chosen.clicked.connect(self._on_chosen)

    def show_listed(self, listed: Listed, problem: str) -> None:
        """What is listed, None where the kind is left open; `problem`: what is wrong with it, as a sentence."""
        self.chosen.setChecked(listed is not None)
        self.meaning.setText(kind_sentence(self.kind, listed, self._abi))
        self._content.setVisible(listed is not None)
        self.problem.show_problem(problem)

    def _on_chosen(self, chosen: bool) -> None:
        self.changed.emit(self.kind, f"choosing what it may {self.kind}" if chosen else f"leaving {self.kind} open", () if chosen else None)


class PathSection(KindSection):
    """A list of paths."""

    def __init__(self, theme: Theme, kind: Kind, abi: int, parent: QWidget | None = None) -> None:
        self.paths = PathList(theme, kind)
        super().__init__(kind, abi, self.paths, parent)
        self.paths.changed.connect(self._on_paths_changed)

    def show_paths(self, listed: tuple[str, ...] | None, problem: str) -> None:
        self.paths.show_paths(listed or ())
        self.show_listed(listed, problem)

    def _on_paths_changed(self, text: str, paths: tuple[str, ...]) -> None:
        self.changed.emit(self.kind, text, paths)


class PortSection(KindSection):
    """Ports in a line, parted by commas or blanks."""

    def __init__(self, kind: Kind, abi: int, parent: QWidget | None = None) -> None:
        self.ports = named(QLineEdit(), f"TCP ports to {kind}{' to' if kind == 'connect' else ''}, parted by commas")
        self.ports.setPlaceholderText("80, 443")
        super().__init__(kind, abi, self.ports, parent)
        self.ports.editingFinished.connect(self._on_edited)

    def show_ports(self, listed: tuple[int, ...] | None, problem: str) -> None:
        text = ", ".join(map(str, listed or ()))
        if _numbers(self.ports.text()) != (listed or ()):
            self.ports.setText(text)
        self.show_listed(listed, problem)

    def _on_edited(self) -> None:
        numbers = _numbers(self.ports.text())
        if numbers is None:
            self.problem.show_problem(f"Ports are numbers from 0 to {MAX_PORT}, parted by commas: 80, 443")
        elif self.chosen.isChecked():
            self.changed.emit(self.kind, f"ports to {self.kind}", numbers)


def _numbers(text: str) -> tuple[int, ...] | None:
    words = text.replace(",", " ").split()
    return tuple(map(int, words)) if all(word.isdecimal() and word.isascii() for word in words) else None
