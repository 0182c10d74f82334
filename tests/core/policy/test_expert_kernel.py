"""The grid's red cells against the kernel: whatever combination of sets, it is refused exactly where we say so."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.knowledge.capabilities import capability_names
from core.observer.wire import CapabilitySets, LaunchSpec
from core.policy.compile import compile_policy
from core.policy.expert import EXPERT_SETS, expert_masks, expert_refusals
from core.policy.identity import Caller
from core.policy.model import Capabilities, Policy
from core.policy.securebits import target_securebits
from tests.core.policy.callers import this_process
from tests.core.policy.launched import NOBODY, STATUS, status_after_exec
from tests.support.privilege import require_root

FEW = ("CHOWN", "KILL", "NET_RAW", "SYS_CHROOT")
"""So few that the sets often meet."""


@st.composite
def _sets(draw: st.DrawFn) -> Capabilities:
    there = capability_names(this_process().held.bounding)  # what is not there cannot be added, and the launch does not try
    rest = tuple(name for name in there if name not in FEW)
    chosen = {name: draw(st.none() | st.lists(st.sampled_from(FEW), unique=True).map(tuple)) for name in EXPERT_SETS}
    if draw(st.booleans()) and chosen["bounding"] is not None:
        chosen["bounding"] = (*rest, *chosen["bounding"])
    securebits = draw(st.none() | st.just(("no-cap-ambient-raise",)))
    return Capabilities(**chosen, securebits=securebits)


def kernel_takes(capabilities: Capabilities, observer_uid: int | None) -> bool:
    """Whether a child of such an observer really gets through every step of the launch, checked by nobody before."""

    def unchecked(caller: Caller) -> LaunchSpec:
        spec = compile_policy(Policy(), STATUS, caller, engine="ptrace", stdio=("pipe", "pipe", "pipe"))
        asked = expert_masks(capabilities, caller.held)
        effective = asked.effective if asked.permitted is None or asked.effective is not None else caller.held.effective & asked.permitted
        sets: CapabilitySets = dataclasses.replace(asked, effective=effective)
        return dataclasses.replace(spec, capabilities=sets, securebits=target_securebits(capabilities, caller.held))

    try:
        status_after_exec(unchecked, observer_uid=observer_uid)
    except AssertionError as err:
        if "LaunchError" in str(err):
            return False
        raise
    return True


@settings(max_examples=60)
@example(Capabilities(permitted=("KILL",), inheritable=("NET_RAW",), ambient=()))
@example(Capabilities(bounding=(), inheritable=("NET_RAW",)))
@given(_sets())
def test_a_privileged_observer(capabilities: Capabilities) -> None:
    require_root("launching with chosen capabilities")
    refused = list(expert_refusals(capabilities, this_process().held))
    assert kernel_takes(capabilities, None) == (not refused)


@settings(max_examples=30)
@example(Capabilities(permitted=(), effective=(), inheritable=(), ambient=()))
@given(_sets())
def test_an_ordinary_observer(capabilities: Capabilities) -> None:
    require_root("becoming an ordinary user")
    capabilities = Capabilities(**{name: getattr(capabilities, name) for name in EXPERT_SETS})
    nobody = dataclasses.replace(this_process().held, permitted=0, effective=0, inheritable=0, ambient=0)
    refused = list(expert_refusals(capabilities, nobody))
    assert kernel_takes(capabilities, NOBODY) == (not refused)


@pytest.mark.parametrize("uid", [None, NOBODY])
def test_nothing_chosen_is_taken(uid: int | None) -> None:
    require_root("launching with chosen capabilities")
    assert kernel_takes(Capabilities(), uid)
