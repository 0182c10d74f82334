"""The policy that is being edited: the one place where it changes, with undo, and its file."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack
from shiboken6 import isValid

from core.policy.error import PolicyError
from core.policy.file import encode
from core.policy.model import Policy
from core.policy.reading import read_policy
from gui.policy_problems import policy_problems

_MERGEABLE: Final = 1


class PolicyDocument(QObject):
    """A `Policy`, its file, and every step since it was opened."""

    changed = Signal(object)
    """The `Policy` as it is now; also emitted where only `path` or `dirty` changed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._policy = Policy()
        self._path: Path | None = None
        self._problems: tuple[PolicyError, ...] = ()
        self.undo_stack = QUndoStack(self)
        """For the Edit menu. Each step holds the whole policy before and after, so that no step can lose a part of it."""
        self.undo_stack.cleanChanged.connect(self._on_clean_changed)

    def __del__(self) -> None:
        # Python frees what hangs together in any order, and a step freed before the stack that lists it is freed twice. Here all still stand.
        if isValid(self.undo_stack):
            self.undo_stack.blockSignals(True)
            self.undo_stack.clear()

    @property
    def policy(self) -> Policy:
        return self._policy

    @property
    def path(self) -> Path | None:
        """The file that `save` writes to; None: it has none yet."""
        return self._path

    @property
    def dirty(self) -> bool:
        """Whether there are changes that no file has."""
        return not self.undo_stack.isClean()

    @property
    def problems(self) -> tuple[PolicyError, ...]:
        """What is wrong with the policy, each at its key; none where it can be run as far as can be said without a run."""
        return self._problems

    def problem_at(self, key: str) -> str:
        """The first problem at this key or below it, as a sentence; empty where there is none."""
        found = (err for err in self._problems if err.key == key or err.key.startswith((f"{key}.", f"{key}[")))
        return next((err.sentence for err in found), "")

    # Changing it.

    def edit(self, text: str, policy: Policy, field: str = "") -> None:
        """One step to undo, named `text` in the Edit menu. Steps with the same `field` in a row become one: typing is one step."""
        if policy != self._policy:
            self.undo_stack.push(_Step(self, text, (self._policy, self._path), (policy, self._path), field))

    def set_policy(self, policy: Policy, path: Path | None = None) -> None:
        """Another policy takes its place, with `path` as its file; what was edited before can be brought back by undo."""
        if self.undo_stack.count() == 0 or policy == self._policy:
            self._become(policy, path)
        else:
            name = policy.name or (path.name if path is not None else "another policy")
            self.undo_stack.push(_Step(self, f"opening {name}", (self._policy, self._path), (policy, path)))
        self.undo_stack.setClean()
        self.changed.emit(self._policy)

    # Its file.

    def load(self, path: Path) -> None:
        """Reads a policy file in. Raises PolicyError for what is no policy, OSError where the file cannot be read."""
        self.set_policy(read_policy(path), path)

    def save(self, path: Path | None = None) -> None:
        """Writes to `path`, or to its own file. The file is whole at every moment: the old one or the new. Raises OSError."""
        path = path or self._path
        if path is None:
            raise FileNotFoundError(2, "the policy has no file yet", "")
        _write_whole(path, encode(self._policy))
        self._path = path
        self.undo_stack.setClean()
        self.changed.emit(self._policy)

    def _become(self, policy: Policy, path: Path | None) -> None:
        if policy != self._policy:
            self._problems = policy_problems(policy)
        self._policy, self._path = policy, path
        self.changed.emit(policy)

    def _on_clean_changed(self) -> None:
        self.changed.emit(self._policy)


State = tuple[Policy, Path | None]


class _Step(QUndoCommand):
    def __init__(self, document: PolicyDocument, text: str, before: State, after: State, field: str = "") -> None:
        super().__init__(text)
        self._document = document
        self._before = before
        self.after = after
        self.field = field

    def id(self) -> int:
        return _MERGEABLE if self.field else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Step) or other.field != self.field:
            return False
        self.after = other.after
        self.setObsolete(self.after == self._before)
        return True

    def redo(self) -> None:
        self._go(self._before, self.after)

    def undo(self) -> None:
        self._go(self.after, self._before)

    def _go(self, origin: State, destination: State) -> None:
        # An edit leaves the path alone: the policy may have been saved elsewhere since.
        moves = origin[1] != destination[1]
        self._document._become(destination[0], destination[1] if moves else self._document.path)


def _write_whole(path: Path, text: str) -> None:
    """Through a file beside it and a rename; a link's own file is replaced, with the permissions that it had."""
    target = path.resolve()
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("x", encoding="utf-8") as file:
            if target.exists():
                draft.chmod(target.stat().st_mode & 0o7777)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
