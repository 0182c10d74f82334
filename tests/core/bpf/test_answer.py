"""What becomes of a call, in words: the same for the command line and for the window."""

from __future__ import annotations

import pytest

from core.bpf.answer import answer_call
from core.bpf.build import build_filter
from core.bpf.call import parse_call
from core.bpf.stack import build_stack
from core.policy.action import ActionKind
from core.policy.model import ArgumentTest, Filter, Rule, Seccomp

_NO_INET = Seccomp(
    mode="filter",
    rules=(
        Rule(syscalls=("kill",), action="kill-process"),
        Rule(syscalls=("socket",), action="errno:EPERM", args=(ArgumentTest(index=0, op="==", value="AF_INET"),)),
    ),
)


def test_the_deciding_rule_and_its_path() -> None:
    program = build_filter(_NO_INET)
    refused = answer_call(_NO_INET, (program,), parse_call("socket(AF_INET, SOCK_RAW, 1)"))
    passed = answer_call(_NO_INET, (program,), parse_call("socket(AF_UNIX, SOCK_STREAM)"))
    assert (refused.rule, refused.action_words) == (2, "errno:EPERM (operation not permitted)")
    assert (passed.rule, passed.action.kind) == (None, ActionKind.ALLOW)
    paths = [answer.emulations[0].path for answer in (refused, passed)]
    assert paths[0][0] == paths[1][0] == 0
    assert paths[0] != paths[1]
    assert refused.reason == f"by rule 2, after {len(paths[0])} instructions"
    assert passed.reason.startswith("by the default action")


_STACK = Seccomp(
    mode="filter",
    rules=_NO_INET.rules,
    stacked=(Filter(rules=(Rule(syscalls=("socket", "read", "seccomp"), action="allow"),), default="errno:ENOSYS"),),
)


@pytest.mark.parametrize(
    ("call", "words", "rule", "reason"),
    [
        ("socket(AF_INET)", "errno:EPERM (operation not permitted)", 2, "by rule 2 of filter 1"),
        ("getpid()", "errno:ENOSYS (no such system call)", None, "by the default action of filter 2"),
        ("read()", "allow", 3, "by all filters, by rule 3 among them"),
        ("kill()", "kill-process", 1, "by rule 1 of filter 1"),
    ],
)
def test_of_several_filters_it_says_which_decided(call: str, words: str, rule: int | None, reason: str) -> None:
    filters = tuple(built.program for built in build_stack(_STACK))
    answer = answer_call(_STACK, filters, parse_call(call))
    assert (answer.action_words, answer.rule) == (words, rule)
    assert answer.instructions == sum(len(emulation.path) for emulation in answer.emulations)
    assert len(answer.emulations) == 2
    assert answer.reason == f"{reason}, after {answer.instructions} instructions"


def test_another_architecture_gets_the_bad_architecture_action() -> None:
    answer = answer_call(_NO_INET, (build_filter(_NO_INET),), parse_call("x86:getpid()"))
    assert (answer.action.kind, answer.rule) == (ActionKind.KILL_PROCESS, None)
    assert "does not cover x86" in answer.reason


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("write(1, 0, 1)", ActionKind.ALLOW),
        ("exit(0)", ActionKind.ALLOW),
        ("exit_group(0)", ActionKind.KILL_THREAD),
        ("x86:sigreturn()", ActionKind.ALLOW),
        ("x86:rt_sigreturn()", ActionKind.KILL_THREAD),
        ("x32:write(1, 0, 1)", ActionKind.KILL_THREAD),
    ],
)
def test_strict_mode_has_four_calls(call: str, kind: ActionKind) -> None:
    answer = answer_call(Seccomp(mode="strict"), (), parse_call(call))
    assert answer.action.kind is kind
    assert "four" in answer.reason


def test_without_a_filter_everything_runs() -> None:
    answer = answer_call(Seccomp(), (), parse_call("reboot()"))
    assert answer.action.kind is ActionKind.ALLOW
    assert '"off"' in answer.reason
