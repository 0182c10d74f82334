"""In the window, what to do about privilege that lacks is said in the window's words, and these lead to entries that there are."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from core.host import Host
from core.observer import native
from core.observer.abilities import hello
from core.plan import Plan, UsageProblem, make_plan
from core.policy.compile import compile_policy
from core.policy.error import PolicyError
from core.policy.model import Capabilities, Identity, Policy
from core.policy.target import Target
from gui.after_exec import own_caller
from gui.run_choices import RunChoices
from gui.run_flow import RunFlow
from gui.settings import Settings
from gui.ways import WINDOW
from tests.core.policy.callers import ORDINARY_CALLER
from tests.support.privilege import require_root

TRUE = Target("/bin/true", ("true",), {}, "/")
CALLER = dataclasses.replace(ORDINARY_CALLER, held=dataclasses.replace(ORDINARY_CALLER.held, ways=WINDOW))
BEYOND_AN_ORDINARY_USER = [
    Policy(capabilities=Capabilities(keep=("NET_RAW",))),
    Policy(capabilities=Capabilities(drop=("NET_RAW",)), identity=Identity(no_new_privs=False)),
    Policy(capabilities=Capabilities(bounding=())),
    Policy(capabilities=Capabilities(permitted=("NET_RAW",))),
    Policy(capabilities=Capabilities(inheritable=("NET_RAW",))),
    Policy(capabilities=Capabilities(securebits=("noroot",))),
    Policy(identity=Identity(user="root")),
    Policy(identity=Identity(group="audio")),
    Policy(identity=Identity(groups=("audio",))),
    Policy(identity=Identity(user_namespace=True, groups=("audio",))),
    Policy(identity=Identity(user_namespace=True, uid_map=((0, 1000, 2),))),
]


@pytest.mark.parametrize("policy", BEYOND_AN_ORDINARY_USER)
def test_a_policy_that_takes_root_names_the_menu(policy: Policy) -> None:
    with pytest.raises(PolicyError) as told:
        compile_policy(policy, TRUE, CALLER, engine="ptrace")
    assert "(Run → Observer → Root)" in told.value.sentence
    assert "--" not in told.value.sentence
    assert "user_namespace =" not in told.value.sentence


def test_an_engine_that_takes_root_names_the_menu() -> None:
    plan = make_plan(Policy(), ["true"], engine="ebpf", ways=WINDOW)
    lacking = {"reason": "eBPF needs CAP_BPF, which the observer does not hold", "root_helps": True}
    with pytest.raises(UsageProblem, match=r"does not hold: run the observer as root \(Run → Observer → Root\)"):
        plan.launch({**hello(), "engines": {"ebpf": lacking, "ptrace": None}})


def test_the_window_asks_in_its_own_words(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert {own_caller(as_root=root).held.ways for root in (False, True)} == {WINDOW}
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    window = QWidget()
    qtbot.addWidget(window)
    flow = RunFlow(window)
    plans: list[Plan] = []
    monkeypatch.setattr(flow.controller, "start", lambda plan, *_: plans.append(plan))
    assert flow.run(Policy(), ["true"], 24, 80)
    assert [plan.ways for plan in plans] == [WINDOW]


def _give_everything_up() -> None:
    for capability in range(native.last_capability() + 1):
        native.prctl(native.PR_CAPBSET_DROP, capability)
    native.capset(0, 0, 0)


def test_what_this_machine_can_do_is_told_in_the_words_of_the_window() -> None:
    require_root("every capability is given up")
    command = [sys.executable, "-I", "-m", "gui.host_answer"]
    done = subprocess.run(command, preexec_fn=_give_everything_up, capture_output=True, check=True)
    host = Host.from_json(json.loads(done.stdout))
    for name in ("engine ebpf", "capabilities", "audit records"):
        ability = host.ability(name)
        assert "(Run → Observer → Root)" in f"{ability.detail} {ability.remedy}"
    assert b"--observer" not in done.stdout


def test_the_ways_lead_to_entries_of_the_menu(qtbot: QtBot, settings: Settings) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    menu = RunChoices(RunFlow(window), settings, window).observers
    for way in (WINDOW.root, WINDOW.own, WINDOW.command):
        *_, title, entry = way.split(" → ")
        assert menu.title().replace("&", "") == title
        assert [action for action in menu.actions() if action.text().replace("&", "").startswith(entry)]
