"""The button that mends a refusal: it is gone, nothing asked for is given up, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.policy.expert import expert_masks, expert_refusals
from core.policy.held import Held
from core.policy.mending import mending
from core.policy.model import Capabilities
from tests.core.policy.callers import FULL, ORDINARY_CALLER, ROOT_CALLER
from tests.core.policy.choices import EXPERT

ROOT = ROOT_CALLER.held
NO_RAISE = "no-cap-ambient-raise"


@pytest.mark.parametrize(
    ("capabilities", "held", "words", "mended"),
    [
        (
            Capabilities(permitted=("CHOWN",), effective=("CHOWN", "KILL")),
            ROOT,
            "Also add it to permitted",
            Capabilities(permitted=("CHOWN", "KILL"), effective=("CHOWN", "KILL")),
        ),
        (
            Capabilities(permitted=(), ambient=("KILL", "SETUID")),
            ROOT,
            "Also add them to permitted and inheritable",
            Capabilities(permitted=("KILL", "SETUID"), inheritable=("KILL", "SETUID"), ambient=("KILL", "SETUID")),
        ),
        (
            Capabilities(bounding=("CHOWN",), ambient=("KILL",)),
            ROOT,
            "Also add it to bounding and inheritable",
            Capabilities(bounding=("CHOWN", "KILL"), inheritable=("KILL",), ambient=("KILL",)),
        ),
        (Capabilities(bounding=("CHOWN",)), ORDINARY_CALLER.held, "Leave bounding as it is", None),
        (
            Capabilities(inheritable=("KILL",), ambient=("KILL",), securebits=(NO_RAISE, "noroot")),
            ROOT,
            f"Clear {NO_RAISE}",
            Capabilities(inheritable=("KILL",), ambient=("KILL",), securebits=("noroot",)),
        ),
    ],
)
def test_the_obvious_mending(capabilities: Capabilities, held: Held, words: str, mended: Capabilities | None) -> None:
    refusal = next(expert_refusals(capabilities, held))
    found = mending(capabilities, held, refusal)
    assert found is not None
    assert (found.words, found.capabilities) == (words, mended)


@pytest.mark.parametrize(
    ("capabilities", "held"),
    [
        (Capabilities(permitted=("KILL",)), ORDINARY_CALLER.held),
        (Capabilities(effective=("KILL",)), ORDINARY_CALLER.held),
        (Capabilities(bounding=("SYS_RESOURCE",)), ROOT),
        (Capabilities(ambient=("KILL",)), Held(bounding=FULL, permitted=FULL, inheritable=FULL, securebits=1 << 6)),
    ],
)
def test_what_the_observer_cannot_give_has_none(capabilities: Capabilities, held: Held) -> None:
    assert mending(capabilities, held, next(expert_refusals(capabilities, held))) is None


@given(EXPERT, st.sampled_from([ROOT, ORDINARY_CALLER.held, Held.everything(40)]))
def test_mending_mends_and_keeps_what_was_asked_for(capabilities: Capabilities, held: Held) -> None:
    for refusal in expert_refusals(capabilities, held):
        found = mending(capabilities, held, refusal)
        if found is None:
            continue
        after = found.capabilities or Capabilities()
        assert not [one for one in expert_refusals(after, held) if one.mask & refusal.mask]
        if refusal.leave != "bounding":
            asked, now = expert_masks(capabilities, held), expert_masks(after, held)
            before, kept = getattr(asked, refusal.set), getattr(now, refusal.set)
            assert before & refusal.mask == kept & refusal.mask
