"""What becomes of a call, in words: the same for the command line and for the window."""

from __future__ import annotations

import pytest

from core.bpf.answer import answer_call
from core.bpf.build import build_filter
from core.bpf.call import parse_call
from core.policy.action import ActionKind
from core.policy.model import ArgumentTest, Rule, Seccomp

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
    assert refused.path[0] == passed.path[0] == 0
    assert refused.path != passed.path
    assert refused.reason == f"by rule 2, after {len(refused.path)} instructions"
    assert passed.reason.startswith("by the default action")


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
