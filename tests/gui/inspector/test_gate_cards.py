"""What each gate says of a call."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from core.event import CallEvent
from core.judge.verdict import Check, Evidence, Gate, Outcome, Verdict
from core.judge.wording import KILLED, STRICT, decider, own_filter, strict_killed
from gui.inspector.gate_cards import State, diagram_of, evidence_sentence, why

REFUSED = Check("NET_RAW", granted=False, decisive=True, namespace=1, stack=("ns_capable", "inet_create", "__sock_create"))
GRANTED = Check("SETUID", granted=True, decisive=False, namespace=1, stack=("ns_capable_setid", "__sys_setuid"))


def call(gate: Gate, outcome: Outcome, *checks: Check, **fields: Any) -> CallEvent:
    verdict = Verdict(gate, outcome, Evidence.OBSERVED, str(fields.pop("reason", "")))
    event = CallEvent(
        1, 0, 812, 812, "ping", "socket", 41, "x86_64", (2, 3, 1, 0, 0, 0), "AF_INET, SOCK_RAW", -1, "EPERM", 900, verdict, checks
    )
    return dataclasses.replace(event, **fields)


def states(event: CallEvent, filters: int = 1) -> list[State]:
    return [card.state for card in diagram_of(event, filters).cards]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (call(Gate.NONE, Outcome.OK, ret=0, errno=None), [State.PASSED, State.NOT_ASKED, State.PASSED]),
        (call(Gate.NONE, Outcome.OK, GRANTED, ret=0, errno=None), [State.PASSED, State.PASSED, State.PASSED]),
        (call(Gate.SECCOMP, Outcome.DENIED), [State.REFUSED, State.NOT_REACHED, State.NOT_REACHED]),
        (call(Gate.SECCOMP, Outcome.KILLED, ret=None, errno=None), [State.KILLED, State.NOT_REACHED, State.NOT_REACHED]),
        (call(Gate.CAPABILITY, Outcome.DENIED, REFUSED), [State.PASSED, State.REFUSED, State.NOT_REACHED]),
        (call(Gate.OTHER, Outcome.DENIED), [State.PASSED, State.NOT_ASKED, State.REFUSED]),
        (call(Gate.OTHER, Outcome.FAILED, errno="ENOENT", ret=-2), [State.PASSED, State.NOT_ASKED, State.FAILED]),
        (call(Gate.NONE, Outcome.UNFINISHED, ret=None, errno=None), [State.PASSED, State.NOT_ASKED, State.UNKNOWN]),
    ],
)
def test_states(event: CallEvent, expected: list[State]) -> None:
    assert states(event) == expected


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"rule": 3}, "rule 3 decided, before the call ran"),
        ({"own_filter": 2}, "the target's own filter 2 decided, before the call ran"),
        ({"reason": decider(0, 2, covered=True)}, "the default action decided, before the call ran"),
        ({"reason": decider(0, covered=False)}, "the action for other architectures decided, before the call ran"),
        ({"reason": strict_killed(STRICT, "socket")}, "the strict mode decided, before the call ran"),
        ({"reason": own_filter("socket", KILLED)}, "a filter decided, before the call ran"),
    ],
)
def test_who_decided_at_the_first_gate(fields: dict[str, Any], line: str) -> None:
    event = call(Gate.SECCOMP, Outcome.KILLED)
    verdict = dataclasses.replace(event.verdict, **fields)
    assert diagram_of(dataclasses.replace(event, verdict=verdict), 1).cards[0].lines == (line,)


def test_a_filter_of_the_target_s_own_that_let_it_pass() -> None:
    event = call(Gate.NONE, Outcome.OK, ret=0, errno=None)
    logged = dataclasses.replace(event, verdict=dataclasses.replace(event.verdict, own_filter=2))
    assert diagram_of(logged, 1).cards[0].lines == ("the target's own filter 2 let it pass",)


def test_without_a_filter_seccomp_was_not_asked() -> None:
    assert states(call(Gate.NONE, Outcome.OK), filters=0)[0] is State.NOT_ASKED


def test_before_the_filter_judges_seccomp_was_not_asked() -> None:
    event = call(Gate.NONE, Outcome.OK)
    early = dataclasses.replace(event, verdict=dataclasses.replace(event.verdict, judged=False))
    assert (states(event)[0], states(early)[0]) == (State.PASSED, State.NOT_ASKED)


def test_what_the_engine_does_not_see_is_not_said_to_be_absent() -> None:
    event = call(Gate.NONE, Outcome.OK, ret=0, errno=None)
    assert diagram_of(event, 0, sees_checks=False).cards[1].state is State.NOT_SEEN
    assert diagram_of(event, 0).cards[1].state is State.NOT_ASKED


def test_the_decisive_check_comes_first_with_the_function_that_asked() -> None:
    asked = diagram_of(call(Gate.CAPABILITY, Outcome.DENIED, GRANTED, REFUSED), 0).cards[1].asked
    assert [(each.capability, each.verb, each.function) for each in asked] == [
        ("NET_RAW", "asked in", "inet_create"),
        ("SETUID", "granted in", "__sys_setuid"),
    ]


def test_many_checks_are_counted() -> None:
    card = diagram_of(call(Gate.NONE, Outcome.OK, *[GRANTED] * 5), 0).cards[1]
    assert len(card.asked) == 3
    assert "2 more" in card.lines[-1]


def test_words() -> None:
    event = call(Gate.CAPABILITY, Outcome.DENIED, REFUSED, reason="the kernel asked")
    diagram = diagram_of(event, 1)
    assert (diagram.result, diagram.process) == ("EPERM", "ping, pid 812")
    assert "capability: refused" in diagram.text
    assert why(event) == "The kernel asked."
    assert why(call(Gate.NONE, Outcome.OK)) != why(call(Gate.NONE, Outcome.UNFINISHED))
    assert evidence_sentence(event)
