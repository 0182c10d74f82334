"""Every refusal at once, at its set, with the capabilities that it is about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.policy.error import PolicyError
from core.policy.expert import Refusal, expert_masks, expert_refusals, expert_sets
from core.policy.held import Held
from core.policy.model import Capabilities
from tests.core.policy.callers import FULL, ORDINARY_CALLER, ROOT_CALLER, bit
from tests.core.policy.choices import EXPERT

ROOT = ROOT_CALLER.held
ORDINARY = ORDINARY_CALLER.held


def refusals(held: Held, **sets: tuple[str, ...]) -> list[Refusal]:
    return list(expert_refusals(Capabilities(**sets), held))


def test_each_is_about_its_own_capabilities() -> None:
    found = refusals(ROOT, permitted=("CHOWN",), effective=("CHOWN", "KILL"), ambient=("CHOWN", "NET_RAW"))
    assert [(one.set, one.mask, one.add_to) for one in found] == [
        ("effective", bit(5), "permitted"),
        ("ambient", bit(13), "permitted"),
        ("ambient", bit(0) | bit(13), "inheritable"),
    ]


def test_what_cannot_be_dropped_is_named() -> None:
    (found,) = refusals(ORDINARY, bounding=())
    assert (found.mask, found.leave) == (ORDINARY.bounding, "bounding")
    assert "SETPCAP" in found.sentence


def test_both_ways_to_a_wrong_bounding_set() -> None:
    lacking = Held(bounding=bit(1), permitted=0)
    assert [one.mask for one in refusals(lacking, bounding=("CHOWN",))] == [bit(0), bit(1)]


def test_an_observer_that_may_not_raise_ambient_cannot_be_mended() -> None:
    held = Held(bounding=FULL, permitted=FULL, inheritable=FULL, securebits=1 << 6)
    (found,) = refusals(held, ambient=("KILL",))
    assert (found.add_to, found.leave) == (None, None)


@given(EXPERT, st.sampled_from([ROOT, ORDINARY, Held.everything(40)]))
def test_the_first_is_the_one_that_is_said(capabilities: Capabilities, held: Held) -> None:
    found = list(expert_refusals(capabilities, held))
    if not found:
        expert_sets(capabilities, held)
        return
    with pytest.raises(PolicyError) as error:
        expert_sets(capabilities, held)
    assert error.value.sentence == found[0].sentence
    assert error.value.key == f"capabilities.{found[0].set}"


@given(EXPERT, st.sampled_from([ROOT, ORDINARY, Held.everything(40)]))
def test_a_refusal_is_about_what_is_ticked_or_for_dropping_what_is_not(capabilities: Capabilities, held: Held) -> None:
    asked = expert_masks(capabilities, held)
    for one in expert_refusals(capabilities, held):
        ticked = getattr(asked, one.set)
        assert one.mask
        assert one.mask & (ticked if one.leave == "bounding" else ~ticked) == 0
