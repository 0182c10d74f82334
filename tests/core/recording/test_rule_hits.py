"""Each call counts once, for the rule that decided it."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from core.judge.verdict import Gate, Outcome
from core.recording.recording import Recording
from core.recording.rows import CHUNK, Details
from core.recording.rule_hits import RuleHits
from tests.core.recording.test_recording import HEADER, call_rows, filled
from tests.support.run import calls_of, recording_of, run


def recording_with(rules: list[int]) -> Recording:
    recording = Recording(HEADER)
    rows = call_rows(recording, "getpid", len(rules))
    rows["rule"] = rules
    recording.append(rows, Details())
    return recording


@given(st.lists(st.integers(0, 300), max_size=60), st.integers(0, 60))
def test_the_same_whatever_the_pieces(rules: list[int], cut: int) -> None:
    recording = recording_with(rules)
    hits, pieces = RuleHits(), RuleHits()
    hits.catch_up(recording)
    cut = min(cut, len(rules))
    pieces.take(recording, 0, cut)
    pieces.catch_up(recording)
    counted = Counter(rules)
    unruled = counted.pop(0, 0)
    assert hits.by_rule == pieces.by_rule == counted
    assert hits.unruled == pieces.unruled == unruled


def test_it_goes_on_where_it_was() -> None:
    recording = recording_with([1, 1, 0])
    hits = RuleHits()
    assert hits.catch_up(recording)
    assert not hits.catch_up(recording)
    recording.append(call_rows(recording, "kill", CHUNK + 3, rule=2, gate=Gate.SECCOMP, outcome=Outcome.DENIED), Details())
    assert hits.catch_up(recording)
    assert hits.by_rule == {1: 2, 2: CHUNK + 3}
    assert hits.stopped == 0


def test_what_stopped_without_a_rule_is_the_defaults() -> None:
    recording = filled(None)  # a socket, an openat, a fork
    recording.append(call_rows(recording, "kill", 4, gate=Gate.SECCOMP, outcome=Outcome.DENIED), Details())
    hits = RuleHits()
    hits.catch_up(recording)
    assert (hits.stopped, hits.unruled) == (4, 6), "the fork is no call"


def test_of_a_real_run() -> None:
    policy = """
[seccomp]
mode = "filter"
[[seccomp.rules]]
syscalls = ["getppid"]
action = "errno:EPERM"
[[seccomp.rules]]
syscalls = ["getuid"]
action = "log"
"""
    session = run(
        ["python3", "-c", "import os\nfor _ in range(7): os.getuid()\ntry: os.getppid()\nexcept OSError: pass"], policy, engine="ptrace"
    )
    hits = RuleHits()
    hits.catch_up(recording_of(session))
    expected = Counter(event.verdict.rule for event in calls_of(session))
    assert hits.by_rule == {1: expected[1], 2: expected[2]}
    assert hits.by_rule[2] >= 7
    assert hits.by_rule[1] >= 1
    assert hits.unruled == expected[None]
