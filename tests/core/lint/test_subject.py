"""What is asked of a policy's filters: each alone, and all together."""

from __future__ import annotations

import pytest

from core.lint.subject import Subject, refusal, refuses, series, widest
from core.observer.wire import AUDIT_ARCH_X86_64
from core.policy.action import parse_action
from tests.core.lint.policies import arg, policy, rule, stacked

STACK = policy(
    rule("kill", "errno:EPERM", arg(1, "==", 9)),
    rule("39 @clock", enabled=False),
    architectures=("native", "x86"),
    stacked=(stacked(rule("chdir"), rule("39 read"), bad_arch="log"),),
)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("allow", 0), ("log", 1), ("errno:0", 2), ("errno:EPERM", 2), ("trap", 2), ("kill-thread", 2), ("kill-process", 2), ("trace:1", 2)],
)
def test_how_much_an_action_keeps_from_running(word: str, expected: int) -> None:
    assert refusal(parse_action(word)) == expected
    assert refuses(parse_action(word)) == (expected == 2)


def test_the_filters_are_asked_together() -> None:
    subject = Subject(STACK)
    assert list(subject.tables()) == ["x86_64"]
    words = {name: action.word for name in ("kill", "chdir", "getpid", "chmod") if (action := subject.answer("x86_64", name)) is not None}
    assert words == {"kill": "allow", "chdir": "errno:EPERM", "getpid": "errno:EPERM", "chmod": "allow"}
    assert subject.answer("x86_64", "socketcall") is None
    assert subject.answer("x86", "kill", (1 << 32, 0, 0, 0, 0, 0)) is None


def test_some_arguments_may_run_and_others_be_refused() -> None:
    subject = Subject(STACK)
    assert (subject.may_run("x86_64", "kill"), subject.is_refused("x86_64", "kill")) == (True, True)
    assert (subject.may_run("x86_64", "chdir"), subject.is_refused("x86_64", "chdir")) == (False, True)
    assert (subject.may_run("x86_64", "socketcall"), subject.is_refused("x86_64", "socketcall")) == (False, False)


def test_each_filter_answers_for_itself_with_its_own_rules() -> None:
    first, second = Subject(STACK).filters
    assert [number for number, _ in first.rules()] == [1]
    assert [number for number, _ in second.rules()] == [3, 4]
    assert second.rule(4).syscalls == (39, "read")
    assert second.names(second.rule(4)) == ("getpid", "read")
    assert (first.refuses_some("x86_64", "chdir"), second.refuses_some("x86_64", "chdir")) == (False, True)
    assert (first.refuses_some("x86_64", "kill"), first.value(AUDIT_ARCH_X86_64, 62, (0,) * 6)) == (True, parse_action("allow").value)
    assert [table for _, table in first.tables()] == ["x86_64", "x86"]
    assert (first.prefix, second.prefix, Subject(policy()).filters[0].prefix) == ("Filter 1: ", "Filter 2: ", "")


def test_parameters_and_whether_there_is_the_call_at_all() -> None:
    (only,) = Subject(policy(rule("kill"))).filters
    assert [parameter.name for parameter in only.parameters("kill")] == ["pid", "sig"]
    assert (only.has("getppid"), only.parameters("getppid")) == (True, ())
    assert (only.has("socketcall"), only.parameters("socketcall")) == (False, ())


def test_words_in_a_row_and_the_widest_argument() -> None:
    assert [series(["a", "b", "c"][:count]) for count in (1, 2, 3)] == ["a", "a and b", "a, b and c"]
    assert series(["a", "b"], "or") == "a or b"
    assert (widest("x86"), widest("x86_64"), widest("x32")) == (2**32 - 1, 2**64 - 1, 2**64 - 1)
