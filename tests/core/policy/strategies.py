"""Random policies: those that the file format can hold, whatever their values mean."""

from __future__ import annotations

import typing

from hypothesis import strategies as st

from core.policy.model import ArgumentTest, Capabilities, Filter, Flag, Identity, JudgeFrom, Mode, Operator, Policy, Rule, Seccomp


def _maybe(strategy: st.SearchStrategy[typing.Any]) -> st.SearchStrategy[typing.Any]:
    return st.none() | strategy


def _tuples(strategy: st.SearchStrategy[typing.Any]) -> st.SearchStrategy[tuple[typing.Any, ...]]:
    return st.lists(strategy, max_size=4).map(tuple)


TEXT = st.text(max_size=30)
NAMES = _tuples(TEXT)
NUMBERS = st.integers(-(2**63), 2**64 - 1)
ID_MAPS = _tuples(st.tuples(NUMBERS, NUMBERS, NUMBERS))
IDENTITIES = st.builds(
    Identity,
    user=TEXT | NUMBERS,
    group=_maybe(TEXT | NUMBERS),
    groups=_maybe(_tuples(TEXT | NUMBERS)),
    user_namespace=st.booleans(),
    uid_map=_maybe(ID_MAPS),
    gid_map=_maybe(ID_MAPS),
    no_new_privs=st.booleans(),
)
CAPABILITIES = st.builds(Capabilities, **{field: _maybe(NAMES) for field in Capabilities.__struct_fields__})
TESTS = st.builds(
    ArgumentTest, index=NUMBERS, op=st.sampled_from(typing.get_args(Operator)), value=TEXT | NUMBERS, mask=_maybe(TEXT | NUMBERS)
)
RULES = st.builds(Rule, syscalls=_tuples(TEXT | NUMBERS), action=TEXT, args=_tuples(TESTS), note=TEXT, enabled=st.booleans())
FILTER: dict[str, st.SearchStrategy[typing.Any]] = {
    "default": TEXT,
    "architectures": NAMES,
    "bad_arch": TEXT,
    "flags": _tuples(st.sampled_from(typing.get_args(Flag))),
    "rules": _tuples(RULES),
}
STACKED = st.lists(st.builds(Filter, note=TEXT, **FILTER), max_size=2).map(tuple)
FILTERS = st.builds(
    Seccomp, mode=st.sampled_from(typing.get_args(Mode)), judge_from=st.sampled_from(typing.get_args(JudgeFrom)), stacked=STACKED, **FILTER
)
POLICIES = st.builds(Policy, name=TEXT, description=TEXT, identity=IDENTITIES, capabilities=_maybe(CAPABILITIES), seccomp=FILTERS)
