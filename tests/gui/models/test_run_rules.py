"""Which rule of the run is which rule now."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from core.policy.model import Filter, Rule, Seccomp
from gui.models.run_rules import RunRules


def rule(call: str, action: str = "errno:EPERM") -> Rule:
    return Rule(syscalls=(call,), action=action)


def seccomp(*rules: Rule, on_top: tuple[Rule, ...] = ()) -> Seccomp:
    return Seccomp(mode="filter", rules=rules, stacked=(Filter(rules=on_top),) if on_top else ())


_RUN = seccomp(rule("socket"), rule("kill"), rule("mount"))


def test_unchanged_rules_keep_their_numbers() -> None:
    rules = RunRules(_RUN, _RUN)
    assert [rules.in_run(number) for number in (1, 2, 3)] == [1, 2, 3]
    assert not rules.edited


def test_moved_rules_are_found_and_new_ones_are_not() -> None:
    rules = RunRules(_RUN, seccomp(rule("mount"), rule("chmod"), rule("socket")))
    assert [rules.in_run(number) for number in (1, 2, 3)] == [3, None, 1]
    assert [rules.now(number) for number in (1, 2, 3)] == [3, None, 1]
    assert rules.edited


def test_another_action_makes_another_rule() -> None:
    rules = RunRules(_RUN, seccomp(rule("socket", "kill-process"), rule("kill"), rule("mount")))
    assert rules.in_run(1) is None
    assert rules.now(1) is None


def test_notes_do_not_matter_and_a_tick_is_an_edit() -> None:
    noted = msgspec.structs.replace(rule("socket"), note="why")
    assert not RunRules(_RUN, seccomp(noted, rule("kill"), rule("mount"))).edited
    aside = msgspec.structs.replace(rule("socket"), enabled=False)
    rules = RunRules(_RUN, seccomp(aside, rule("kill"), rule("mount")))
    assert rules.in_run(1) == 1
    assert rules.edited


def test_a_rule_that_did_not_count_has_no_number() -> None:
    aside = msgspec.structs.replace(rule("socket"), enabled=False)
    assert RunRules(seccomp(aside, rule("kill")), seccomp(rule("socket"), rule("kill"))).in_run(1) is None


def test_of_two_alike_each_stays_itself() -> None:
    twice = seccomp(rule("kill"), rule("socket"), rule("kill"))
    rules = RunRules(twice, twice)
    assert [rules.in_run(number) for number in (1, 2, 3)] == [1, 2, 3]


def test_numbers_count_through_the_filters() -> None:
    rules = RunRules(seccomp(rule("kill"), on_top=(rule("socket"),)), seccomp(rule("mount"), rule("kill"), on_top=(rule("socket"),)))
    assert rules.in_run(3) == 2
    assert rules.now(1) == 2


_SOME = st.lists(st.sampled_from(["kill", "socket", "mount"]).map(rule), max_size=8).map(lambda rules: seccomp(*rules))


@given(_SOME, _SOME)
def test_each_rule_is_at_most_one(run: Seccomp, now: Seccomp) -> None:
    rules = RunRules(run, now)
    found = [number for place in range(1, len(now.rules) + 1) if (number := rules.in_run(place)) is not None]
    assert len(found) == len(set(found))
    for place in range(1, len(now.rules) + 1):
        number = rules.in_run(place)
        if number is not None:
            assert run.rules[number - 1] == now.rules[place - 1]
            assert rules.now(number) == place
    shared = {name: min(run.rules.count(rule(name)), now.rules.count(rule(name))) for name in ("kill", "socket", "mount")}
    assert len(found) == sum(shared.values())
