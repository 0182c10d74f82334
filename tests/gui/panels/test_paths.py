"""The paths panel: each kind left open or listed, typed, dropped and removed; what the kernel lacks, and what the target needs."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListWidget
from pytestqt.qtbot import QtBot

from core.knowledge.landlock import PATH_KINDS, PORT_KINDS, Kind
from core.policy.model import Identity, Paths, Policy
from gui.panels.paths import PathsPanel
from gui.panels.paths_words import kind_sentence
from gui.policy_document import PolicyDocument
from gui.theme import Theme
from tests.gui.panels.policy_support import shown, unnamed_controls

_NEWEST = 99


@pytest.fixture
def document() -> PolicyDocument:
    return PolicyDocument()


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme, document: PolicyDocument) -> PathsPanel:
    panel = PathsPanel(theme, document, _NEWEST)
    qtbot.addWidget(panel)
    panel.resize(284, 860)
    shown(qtbot, panel)
    return panel


def rows(rows: QListWidget) -> list[str]:
    return [rows.item(row).text() for row in range(rows.count())]


def drop(target: QListWidget, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    shared = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(5, 5), *shared)
    QApplication.sendEvent(target.viewport(), enter)
    assert enter.isAccepted()
    QApplication.sendEvent(target.viewport(), QDropEvent(QPointF(5, 5), *shared))


def test_every_control_has_a_name(panel: PathsPanel, document: PolicyDocument) -> None:
    document.set_policy(Policy(paths=Paths(read=(), write=(), execute=(), connect=(), bind=())))
    assert unnamed_controls(panel) == []


def test_nothing_is_wider_than_the_panel(panel: PathsPanel, document: PolicyDocument) -> None:
    document.set_policy(Policy(paths=Paths(read=("/usr/" + "long/" * 40,), bind=tuple(range(1, 60)))))
    assert panel.horizontalScrollBar().maximum() == 0


def test_a_kind_is_closed_and_left_open_again(panel: PathsPanel, document: PolicyDocument) -> None:
    assert not panel.paths["write"].paths.isVisible()
    panel.paths["write"].chosen.click()
    assert document.policy.paths == Paths(write=())
    assert panel.paths["write"].paths.isVisible()
    assert "nothing is listed" in panel.paths["write"].meaning.text()
    panel.paths["write"].chosen.click()
    assert document.policy.paths is None
    document.undo_stack.undo()
    assert document.policy.paths == Paths(write=())


def test_typing_removing_and_undo(panel: PathsPanel, document: PolicyDocument) -> None:
    section = panel.paths["read"]
    section.chosen.click()
    section.paths.edit.setFocus()
    for path in ("/usr", "/etc", "/usr"):
        QTest.keyClicks(section.paths.edit, path)
        QTest.keyClick(section.paths.edit, Qt.Key.Key_Escape)  # the completions
        QTest.keyClick(section.paths.edit, Qt.Key.Key_Return)
    assert document.policy.paths == Paths(read=("/usr", "/etc"))
    assert rows(section.paths.list) == ["/usr", "/etc"]
    section.paths.list.item(0).setSelected(True)
    QTest.keyClick(section.paths.list, Qt.Key.Key_Delete)
    assert document.policy.paths == Paths(read=("/etc",))
    document.undo_stack.undo()
    assert rows(section.paths.list) == ["/usr", "/etc"]


def test_a_path_that_cannot_be_is_told_in_place(panel: PathsPanel, document: PolicyDocument) -> None:
    section = panel.paths["read"]
    section.chosen.click()
    section.paths.edit.setText("usr/lib")
    QTest.keyClick(section.paths.edit, Qt.Key.Key_Return)
    assert "absolute path" in section.paths.problem.text()
    assert section.paths.edit.text() == "usr/lib"
    assert document.policy.paths == Paths(read=())


def test_home_is_understood(panel: PathsPanel, document: PolicyDocument) -> None:
    panel.paths["write"].chosen.click()
    panel.paths["write"].paths.edit.setText("~/work")
    QTest.keyClick(panel.paths["write"].paths.edit, Qt.Key.Key_Return)
    assert document.policy.paths == Paths(write=(str(Path.home() / "work"),))


def test_dropped_files(panel: PathsPanel, document: PolicyDocument, tmp_path: Path) -> None:
    panel.paths["execute"].chosen.click()
    drop(panel.paths["execute"].paths.list, tmp_path, Path("/usr/bin/env"))
    assert document.policy.paths == Paths(execute=(str(tmp_path), "/usr/bin/env"))


def test_what_is_not_there_is_marked(panel: PathsPanel, document: PolicyDocument, tmp_path: Path) -> None:
    document.set_policy(Policy(paths=Paths(read=(str(tmp_path), "/no/such/folder"))))
    items = panel.paths["read"].paths.list
    assert items.item(0).icon().isNull()
    assert not items.item(1).icon().isNull()
    assert "not there" in items.item(1).data(Qt.ItemDataRole.AccessibleTextRole)


def test_ports(panel: PathsPanel, document: PolicyDocument) -> None:
    section = panel.ports["connect"]
    section.chosen.click()
    section.ports.setText("80, 443")
    QTest.keyClick(section.ports, Qt.Key.Key_Return)
    assert document.policy.paths == Paths(connect=(80, 443))
    section.ports.setText("http")
    QTest.keyClick(section.ports, Qt.Key.Key_Return)
    assert "numbers from 0 to 65535" in section.problem.text()
    section.ports.setText("70000")
    QTest.keyClick(section.ports, Qt.Key.Key_Return)
    assert "70000" in section.problem.text()
    document.undo_stack.undo()
    assert section.ports.text() == "80, 443"
    assert not section.problem.isVisible()


def test_what_the_target_needs_is_said_and_added(panel: PathsPanel, document: PolicyDocument, qtbot: QtBot) -> None:
    program = "/bin/sh"
    panel.set_command(f"{shlex.quote(program)} -c 'exit 0'")
    document.edit("nothing at all", Policy(paths=Paths(read=(), execute=())))
    qtbot.waitUntil(panel.add_needs.isVisible)
    name = Path(os.path.realpath(program)).name
    assert panel.add_needs.text() == "Add what sh needs to start"
    assert name in panel.needs_problem.text()
    panel.add_needs.click()
    paths = document.policy.paths
    assert paths is not None
    assert os.path.realpath(program) in (paths.execute or ())
    assert any("ld" in path for path in paths.execute or ())
    assert not panel.add_needs.isVisible()
    assert not panel.needs_problem.isVisible()
    document.undo_stack.undo()
    assert panel.add_needs.isVisible()


def test_an_unfinished_command_needs_nothing(panel: PathsPanel, document: PolicyDocument, qtbot: QtBot) -> None:
    document.edit("nothing at all", Policy(paths=Paths(read=(), execute=())))
    panel.set_command("/bin/sh")
    qtbot.waitUntil(panel.add_needs.isVisible)
    panel.set_command("/bin/sh -c 'exit")
    qtbot.waitUntil(lambda: not panel.add_needs.isVisible())


def test_no_new_privs_is_asked_for(panel: PathsPanel, document: PolicyDocument) -> None:
    document.edit("paths", Policy(paths=Paths(read=())))
    assert not panel.hint.isVisible()
    document.edit("without", Policy(paths=Paths(read=()), identity=Identity(no_new_privs=False)))
    assert panel.hint.isVisible()


@pytest.mark.parametrize("kind", [*PATH_KINDS, *PORT_KINDS])
def test_what_this_kernel_lacks_is_said(kind: Kind) -> None:
    assert kind_sentence(kind, None, 1) == "Left open."
    assert "cannot refuse" not in kind_sentence(kind, ("/usr",), _NEWEST)
    lacks = kind in ("write", *PORT_KINDS)
    assert ("cannot refuse" in kind_sentence(kind, ("/usr",), 1)) == lacks


def test_a_kernel_before_refer_refuses_moves_everywhere() -> None:
    assert "then refuses to move or link files to another directory everywhere" in kind_sentence("read", ("/usr",), 1)
    assert "cannot refuse to move" not in kind_sentence("write", ("/usr",), 1)
    assert "everywhere" not in kind_sentence("read", ("/usr",), 2)
    assert "everywhere" not in kind_sentence("read", ("/usr",), 0)
