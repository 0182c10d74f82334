"""The filters of a policy and how their rules are numbered."""

from core.observer.wire import AUDIT_ARCH_X86_64
from core.policy.model import Filter, Rule, Seccomp
from core.policy.rules import resolve_rules
from core.policy.stack import FILTER_FLAGS, all_rules, layers

FIRST, SECOND, THIRD, FOURTH = (
    Rule(syscalls=(call,), action="trap", enabled=enabled)
    for call, enabled in (("kill", True), ("socket", False), ("read", True), ("chdir", True))
)
STACK = Seccomp(
    mode="filter",
    rules=(FIRST, SECOND),
    stacked=(Filter(default="log", flags=("log", "log", "tsync")), Filter(rules=(THIRD, FOURTH), note="the last")),
)


def test_a_policy_without_stacked_filters_has_one() -> None:
    (only,) = layers(Seccomp(mode="filter", rules=(FIRST,)))
    assert (only.number, only.key, only.first_rule, only.rule_numbers) == (1, "seccomp", 1, range(1, 2))


def test_filters_stand_in_their_order_and_rules_are_counted_through_them() -> None:
    found = layers(STACK)
    assert [(layer.number, layer.key, list(layer.rule_numbers)) for layer in found] == [
        (1, "seccomp", [1, 2]),
        (2, "seccomp.stacked[0]", []),
        (3, "seccomp.stacked[1]", [3, 4]),
    ]
    assert [layer.filter.default for layer in found] == ["allow", "log", "allow"]
    assert all_rules(STACK) == (FIRST, SECOND, THIRD, FOURTH)


def test_resolved_rules_carry_these_numbers() -> None:
    last = layers(STACK)[-1]
    assert [rule.number for rule in resolve_rules(last.filter, AUDIT_ARCH_X86_64, last.first_rule)] == [3, 4]
    assert [rule.number for rule in resolve_rules(STACK, AUDIT_ARCH_X86_64)] == [1]


def test_each_filter_has_its_own_flags() -> None:
    assert [layer.flags for layer in layers(STACK)] == [0, FILTER_FLAGS["log"] | FILTER_FLAGS["tsync"], 0]
