"""Toggling keeps the form that the user wrote, and does what it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.knowledge.capabilities import NAMES
from core.policy.model import Capabilities
from gui.models.capability_choice import EVERYTHING, KEEP_ALL, container_default, is_simple, kept_names, toggled

_NAMES = st.sampled_from(NAMES)
_SIMPLE = st.one_of(
    st.lists(_NAMES, unique=True).map(lambda names: Capabilities(keep=tuple(names))),
    st.lists(_NAMES, unique=True).map(lambda names: Capabilities(drop=tuple(names))),
    st.sampled_from([KEEP_ALL, Capabilities(drop=("ALL",))]),
)


@given(_SIMPLE, _NAMES)
def test_toggling_changes_this_one_alone(capabilities: Capabilities, name: str) -> None:
    before, after = kept_names(capabilities), kept_names(toggled(capabilities, name))
    assert before is not None
    assert after is not None
    assert before ^ after == {name}


@given(_SIMPLE, _NAMES)
def test_toggling_twice_is_nothing(capabilities: Capabilities, name: str) -> None:
    assert kept_names(toggled(toggled(capabilities, name), name)) == kept_names(capabilities)


@pytest.mark.parametrize("capabilities", [None, Capabilities(bounding=("KILL",), ambient=())])
def test_where_nothing_was_chosen_it_is_all_but_this(capabilities: Capabilities | None) -> None:
    assert kept_names(capabilities) is None
    assert not is_simple(capabilities)
    assert toggled(capabilities, "NET_RAW") == Capabilities(drop=("NET_RAW",))


def test_the_form_stays() -> None:
    assert toggled(Capabilities(keep=("CHOWN",)), "KILL") == Capabilities(keep=("CHOWN", "KILL"))
    assert toggled(Capabilities(drop=("CHOWN",)), "KILL") == Capabilities(drop=("CHOWN", "KILL"))
    assert toggled(Capabilities(drop=("CHOWN",)), "CHOWN") == KEEP_ALL
    assert toggled(KEEP_ALL, "CHOWN") == Capabilities(drop=("CHOWN",))


def test_other_spellings_mean_the_same() -> None:
    assert kept_names(Capabilities(keep=("CAP_NET_RAW", "kill"))) == frozenset({"NET_RAW", "KILL"})
    assert toggled(Capabilities(keep=("cap_net_raw", "KILL")), "NET_RAW") == Capabilities(keep=("KILL",))


def test_a_name_that_means_nothing_stays_for_the_check_to_name() -> None:
    assert toggled(Capabilities(keep=("NET_ROW",)), "KILL") == Capabilities(keep=("NET_ROW", "KILL"))
    assert kept_names(Capabilities(keep=("NET_ROW",))) == frozenset()


def test_container_default() -> None:
    kept = kept_names(container_default())
    assert kept is not None
    assert len(kept) == 14
    assert "NET_RAW" in kept
    assert "SYS_ADMIN" not in kept
    assert kept < EVERYTHING
