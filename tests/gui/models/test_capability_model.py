"""The capabilities as a list: checkboxes that ask, and a search by words."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from core.knowledge.capabilities import CAPABILITIES
from gui.models.capability_model import CapabilityModel, CapabilitySearch


@pytest.fixture
def model(qtbot: QtBot) -> CapabilityModel:  # noqa: ARG001  qtbot fails the test on exceptions in slots
    return CapabilityModel()


def test_model_keeps_the_rules(model: CapabilityModel, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # pytest-qt has no types here
    model.set_kept(frozenset({"KILL"}))
    search = CapabilitySearch()
    search.setSourceModel(model)
    qtmodeltester.check(search)  # type: ignore[no-untyped-call]  # pytest-qt has no types here
    search.search("raw")
    qtmodeltester.check(search)  # type: ignore[no-untyped-call]  # pytest-qt has no types here


def test_all_are_there_by_number(model: CapabilityModel) -> None:
    assert model.rowCount() == 41
    assert [model.index(row).data() for row in range(41)] == [capability.name for capability in CAPABILITIES]


def test_check_states(model: CapabilityModel) -> None:
    def state(row: int) -> Qt.CheckState:
        return Qt.CheckState(model.index(row).data(Qt.ItemDataRole.CheckStateRole))

    assert state(5) is Qt.CheckState.PartiallyChecked
    model.set_kept(frozenset({"KILL"}))
    assert state(5) is Qt.CheckState.Checked
    assert state(6) is Qt.CheckState.Unchecked


def test_ticking_asks_and_changes_nothing(model: CapabilityModel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(model.toggle_wanted) as wanted:
        model.setData(model.index(13), Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)
    assert wanted.args == ["NET_RAW"]
    assert Qt.CheckState(model.index(13).data(Qt.ItemDataRole.CheckStateRole)) is Qt.CheckState.PartiallyChecked


def test_what_is_read_out_names_the_danger(model: CapabilityModel) -> None:
    words = model.index(21).data(Qt.ItemDataRole.AccessibleTextRole)
    assert words.startswith("SYS_ADMIN: ")
    assert "root" in words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("net_raw", {"NET_RAW"}),
        ("CAP_NET_RAW", {"NET_RAW"}),
        ("raw sockets", {"NET_RAW"}),
        ("sethostname", {"SYS_ADMIN"}),
        ("no such words", set()),
        ("", {capability.name for capability in CAPABILITIES}),
    ],
)
def test_search(model: CapabilityModel, text: str, found: set[str]) -> None:
    search = CapabilitySearch()
    search.setSourceModel(model)
    search.search(text)
    assert {search.index(row, 0).data() for row in range(search.rowCount())} >= found
    assert bool(search.rowCount()) == bool(found)
    if len(found) == 1:
        assert search.rowCount() <= 3
