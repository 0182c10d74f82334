"""A rule made of a call speaks of that call, and of its arguments where they have names."""

from __future__ import annotations

import pytest

from core.event import CallEvent
from core.judge.verdict import Evidence, Gate, Outcome, Verdict
from core.knowledge.syscalls import ARCHES, by_name
from core.policy.check import check_rule
from core.policy.model import ArgumentTest, Seccomp
from core.policy.rules import matches, resolve_rules
from gui.models.rule_of_call import rule_of_call

_AF_INET, _SOCK_RAW = 2, 3
_AT_FDCWD = 0xFFFFFF9C
_O_WRONLY_CREAT = 0o101


def call(syscall: str, *args: int, nr: int | None = None) -> CallEvent:
    known = by_name("x86_64").get(syscall)
    number = nr if nr is not None else known.nr if known is not None else 0
    padded = (*args, *(0,) * (6 - len(args)))
    return CallEvent(
        seq=7,
        time_ns=0,
        pid=1,
        tid=1,
        comm="test",
        syscall=syscall,
        nr=number,
        arch="x86_64",
        args=(padded[0], padded[1], padded[2], padded[3], padded[4], padded[5]),
        text="",
        ret=0,
        errno=None,
        duration_ns=1,
        verdict=Verdict(gate=Gate.NONE, outcome=Outcome.OK, evidence=Evidence.OBSERVED, reason=""),
        checks=(),
    )


@pytest.mark.parametrize(
    "event",
    [
        call("socket", _AF_INET, _SOCK_RAW, 1),
        call("socket", _AF_INET, _SOCK_RAW | 0o2000000, 1),
        call("openat", _AT_FDCWD, 0x7FFF0000, _O_WRONLY_CREAT, 0o644),
        call("openat", (1 << 64) - 100, 0x7FFF0000, 0),
        call("openat", 3, 0x7FFF0000, 0x40000000),
        call("kill", 1234, 9),
        call("getpid"),
        call("mmap", 0, 4096, 3, 0x22, 0xFFFFFFFFFFFFFFFF, 0),
    ],
    ids=lambda event: f"{event.syscall}{event.args}",
)
def test_it_matches_the_call_it_was_made_of(event: CallEvent) -> None:
    rule = rule_of_call(event, "allow")
    check_rule(rule, "rule")
    (resolved,) = resolve_rules(Seccomp(mode="filter", rules=(rule,)), ARCHES["x86_64"])
    assert matches(resolved, event.nr, event.args)


def test_named_arguments_are_tested_by_name() -> None:
    rule = rule_of_call(call("socket", _AF_INET, _SOCK_RAW, 1), "allow")
    assert rule.args[:2] == (ArgumentTest(index=0, op="==", value="AF_INET"), ArgumentTest(index=1, op="==", value="SOCK_RAW"))
    assert rule.action == "errno:EPERM"
    assert "7" in rule.note


def test_a_negative_constant_is_tested_in_its_low_half() -> None:
    rule = rule_of_call(call("openat", _AT_FDCWD, 0, _O_WRONLY_CREAT), "allow")
    assert rule.args[0] == ArgumentTest(index=0, op="&==", mask=0xFFFFFFFF, value="AT_FDCWD")


def test_a_descriptor_is_not_tested() -> None:
    assert rule_of_call(call("read", 3, 0x7FFF0000, 512), "allow").args == ()


def test_under_a_refusing_default_it_allows() -> None:
    assert rule_of_call(call("getpid"), "kill-process").action == "allow"
    assert rule_of_call(call("getpid"), "log").action == "errno:EPERM"


def test_a_call_without_a_name_goes_by_its_number() -> None:
    rule = rule_of_call(call("syscall_0x1c7", 2, 3, nr=0x1C7), "allow")
    assert (rule.syscalls, rule.args) == ((0x1C7,), ())
