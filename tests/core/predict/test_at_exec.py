"""What an exec's prediction says of itself, and its way through the event's data."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from core.predict.at_exec import AtExec
from core.predict.credentials import Credentials, Sets, set_text
from core.predict.exec import predict
from core.predict.program import Program

NET_RAW, CHOWN = 1 << 13, 1 << 0
ALL = (1 << 41) - 1
HOLDER = Credentials(Sets(ALL, NET_RAW, NET_RAW, 0, 0), 1000, 1000, 1000, 1000, 1000, 1000)
PREDICTION = predict(HOLDER, Program("/bin/setuid", setuid=True), 40)
assert PREDICTION.after is not None
AFTER = PREDICTION.after


def through_json(at_exec: AtExec) -> AtExec | None:
    """As the recording has it: the actual sets under `capabilities`."""
    data: dict[str, Any] = {"capabilities": at_exec.actual.names(), **at_exec.to_json()}
    return AtExec.of(json.loads(json.dumps(data)))


def test_what_came_as_predicted() -> None:
    at_exec = AtExec.compared(PREDICTION, AFTER)
    assert (at_exec.agrees, at_exec.reason, at_exec.verdict) == (True, "", "as predicted")
    assert at_exec.gist == "permitted 1 → 41, effective 1 → 41: as predicted"
    assert through_json(at_exec) == at_exec


def test_what_came_otherwise_is_named() -> None:
    actual = dataclasses.replace(AFTER, sets=dataclasses.replace(AFTER.sets, permitted=ALL & ~CHOWN, ambient=NET_RAW), euid=1000)
    at_exec = AtExec.compared(PREDICTION, actual)
    assert at_exec.agrees is False
    differences = "permitted lacks CHOWN; ambient has NET_RAW beyond what was predicted; the effective uid is 1000, predicted 0"
    assert at_exec.verdict == f"not as predicted: {differences}"
    assert through_json(at_exec) == at_exec
    surprises = {change.name: change.surprise for change in at_exec.changes if change.surprise}
    assert surprises == {"permitted": "all 41", "ambient": "–"}


def test_a_refusal_that_did_not_come() -> None:
    at_exec = AtExec.compared(dataclasses.replace(PREDICTION, after=None), AFTER)
    assert (at_exec.agrees, at_exec.predicted) == (False, None)
    assert "EPERM" in at_exec.reason


def test_a_doubt_takes_the_edge_off_a_difference_only() -> None:
    agreeing = AtExec.compared(PREDICTION, AFTER)
    assert agreeing.doubted("another file") is agreeing
    differing = AtExec.compared(PREDICTION, HOLDER).doubted("another file")
    assert (differing.agrees, differing.verdict) == (None, "not predicted: another file")


def test_each_change_has_its_rules() -> None:
    changes = {change.name: change for change in AtExec.compared(PREDICTION, AFTER).changes}
    assert [change.name for change in changes.values() if change.changed] == ["permitted", "effective"]
    assert changes["permitted"].text == "NET_RAW → all 41"
    assert any("the effective uid is 0" in rule for rule in changes["permitted"].rules)
    assert changes["effective"].rules == ("all that is permitted becomes effective",)
    assert (changes["ambient"].text, changes["ambient"].rules) == ("–", ())


def test_a_recording_without_predictions() -> None:
    assert AtExec.of({"argv": ["ls"], "capabilities": {}}) is None


def test_sets_in_few_words() -> None:
    assert set_text(0) == "–"
    assert set_text(NET_RAW | CHOWN) == "CHOWN, NET_RAW"
    assert set_text(ALL & ~NET_RAW) == "all but NET_RAW"
    assert set_text(NET_RAW, everything=NET_RAW) == "all 1"
