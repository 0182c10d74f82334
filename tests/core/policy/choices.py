"""Capabilities that mean something: either form, of names that exist."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from core.knowledge.capabilities import NAMES
from core.policy.expert import EXPERT_SETS
from core.policy.model import Capabilities
from core.policy.securebits import SECUREBITS

_FEW: Final = st.lists(st.sampled_from(NAMES), unique=True, max_size=5).map(tuple)
_MANY: Final = st.lists(st.sampled_from(NAMES), unique=True, min_size=30).map(tuple)
_SET: Final = st.none() | _FEW | _MANY | st.just(("ALL",))

SIMPLE: Final = st.builds(Capabilities, keep=_FEW | st.just(("ALL",))) | st.builds(Capabilities, drop=_FEW | st.just(("ALL",)))
EXPERT: Final = st.builds(
    Capabilities,
    **dict.fromkeys(EXPERT_SETS, _SET),
    securebits=st.none() | st.lists(st.sampled_from(list(SECUREBITS)), unique=True).map(tuple),
)
