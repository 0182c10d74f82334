"""What is done to a stack of filters loses no rule."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.policy.model import Filter, Rule, Seccomp
from core.policy.stack import all_rules
from gui.models import stack_edits


def filled(number: int) -> Filter:
    return Filter(default="log", rules=(Rule(syscalls=(number,), action="errno:EPERM"),), note=f"filter {number}")


def stack(count: int) -> Seccomp:
    on_top = tuple(filled(number) for number in range(1, count))
    return Seccomp(mode="filter", judge_from="main", default="log", rules=filled(0).rules, note="filter 0", stacked=on_top)


_STACKS = st.integers(1, 4).map(stack)


@given(_STACKS, st.integers(0, 3), st.integers(0, 3))
def test_moving_keeps_every_filter(seccomp: Seccomp, source: int, target: int) -> None:
    count = len(seccomp.stacked) + 1
    source, target = source % count, target % count
    moved = stack_edits.moved(seccomp, source, target)
    order = [(one.rules, one.note) for one in stack_edits.filters(seccomp)]
    order.insert(target, order.pop(source))
    assert [(one.rules, one.note) for one in stack_edits.filters(moved)] == order
    assert (moved.mode, moved.judge_from) == (seccomp.mode, seccomp.judge_from)


@given(_STACKS, st.integers(0, 3))
def test_removing_takes_one(seccomp: Seccomp, place: int) -> None:
    count = len(seccomp.stacked) + 1
    place %= count
    left = stack_edits.removed(seccomp, place)
    if count == 1:
        assert left == seccomp
    else:
        expected = [one.rules for other, one in enumerate(stack_edits.filters(seccomp)) if other != place]
        assert [one.rules for one in stack_edits.filters(left)] == expected


def test_adding_changes_no_answer_yet() -> None:
    added = stack_edits.added(stack(2))
    assert all_rules(added) == all_rules(stack(2))
    assert added.stacked[-1].default == "allow"


def test_a_filter_is_put_in_the_place_of_another() -> None:
    rules = (Rule(syscalls=("kill",), action="log"),)
    first = stack_edits.with_filter(stack(2), 0, Filter(rules=rules))
    second = stack_edits.with_filter(stack(2), 1, Filter(rules=rules, note="new"))
    assert (first.rules, first.stacked, first.mode) == (rules, stack(2).stacked, "filter")
    assert (second.rules, second.stacked) == (stack(2).rules, (Filter(rules=rules, note="new"),))
