"""Policies and their files: what is not saved is asked for before it is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from core.policy.file import decode
from core.policy.model import Capabilities, Policy
from gui.actions import Actions
from gui.policy_document import PolicyDocument
from gui.policy_files import PolicyFiles
from gui.settings import Settings
from gui.theme import Theme

EDITED = Policy(capabilities=Capabilities(drop=("NET_RAW",)))
Button = QMessageBox.StandardButton
_QUESTION = QMessageBox.question


class Asked:
    """Presses a button in each question, and keeps its text."""

    def __init__(self) -> None:
        self.answer = Button.Cancel
        self.texts: list[str] = []
        self._timer = QTimer(interval=1)
        self._timer.timeout.connect(self._on_timeout)
        self._timer.start()

    def _on_timeout(self) -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            self.texts.append(box.text())
            box.button(self.answer).click()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    monkeypatch.setattr(QMessageBox, "question", _QUESTION)
    return Asked()


@pytest.fixture
def document() -> PolicyDocument:
    return PolicyDocument()


@pytest.fixture
def files(qtbot: QtBot, theme: Theme, settings: Settings, document: PolicyDocument) -> PolicyFiles:
    window = QWidget()
    qtbot.addWidget(window)
    return PolicyFiles(document, Actions(theme, window), settings, window)


def test_closing_asks_for_a_policy_that_no_file_has(files: PolicyFiles, document: PolicyDocument, asked: Asked) -> None:
    assert files.may_discard(closing=True)
    document.edit("dropping NET_RAW", EDITED)
    assert files.may_discard()  # undo brings it back
    assert asked.texts == []
    assert not files.may_discard(closing=True)
    assert asked.texts == ["The policy is in no file yet: it ends with the window."]
    asked.answer = Button.Discard
    assert files.may_discard(closing=True)


def test_changes_to_a_file_are_asked_for_and_saved(files: PolicyFiles, document: PolicyDocument, asked: Asked, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    document.save(path)
    document.edit("dropping NET_RAW", EDITED)
    assert not files.may_discard()
    assert "mine.toml" in asked.texts[0]
    asked.answer = Button.Save
    assert files.may_discard(closing=True)
    assert decode(path.read_text()) == EDITED
    assert not document.dirty


@pytest.mark.parametrize("chosen", ["", "new"])
def test_saving_on_closing_asks_where_to(
    files: PolicyFiles, document: PolicyDocument, asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / chosen) if chosen else "", ""))
    document.edit("dropping NET_RAW", EDITED)
    asked.answer = Button.Save
    assert files.may_discard(closing=True) == bool(chosen)
    assert document.dirty != bool(chosen)
    assert (tmp_path / "new.toml").exists() == bool(chosen)


def test_a_file_that_cannot_be_had_is_told_and_one_that_can_ends_the_telling(files: PolicyFiles, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(files.problem) as problem:
        assert not files.open(tmp_path / "none.toml")
    assert "none.toml cannot be read: No such file or directory. Choose another" in problem.args[0]
    (tmp_path / "some.toml").write_text('name = "some"')
    with qtbot.waitSignal(files.done):
        assert files.open(tmp_path / "some.toml")
