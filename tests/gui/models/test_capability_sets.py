"""The grid's model: what each cell says of its set, and why it cannot be."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from core.knowledge.capabilities import CAPABILITIES
from core.policy.expert import EXPERT_SETS, expert_masks, expert_refusals
from core.policy.held import Held
from core.policy.model import Capabilities
from gui.models.capability_model import CapabilitySearch
from gui.models.capability_sets import CapabilitySetsModel, Column, SetRole

HELD = Held(bounding=(1 << 41) - 1, permitted=(1 << 41) - 1)
_KILL, _NET_RAW = 5, 13


@pytest.fixture
def model(qtbot: QtBot) -> CapabilitySetsModel:  # noqa: ARG001  qtbot fails the test on exceptions in slots
    model = CapabilitySetsModel()
    chosen = Capabilities(permitted=("KILL",), effective=("KILL", "NET_RAW"))
    model.show_sets(expert_masks(chosen, HELD), HELD, tuple(expert_refusals(chosen, HELD)))
    return model


def state(model: CapabilitySetsModel, row: int, column: Column) -> Qt.CheckState:
    return Qt.CheckState(model.index(row, column).data(Qt.ItemDataRole.CheckStateRole))


def test_model_keeps_the_rules(model: CapabilitySetsModel, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # pytest-qt has no types here
    search = CapabilitySearch()
    search.setSourceModel(model)
    search.search("raw")
    qtmodeltester.check(search)  # type: ignore[no-untyped-call]  # pytest-qt has no types here


def test_a_row_a_capability_a_column_a_set(model: CapabilitySetsModel) -> None:
    assert (model.rowCount(), model.columnCount()) == (len(CAPABILITIES), 1 + len(EXPERT_SETS))
    assert [column.set_name for column in Column] == [None, *EXPERT_SETS]


def test_cells(model: CapabilitySetsModel) -> None:
    assert state(model, _KILL, Column.PERMITTED) is Qt.CheckState.Checked
    assert state(model, _NET_RAW, Column.PERMITTED) is Qt.CheckState.Unchecked
    assert state(model, _KILL, Column.AMBIENT) is Qt.CheckState.PartiallyChecked


def test_a_refused_cell_says_the_rule(model: CapabilitySetsModel) -> None:
    cell = model.index(_NET_RAW, Column.EFFECTIVE)
    assert cell.data(SetRole.REFUSAL).add_to == "permitted"
    assert "effective ⊆ permitted" in cell.data(Qt.ItemDataRole.ToolTipRole)
    assert cell.data(Qt.ItemDataRole.AccessibleTextRole) == "NET_RAW, effective: yes; impossible"
    assert model.index(_KILL, Column.EFFECTIVE).data(SetRole.REFUSAL) is None


def test_what_is_left_says_what_that_is(model: CapabilitySetsModel) -> None:
    assert model.index(_KILL, Column.BOUNDING).data(Qt.ItemDataRole.AccessibleTextRole) == "KILL, bounding: left as it is (held)"
    assert model.index(_KILL, Column.AMBIENT).data(Qt.ItemDataRole.AccessibleTextRole) == "KILL, ambient: left as it is (not held)"


def test_ticking_asks_and_changes_nothing(model: CapabilitySetsModel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(model.toggle_wanted) as wanted:
        assert model.setData(model.index(_NET_RAW, Column.AMBIENT), None, Qt.ItemDataRole.CheckStateRole)
    assert wanted.args == ["ambient", _NET_RAW]
    assert state(model, _NET_RAW, Column.AMBIENT) is Qt.CheckState.PartiallyChecked
    assert not model.setData(model.index(_NET_RAW, Column.NAME), None, Qt.ItemDataRole.CheckStateRole)


def test_the_header_has_letters_or_words(model: CapabilitySetsModel, qtbot: QtBot) -> None:
    def titles() -> list[str]:
        return [model.headerData(column, Qt.Orientation.Horizontal) for column in Column]

    assert titles() == ["Capability", "B", "P", "E", "I", "A"]
    with qtbot.waitSignal(model.headerDataChanged):
        model.set_full_words(True)
    assert titles() == ["Capability", "Bounding", "Permitted", "Effective", "Inheritable", "Ambient"]
    assert model.headerData(Column.AMBIENT, Qt.Orientation.Horizontal, Qt.ItemDataRole.AccessibleTextRole) == "ambient"
