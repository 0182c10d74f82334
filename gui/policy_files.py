"""Opening, saving and choosing policies: the policy menu and what it does."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QWidget

from core.policy.error import PolicyError
from core.policy.file import decode
from core.policy.model import Policy
from core.resources import resource_path
from gui.actions import Actions
from gui.policy_document import PolicyDocument
from gui.settings import Settings
from gui.words import sentence

_PATTERN: Final = "Policies (*.toml)"


class PolicyFiles(QObject):
    """Keeps a `PolicyDocument` in step with files."""

    problem = Signal(str)
    """A file could not be read or written: a sentence."""
    done = Signal()
    """A policy was read or written: what was said of files before does not hold any more."""

    def __init__(self, document: PolicyDocument, actions: Actions, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._document = document
        self._actions = actions
        self._settings = settings
        self._window = window
        self.menu = QMenu("&Policy", window)
        self.menu.aboutToShow.connect(self._on_about_to_show)
        self._presets = QMenu("&Presets", window)
        self._recent = QMenu("&Recent", window)
        self._fill()
        actions.open_policy.triggered.connect(self._on_open)
        actions.save_policy.triggered.connect(self.save)
        actions.save_policy_as.triggered.connect(self._on_save_as)

    def open(self, path: Path) -> bool:
        """Reads this file into the document. Whether it could."""
        try:
            self._document.load(path)
        except (PolicyError, OSError) as err:
            self.problem.emit(_reading_failed(path, err))
            return False
        self._settings.remember_policy(path)
        self.done.emit()
        return True

    def save(self) -> bool:
        """Writes the document to its file, asking for one where it has none. Whether it could."""
        path = self._document.path
        return self._on_save_as() if path is None else self._write(path)

    def may_discard(self, *, closing: bool = False) -> bool:
        """Asks what to do with changes that are not saved; whether to go on. `closing`: undo will not bring them back."""
        path = self._document.path
        if not self._document.dirty or (path is None and not closing):
            return True
        buttons = QMessageBox.StandardButton.Save | QMessageBox.StandardButton.Discard | QMessageBox.StandardButton.Cancel
        text = (
            f"The policy in {path.name} has changes that are not saved."
            if path
            else "The policy is in no file yet: it ends with the window."
        )
        answer = QMessageBox.question(self._window, "Save the policy?", text, buttons, QMessageBox.StandardButton.Save)
        if answer == QMessageBox.StandardButton.Save:  # an int, whatever its type says
            return self.save()
        return answer == QMessageBox.StandardButton.Discard

    def presets(self) -> list[Path]:
        """The policies that come with the program, by name."""
        return sorted(resource_path("presets/policies").glob("*.toml"))

    def title(self) -> str:
        """What the document is called, with a mark where it has changes that no file has."""
        path = self._document.path
        name = self._document.policy.name or (path.stem if path is not None else "Untitled policy")
        return f"{name} •" if self._document.dirty else name

    # The menu.

    def _fill(self) -> None:
        self.menu.clear()
        self._presets.clear()
        for path in self.presets():
            policy = self._read(path)
            if policy is not None:
                action = self._presets.addAction(policy.name or path.stem)
                action.setToolTip(policy.description)
                action.setData(path)
                action.triggered.connect(self._on_preset)
        self._presets.setToolTipsVisible(True)
        actions = self._actions
        self.menu.addMenu(self._presets)
        self.menu.addMenu(self._recent)
        self.menu.addSeparator()
        self.menu.addActions([actions.open_policy, actions.save_policy, actions.save_policy_as])

    def _on_about_to_show(self) -> None:
        self._recent.clear()
        for path in self._settings.recent_policies():
            action = self._recent.addAction(path.name)
            action.setToolTip(str(path))
            action.setData(path)
            action.triggered.connect(self._on_recent)
        self._recent.setEnabled(not self._recent.isEmpty())

    def _on_preset(self) -> None:
        path = self._chosen()
        policy = self._read(path)
        if policy is not None and self.may_discard():
            # A preset is a start, not a file to write to.
            self._document.set_policy(policy, None)
            self.done.emit()

    def _on_recent(self) -> None:
        path = self._chosen()
        if self.may_discard():
            self.open(path)

    def _on_open(self) -> None:
        if not self.may_discard():
            return
        name, _ = QFileDialog.getOpenFileName(self._window, "Open a policy", self._folder(), _PATTERN)
        if name:
            self.open(Path(name))

    def _on_save_as(self) -> bool:
        name, _ = QFileDialog.getSaveFileName(self._window, "Save the policy", self._folder(), _PATTERN)
        if not name:
            return False
        path = Path(name)
        return self._write(path if path.suffix else path.with_suffix(".toml"))

    def _chosen(self) -> Path:
        action = self.sender()
        if not isinstance(action, QAction):
            raise TypeError("only actions are connected to this slot")
        path: Path = action.data()
        return path

    # Files.

    def _folder(self) -> str:
        path = self._document.path
        return str(path.parent if path is not None else Path.cwd())

    def _read(self, path: Path) -> Policy | None:
        try:
            return decode(path.read_text(encoding="utf-8"))
        except (PolicyError, OSError) as err:
            self.problem.emit(_reading_failed(path, err))
            return None

    def _write(self, path: Path) -> bool:
        try:
            self._document.save(path)
        except OSError as err:
            self.problem.emit(f"{path} cannot be written: {err.strerror}. Save the policy elsewhere with “Save the policy as…”.")
            return False
        self._settings.remember_policy(path)
        self.done.emit()
        return True


def _reading_failed(path: Path, err: PolicyError | OSError) -> str:
    if isinstance(err, OSError):
        return f"The policy {path} cannot be read: {err.strerror}. Choose another file, or change who may read it."
    return sentence(f"{path.name}: {err}")
