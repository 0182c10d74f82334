"""Changes to a policy, wherever in a stack its rule is."""

from __future__ import annotations

import msgspec

from core.lint.edit import amend, decide, remove, replace, with_filter, without_calls
from core.policy.model import Policy, Rule
from core.policy.stack import all_rules
from tests.core.lint.policies import policy, rule, stacked

STACK = policy(
    rule("kill"), rule("read write"), stacked=(stacked(rule("socket 39")), stacked(), stacked(rule("chdir", enabled=False), rule("@clock")))
)


def _rules(changed: Policy) -> list[tuple[Rule, ...]]:
    return [changed.seccomp.rules, *(one.rules for one in changed.seccomp.stacked)]


def test_a_rule_is_replaced_where_it_is_and_nothing_else_changes() -> None:
    for number, old in enumerate(all_rules(STACK.seccomp), start=1):
        new = (rule("ptrace"), rule("bpf"))
        assert all_rules(replace(STACK, number, new).seccomp) == tuple(
            one for rule_ in all_rules(STACK.seccomp) for one in (new if rule_ is old else (rule_,))
        )
        assert len(all_rules(remove(STACK, number).seccomp)) == 4


def test_a_filters_fields_are_changed_where_it_is() -> None:
    assert with_filter(STACK, 1, default="log").seccomp == msgspec.structs.replace(STACK.seccomp, default="log")
    assert [one.default for one in with_filter(STACK, 3, default="log").seccomp.stacked] == ["allow", "log", "allow"]


def test_a_rule_is_amended_for_some_of_its_calls() -> None:
    def logged(one: Rule) -> Rule:
        return msgspec.structs.replace(one, action="log")

    assert _rules(amend(STACK, 2, ["write"], logged))[0] == (rule("kill"), rule("read"), rule("write", "log"))
    assert _rules(amend(STACK, 2, ["write", "read"], logged))[0] == (rule("kill"), rule("read write", "log"))
    assert _rules(amend(STACK, 3, ["getpid"], logged))[1] == (rule("socket"), rule("39", "log"))


def test_calls_are_taken_out_by_name_number_and_group() -> None:
    assert _rules(without_calls(STACK, 3, ["getpid"]))[1] == (rule("socket"),)
    assert _rules(without_calls(STACK, 2, ["read", "write"]))[0] == (rule("kill"),)
    assert without_calls(STACK, 1, ["read"]) == STACK
    spelled = _rules(without_calls(STACK, 5, ["adjtimex"]))[3][1].syscalls
    assert "settimeofday" in spelled
    assert "adjtimex" not in spelled


def test_a_filter_decides_calls_in_front_or_by_its_default() -> None:
    assert _rules(decide(STACK, 1, ["write", "chdir"], "trap"))[0] == (rule("write chdir", "trap"), rule("kill"), rule("read"))
    assert _rules(decide(STACK, 1, ["write"], "allow"))[0] == (rule("kill"), rule("read"))
    assert _rules(decide(STACK, 4, ["chdir"], "trap"))[3] == (rule("chdir", "trap"), *STACK.seccomp.stacked[2].rules)
    assert _rules(decide(STACK, 4, ["chdir"], "trap"))[:3] == _rules(STACK)[:3]
