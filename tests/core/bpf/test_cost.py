"""What a call costs in the filter: counted instructions, and those that the kernel saves."""

from __future__ import annotations

import itertools

import pytest

from core.bpf.answer import answer_call
from core.bpf.build import build_filter
from core.bpf.call import parse_call
from core.bpf.cost import Cost, costs
from core.bpf.program import ALU, LOAD, NR_OFFSET, RET, A, Instruction, K, encode_program, instruction
from core.observer.wire import AUDIT_ARCH_X86_64
from core.policy.action import Action, ActionKind
from core.policy.model import ArgumentTest, Rule, Seccomp
from core.policy.rules import resolve_rules

_INET_RAW = (ArgumentTest(index=0, op="==", value="AF_INET"), ArgumentTest(index=1, op="==", value="SOCK_RAW"))
_NO_INET = Seccomp(mode="filter", rules=(Rule(syscalls=("socket",), action="errno:EPERM", args=_INET_RAW),))
_LOGGING = Seccomp(mode="filter", rules=(Rule(syscalls=("read",), action="log"),))
_ALLOW = Action(ActionKind.ALLOW).value


def costs_of(*policies: Seccomp, calls: tuple[str, ...] = ("read", "socket")) -> list[Cost]:
    rules = itertools.chain.from_iterable(resolve_rules(policy, AUDIT_ARCH_X86_64) for policy in policies)
    return list(costs([build_filter(policy) for policy in policies], rules, calls))


def test_it_counts_what_is_executed() -> None:
    read, socket = costs_of(_NO_INET)
    program = build_filter(_NO_INET)
    paths = [answer_call(_NO_INET, (program,), parse_call(text)).instructions for text in ("socket(0)", "socket(AF_INET, SOCK_RAW)")]
    assert (socket.least, socket.most) == (min(paths), max(paths))
    assert socket.least < socket.most
    assert "–" in socket.words
    assert read.least == read.most == answer_call(_NO_INET, (program,), parse_call("read(0)")).instructions


def test_the_kernel_knows_what_is_always_allowed() -> None:
    read, socket = costs_of(_NO_INET)
    assert (read.cached, read.words) == (True, "none")
    assert not socket.cached, "the filter looks at its arguments"
    assert not costs_of(_LOGGING)[0].cached, "a call that is logged has to be asked about each time"


def test_stacked_filters_add_up() -> None:
    single = costs_of(_NO_INET)
    both = costs_of(_NO_INET, _LOGGING)
    assert both[0].least > single[0].least
    assert not both[0].cached
    assert both[0].action.kind is ActionKind.LOG


@pytest.mark.parametrize(
    "instructions",
    [
        (instruction(LOAD, 16), instruction(RET | K, _ALLOW)),
        (instruction(LOAD, NR_OFFSET), instruction(ALU | K, 0), instruction(RET | K, _ALLOW)),
        (instruction(LOAD, NR_OFFSET), instruction(RET | A)),
    ],
)
def test_what_the_kernel_does_not_follow_is_not_saved(instructions: tuple[Instruction, ...]) -> None:
    assert not any(cost.cached for cost in costs([encode_program(instructions)], calls=("read",)))


def test_calls_of_other_machines_are_left_out() -> None:
    assert [cost.call for cost in costs_of(_NO_INET, calls=("read", "socketcall"))] == ["read"]
