"""Groups of system calls: known members, nothing unknown, nesting expanded."""

import shutil

import pytest

from core.knowledge.groups import GROUPS, MEANINGS, NESTED, group
from core.knowledge.syscalls import ARCHES, names
from resources.generate.groups import systemd_groups
from tests.support.privilege import require

EVERYTHING = {name for arch in ARCHES for name in names(arch)}


def test_every_member_is_a_call_that_some_architecture_has() -> None:
    for name, members in GROUPS.items():
        assert members, name
        assert set(members) <= EVERYTHING, name
        assert list(members) == sorted(set(members)), name
        assert MEANINGS[name]


def test_known_is_all() -> None:
    assert set(GROUPS["@known"]) == EVERYTHING


def test_nested_groups_are_expanded() -> None:
    assert "@basic-io" in NESTED["@system-service"]
    assert set(GROUPS["@basic-io"]) < set(GROUPS["@system-service"])
    assert not any(member.startswith("@") for members in GROUPS.values() for member in members)


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("@network-io", "socket"),
        ("@file-system", "openat2"),
        ("@module", "finit_module"),
        ("@debug", "ptrace"),
        ("@mount", "mount"),
        ("@default", "exit_group"),
    ],
)
def test_some_members(name: str, member: str) -> None:
    assert member in group(name)


def test_systemds_groups_are_all_here_with_all_their_members() -> None:
    require(shutil.which("systemd-analyze"), "systemd-analyze is not installed: its groups are compared with ours")
    for name, members in systemd_groups().items():
        if name in GROUPS:  # a newer systemd may have new ones
            assert {member for member in members if member in EVERYTHING} <= set(GROUPS[name]), name


def test_an_unknown_group_is_named() -> None:
    with pytest.raises(ValueError, match="'@network' is not a group of system calls; did you mean @network-io"):
        group("@network")
    with pytest.raises(ValueError, match="there are @aio"):
        group("zzz")
