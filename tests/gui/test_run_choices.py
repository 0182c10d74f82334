"""Who runs the observer: the menu, the form for a prefix of one's own, and what is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from gui.observer_dialog import ObserverDialog
from gui.run_choices import RunChoices
from gui.run_flow import RunFlow
from gui.settings import Settings
from gui.theme import Theme
from tests.gui.panels.policy_support import unnamed_controls


@pytest.fixture
def window(qtbot: QtBot, theme: Theme) -> QWidget:  # noqa: ARG001  its dialogs look as the theme says
    window = QWidget()
    qtbot.addWidget(window)
    return window


@pytest.fixture(autouse=True)
def _programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ssh", "nice"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def flow(window: QWidget) -> RunFlow:
    return RunFlow(window)


@pytest.fixture
def choices(flow: RunFlow, settings: Settings, window: QWidget) -> RunChoices:
    return RunChoices(flow, settings, window)


def entry(choices: RunChoices, value: str) -> QAction:
    return next(action for action in choices.observers.actions() if action.data() == value)


def checked(choices: RunChoices) -> list[str]:
    return [action.data() for action in choices.observers.actions() if action.isChecked()]


def typed(choices: RunChoices, prefix: str, command: str = "") -> ObserverDialog:
    entry(choices, "custom").trigger()
    dialog = choices.dialog
    assert dialog is not None
    dialog._prefix.setText(prefix)
    dialog._command.setText(command)
    return dialog


def test_a_named_prefix(choices: RunChoices, flow: RunFlow) -> None:
    assert checked(choices) == [""]
    entry(choices, "sudo").trigger()
    assert flow.observer == "sudo"
    assert checked(choices) == ["sudo"]


def test_a_prefix_of_ones_own_is_chosen_and_remembered(choices: RunChoices, flow: RunFlow, settings: Settings, window: QWidget) -> None:
    typed(choices, "ssh host", "/opt/observer").accept()
    assert (flow.observer, flow.far_command) == ("ssh host", "/opt/observer")
    assert checked(choices) == ["custom"]
    assert "ssh host" in entry(choices, "custom").text()
    again = RunFlow(window)
    RunChoices(again, settings, window)
    assert (again.observer, again.far_command) == ("ssh host", "/opt/observer")


def test_a_form_that_is_left_changes_nothing(choices: RunChoices, flow: RunFlow) -> None:
    entry(choices, "pkexec").trigger()
    typed(choices, "ssh host").reject()
    assert flow.observer == "pkexec"
    assert checked(choices) == ["pkexec"]
    assert choices.dialog is None


def test_the_last_prefix_is_offered_again(choices: RunChoices) -> None:
    typed(choices, "nice -n 5").accept()
    entry(choices, "none").trigger()
    entry(choices, "custom").trigger()
    assert choices.dialog is not None
    assert choices.dialog.prefix() == "nice -n 5"
    choices.dialog.reject()


@pytest.mark.parametrize(
    ("prefix", "problem"),
    [("", ""), ("sudo", "entry of its own"), ("doas", "not installed"), ("ssh 'host", "quotation mark"), ("ssh -t host", "leave -t out")],
)
def test_what_cannot_carry_an_observer_is_said_and_not_taken(choices: RunChoices, prefix: str, problem: str) -> None:
    dialog = typed(choices, prefix)
    assert problem in dialog.problem.text()
    assert bool(dialog.problem.text()) == bool(problem)
    assert not dialog.buttons.button(dialog.buttons.StandardButton.Ok).isEnabled()
    dialog.reject()


def test_what_will_run_is_shown(choices: RunChoices) -> None:
    dialog = typed(choices, "ssh host")
    assert dialog.outcome.text().endswith("host gatescope-observer")
    assert not dialog._elsewhere.isHidden()
    dialog._prefix.setText("nice -n 5")
    assert "core.observer" in dialog.outcome.text()
    assert dialog._elsewhere.isHidden()
    assert unnamed_controls(dialog) == []
    dialog.reject()
