"""The expert form by mouse and keyboard: cells, whole sets, mending, securebits, ids."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.policy.model import Capabilities, Identity, Policy
from gui import likely_caller
from gui.models.capability_sets import Column
from gui.panels.capabilities import CapabilitiesPanel
from gui.panels.capabilities_expert import ExpertForm
from gui.policy_document import PolicyDocument
from gui.theme import Theme
from tests.core.policy.callers import ORDINARY_CALLER, ROOT_CALLER
from tests.gui.panels.policy_support import shown, unnamed_controls

_KILL = 5
_IN_NAMESPACE = Identity(user_namespace=True)
"""So that every capability can be had, whoever runs the tests."""


@pytest.fixture
def document() -> PolicyDocument:
    document = PolicyDocument()
    document.set_policy(Policy(identity=_IN_NAMESPACE))
    return document


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme, document: PolicyDocument) -> CapabilitiesPanel:
    panel = CapabilitiesPanel(theme, document)
    qtbot.addWidget(panel)
    panel.resize(284, 800)
    panel.expert_switch.click()
    shown(qtbot, panel)
    return panel


@pytest.fixture
def form(panel: CapabilitiesPanel) -> ExpertForm:
    return panel.expert


def choose(form: ExpertForm, row: int, column: Column) -> None:
    form.grid.setFocus()
    form.grid.setCurrentIndex(form.found.index(row, column))


def cell_middle(form: ExpertForm, row: int, column: Column) -> QPoint:
    return form.grid.visualRect(form.found.index(row, column)).center()


def test_every_control_has_a_name(panel: CapabilitiesPanel) -> None:
    panel.expert.rest.click()
    assert unnamed_controls(panel) == []


def test_it_fits_the_narrow_panel(panel: CapabilitiesPanel, form: ExpertForm) -> None:
    assert panel.minimumSizeHint().width() <= 284
    assert form.grid.horizontalScrollBar().maximum() == 0
    assert form.grid.columnWidth(Column.NAME) > 100
    panel.resize(720, 800)
    assert form.model.headerData(Column.AMBIENT, Qt.Orientation.Horizontal) == "Ambient"


def test_space_and_arrows(form: ExpertForm, document: PolicyDocument) -> None:
    choose(form, 0, Column.INHERITABLE)
    QTest.keyClick(form.grid, Qt.Key.Key_Space)
    assert document.policy.capabilities == Capabilities(inheritable=("CHOWN",))
    assert document.undo_stack.undoText() == "adding CHOWN to inheritable"
    QTest.keyClick(form.grid, Qt.Key.Key_Right)
    QTest.keyClick(form.grid, Qt.Key.Key_Space)
    assert document.policy.capabilities == Capabilities(inheritable=("CHOWN",), ambient=("CHOWN",))
    QTest.keyClick(form.grid, Qt.Key.Key_Space)
    assert document.policy.capabilities == Capabilities(inheritable=("CHOWN",), ambient=())
    document.undo_stack.setIndex(0)
    assert document.policy.capabilities is None
    assert form.isVisible()


def test_a_click_anywhere_in_a_cell(form: ExpertForm, document: PolicyDocument) -> None:
    QTest.mouseClick(form.grid.viewport(), Qt.MouseButton.LeftButton, pos=cell_middle(form, _KILL, Column.AMBIENT) + QPoint(9, 9))
    assert document.policy.capabilities == Capabilities(ambient=("KILL",))


def test_the_first_tick_changes_this_one_alone(form: ExpertForm, document: PolicyDocument) -> None:
    QTest.mouseClick(form.grid.viewport(), Qt.MouseButton.LeftButton, pos=cell_middle(form, _KILL, Column.BOUNDING))
    capabilities = document.policy.capabilities
    assert capabilities is not None
    assert capabilities.bounding is not None
    assert "KILL" not in capabilities.bounding
    assert len(capabilities.bounding) == 40


def test_a_name_only_chooses(form: ExpertForm, document: PolicyDocument) -> None:
    QTest.mouseClick(form.grid.viewport(), Qt.MouseButton.LeftButton, pos=cell_middle(form, 3, Column.NAME))
    assert form.grid.currentIndex().row() == 3
    assert document.policy.capabilities is None


def test_whole_sets(form: ExpertForm, document: PolicyDocument) -> None:
    entries = {action.text().replace("&", ""): action for action in form.grid.set_menu("permitted").actions()}
    entries["None"].trigger()
    assert document.policy.capabilities == Capabilities(permitted=())
    entries["All"].trigger()
    everything = document.policy.capabilities
    assert everything is not None
    assert len(everything.permitted or ()) == 41
    entries["As they are"].trigger()
    assert document.policy.capabilities is None


def test_whole_sets_and_details_are_in_the_menu_of_a_cell(panel: CapabilitiesPanel, form: ExpertForm, document: PolicyDocument) -> None:
    choose(form, _KILL, Column.AMBIENT)
    entries = {action.text().replace("&", ""): action for action in form.grid.cell_menu(form.grid.currentIndex()).actions()}
    entries["None"].trigger()
    assert document.policy.capabilities == Capabilities(ambient=())
    entries["Details of KILL"].trigger()
    assert panel.details.isVisible()
    names = form.grid.cell_menu(form.found.index(_KILL, Column.NAME))
    assert [action.text() for action in names.actions()] == ["&Details of KILL"]


def test_a_refusal_is_said_and_mended_in_place(panel: CapabilitiesPanel, form: ExpertForm, document: PolicyDocument) -> None:
    document.edit("ambient alone", Policy(identity=_IN_NAMESPACE, capabilities=Capabilities(ambient=("KILL",))))
    assert "ambient ⊆ permitted ∩ inheritable" in form.problem.text()
    assert form.mend.text() == "Also add it to inheritable"
    assert not panel.after_exec.isVisible()
    form.mend.click()
    assert panel.after_exec.isVisible()
    assert document.policy.capabilities == Capabilities(ambient=("KILL",), inheritable=("KILL",))
    assert not form.problem.isVisible()
    assert not form.mend.isVisible()


def test_the_current_cells_refusal_comes_first(form: ExpertForm, document: PolicyDocument) -> None:
    wrong = Capabilities(permitted=(), effective=("CHOWN",), ambient=("KILL",))
    document.edit("two mistakes", Policy(identity=_IN_NAMESPACE, capabilities=wrong))
    assert "CHOWN cannot be effective" in form.problem.text()
    choose(form, _KILL, Column.AMBIENT)
    assert "KILL cannot be ambient" in form.problem.text()


def test_the_rule_of_a_set_is_told(form: ExpertForm) -> None:
    choose(form, 0, Column.BOUNDING)
    assert form.meaning.text().startswith("bounding: ")
    assert "SETPCAP" in form.meaning.text()


def test_securebits(form: ExpertForm, document: PolicyDocument) -> None:
    form.rest.click()
    assert not form.securebits.boxes["noroot"].isEnabled()
    form.securebits.chosen.click()
    assert document.policy.capabilities == Capabilities(securebits=())
    form.securebits.boxes["noroot"].click()
    form.securebits.boxes["noroot-locked"].click()
    assert document.policy.capabilities == Capabilities(securebits=("noroot", "noroot-locked"))
    form.securebits.chosen.click()
    assert document.policy.capabilities is None


def test_the_user_namespace_is_at_hand(form: ExpertForm, document: PolicyDocument) -> None:
    form.rest.click()
    assert form.namespace.uid_map.isVisible()
    form.namespace.user_namespace.click()
    assert not document.policy.identity.user_namespace
    assert not form.namespace.uid_map.isVisible()


def test_no_new_privs_and_user_are_at_hand(form: ExpertForm, document: PolicyDocument) -> None:
    form.rest.click()
    form.no_new_privs.click()
    assert not document.policy.identity.no_new_privs
    edit = form.identity.user.lineEdit()
    assert edit is not None
    edit.selectAll()
    QTest.keyClicks(edit, "root")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert document.policy.identity.user == "root"


def test_the_search_filters_the_grid(panel: CapabilitiesPanel, form: ExpertForm) -> None:
    choose(form, 0, Column.NAME)
    QTest.keyClicks(form.grid, "n")
    assert panel.search.hasFocus()
    QTest.keyClicks(panel.search, "et_raw")
    assert [form.found.index(row, 0).data() for row in range(form.found.rowCount())] == ["NET_RAW"]
    QTest.keyClick(panel.search, Qt.Key.Key_Down)
    assert form.grid.hasFocus()


def test_enter_shows_the_details(panel: CapabilitiesPanel, form: ExpertForm) -> None:
    choose(form, _KILL, Column.PERMITTED)
    QTest.keyClick(form.grid, Qt.Key.Key_Return)
    assert panel.details.isVisible()
    assert "KILL" in panel.details.title.text()


def test_a_name_that_is_none_stands_above(panel: CapabilitiesPanel, form: ExpertForm, document: PolicyDocument) -> None:
    document.edit("a wrong name", Policy(capabilities=Capabilities(ambient=("NET_ROW",))))
    assert "NET_RAW" in panel.problem.text()
    assert not form.grid.isEnabled()
    panel.expert_switch.click()
    assert form.isVisible()
    document.undo_stack.undo()
    assert form.grid.isEnabled()


def test_who_runs_the_observer_decides_what_is_impossible(
    panel: CapabilitiesPanel, form: ExpertForm, document: PolicyDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likely_caller, "own_caller", lambda *, as_root: ROOT_CALLER if as_root else ORDINARY_CALLER)
    document.edit("permitted", Policy(capabilities=Capabilities(permitted=("KILL",))))
    panel.set_observer("none")
    assert "the observer does not hold it" in form.problem.text()
    assert not form.mend.isVisible()
    panel.set_observer("sudo")
    assert not form.problem.isVisible()
