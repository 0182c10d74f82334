"""A list of folders and files: typed with completion, chosen in a dialog, dropped from a file manager, removed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QDir, QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCompleter,
    QFileDialog,
    QFileSystemModel,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.policy.error import quoted
from core.policy.paths import path_problem
from gui.completions import dress_popup
from gui.icons import Shape, shape_icon
from gui.labels import ProblemLabel
from gui.naming import named
from gui.theme import LIST_ROW_HEIGHT, Theme

_MOST_ROWS: Final = 6
"""Shown without scrolling."""


class PathList(QWidget):
    """Shows paths, and asks for others."""

    changed = Signal(str, tuple)
    """What was done, for the step's name, and the paths as they are to be."""

    def __init__(self, theme: Theme, verb: str, parent: QWidget | None = None) -> None:
        """`verb`: what the target may do below them, as in "read"."""
        super().__init__(parent)
        self._theme = theme
        self._verb = verb
        self._paths: tuple[str, ...] = ()
        self.list = _Rows(f"Where the target may {verb}")
        tip = "Type a path and press Enter, or drop folders on the list"
        self.edit = named(QLineEdit(), f"A folder or file below which the target may {verb}", tip)
        self.edit.setPlaceholderText("a path, as /usr")
        self.choose = named(QToolButton(), "Choose a folder", "Choose a folder (Ins)", "command")
        self.remove = named(QPushButton("Remove"), f"Remove the chosen paths from those to {verb}", "Remove the chosen paths (Del)")
        self.problem = ProblemLabel()
        _complete_paths(self.edit)
        self._lay_out()
        self.edit.returnPressed.connect(self._on_typed)
        self.choose.clicked.connect(self._on_choose)
        self.remove.clicked.connect(self._on_remove)
        self.list.insert_wanted.connect(self._on_choose)
        self.list.remove_wanted.connect(self._on_remove)
        self.list.dropped.connect(self.add)
        self.list.itemSelectionChanged.connect(self._on_selection_changed)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self._on_selection_changed()

    def show_paths(self, paths: tuple[str, ...]) -> None:
        """The paths, in their order; those that are not there are marked."""
        if paths != self._paths:
            self._paths = paths
            self._fill()

    def add(self, paths: tuple[str, ...]) -> None:
        """Asks for these to be added; where one cannot be, says why."""
        for path in paths:
            if problem := path_problem(path):
                self.problem.show_problem(f"{quoted(path)} cannot be added: {problem}")
                return
        self.problem.show_problem("")
        new = tuple(path for path in dict.fromkeys(paths) if path not in self._paths)
        if new:
            self.changed.emit(f"letting it {self._verb} {new[0]}", (*self._paths, *new))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.edit, 1)
        row.addWidget(self.choose)
        row.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.list)
        column.addLayout(row)
        column.addWidget(self.problem)

    def _fill(self) -> None:
        self.list.clear()
        for path in self._paths:
            item = QListWidgetItem(path)
            item.setToolTip(path)
            if not Path(path).exists():
                item.setIcon(shape_icon(Shape.WARNING, self._theme.tokens.capability))
                item.setToolTip(f"{path} is not there: the target cannot be launched while it is listed.")
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{path}, which is not there")
            self.list.addItem(item)
        height = self._theme.scaled(LIST_ROW_HEIGHT)
        for row in range(self.list.count()):
            self.list.item(row).setSizeHint(QSize(0, height))
        self.list.setFixedHeight(height * min(max(len(self._paths), 1), _MOST_ROWS) + 2 * self.list.frameWidth())
        self._on_selection_changed()

    def _on_typed(self) -> None:
        text = self.edit.text().strip()
        if text:
            self.add((str(Path(text).expanduser()) if text.startswith("~") else text,))
            if self.problem.isHidden():
                self.edit.clear()

    def _on_choose(self) -> None:
        name = QFileDialog.getExistingDirectory(self, f"A folder below which the target may {self._verb}", "/")
        if name:
            self.add((name,))

    def _on_remove(self) -> None:
        chosen = {item.text() for item in self.list.selectedItems()}
        if chosen:
            self.changed.emit(f"not letting it {self._verb} {min(chosen)}", tuple(path for path in self._paths if path not in chosen))

    def _on_selection_changed(self) -> None:
        self.remove.setEnabled(bool(self.list.selectedItems()))

    def _on_theme_changed(self) -> None:
        self.choose.setIcon(shape_icon(Shape.FOLDER, self._theme.tokens.text))
        self._fill()


class _Rows(QListWidget):
    """Takes files and folders that are dropped on it."""

    dropped = Signal(tuple)
    insert_wanted = Signal()
    remove_wanted = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setObjectName("paths")
        self.setAcceptDrops(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                self.remove_wanted.emit()
            case Qt.Key.Key_Insert:
                self.insert_wanted.emit()
            case _:
                super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _local_paths(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = _local_paths(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.dropped.emit(paths)


def _local_paths(data: QMimeData) -> tuple[str, ...]:
    return tuple(url.toLocalFile().rstrip("/") or "/" for url in data.urls() if url.isLocalFile())


def _complete_paths(edit: QLineEdit) -> None:
    completer = QCompleter(edit)
    files = QFileSystemModel(completer)
    files.setFilter(QDir.Filter.AllEntries | QDir.Filter.NoDotAndDotDot)
    files.setRootPath("/")
    completer.setModel(files)
    dress_popup(completer)
    edit.setCompleter(completer)
