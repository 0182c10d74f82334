"""Rules in words, and words back into rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.knowledge import syscalls
from core.policy.action import ActionKind
from core.policy.model import ArgumentTest, Rule
from gui.models.rule_text import (
    action_sentence,
    arguments_summary,
    arguments_text,
    calls_text,
    count_text,
    groups_text,
    number_text,
    numbers_text,
    parse_calls,
    parse_number,
    spelled_out,
)

_CALLS = st.lists(st.one_of(st.sampled_from(syscalls.names("x86_64")), st.just("@network-io"), st.integers(0, 2**31 - 1)))


@given(_CALLS.map(tuple))
def test_calls_round_trip(calls: tuple[str | int, ...]) -> None:
    assert parse_calls(calls_text(calls)) == calls


@given(st.one_of(st.integers(-(2**63), 2**64 - 1), st.sampled_from(["AF_INET", "O_WRONLY|O_CREAT"])))
def test_numbers_round_trip(value: int | str) -> None:
    assert parse_number(number_text(value)) == value


def test_calls_are_parted_by_blanks_too() -> None:
    assert parse_calls(" socket,,connect\t0x29\n-1 ") == ("socket", "connect", 41, "-1")


def test_tests_in_words() -> None:
    masked = ArgumentTest(index=1, op="&==", mask=0xF, value="SOCK_RAW")
    rule = Rule(syscalls=("socket",), action="allow", args=(masked, ArgumentTest(index=2, op=">=", value=0x1000)))
    assert arguments_text(rule) == "arg 1 & 15 == SOCK_RAW, arg 2 >= 0x1000"
    assert arguments_summary(rule) == "SOCK_RAW, ≥ 0x1000"


@pytest.mark.parametrize("kind", list(ActionKind))
def test_every_action_has_a_sentence_of_its_own(kind: ActionKind) -> None:
    word = {ActionKind.ERRNO: "errno:EPERM", ActionKind.TRACE: "trace:1"}.get(kind, str(kind))
    others = {action_sentence(str(other)) for other in ActionKind if other is not kind}
    assert action_sentence(word).endswith(".")
    assert action_sentence(word) not in others


def test_groups_are_spelled_out() -> None:
    calls = ("getpid", "@swap", "swapon")
    assert groups_text(calls) == "@swap, 2 calls: swapoff, swapon"
    assert groups_text(("getpid",)) == ""
    assert spelled_out(calls) == ("getpid", "swapoff", "swapon")
    assert all(name in syscalls.by_name("x86_64") for name in spelled_out(("@file-system",)))


def test_numbers_are_named() -> None:
    assert numbers_text(("kill", 41, 999)) == "41 is socket · 999 has no name here"
    assert numbers_text(("kill",)) == ""


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10.0k"),
        (48_210, "48.2k"),
        (123_456, "123k"),
        (999_499, "999k"),
        (999_500, "1.0M"),
        (31_400_000, "31.4M"),
    ],
)
def test_counts_in_little_room(count: int, text: str) -> None:
    assert count_text(count) == text
    assert len(text) <= 5


def test_errno_sentences() -> None:
    assert "operation not permitted" in action_sentence("errno:EPERM")
    assert "as if it had worked" in action_sentence("errno:0")
    assert action_sentence("errno:EPREM") == ""
