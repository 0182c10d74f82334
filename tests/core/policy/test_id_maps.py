"""What may be the id map of a user namespace, and who may set it: our rules against the kernel's."""

from __future__ import annotations

import dataclasses
import errno
import os
from pathlib import Path

import prctl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.observer import native
from core.policy.error import PolicyError
from core.policy.id_maps import MAX_ID, Kind, check_id_map, check_may_map, has_inside, inside_of
from core.policy.model import IdMap
from tests.core.policy.callers import this_process
from tests.core.policy.launched import NOBODY, user_namespaces_for_all
from tests.support.privilege import require, require_root

SETGID, SETUID, SETFCAP = 6, 7, 31
KINDS: tuple[Kind, ...] = ("uid", "gid")


# ── the kernel's word ─────────────────────────────────────────────────────────────────────────────────────────────


def written(kind: Kind, lines: IdMap, *, uid: int | None = None, without: int | None = None) -> int:
    """0, or the errno with which the kernel refuses this map from a process with that uid, or without that capability."""
    require_root("writing the id maps of user namespaces")
    require("0 0 4294967295" in " ".join(Path("/proc/self/uid_map").read_text().split()), "this namespace does not have all ids itself")
    pid = os.fork()
    if pid == 0:
        os._exit(_write_as(kind, lines, uid, without))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _write_as(kind: Kind, lines: IdMap, uid: int | None, without: int | None) -> int:
    try:
        if uid is not None:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            prctl.set_dumpable(True)  # setresuid took it away, and with it the right to write our child's maps
        if without is not None:
            effective, permitted, inheritable = native.capget()
            native.capset(effective & ~(1 << without), permitted & ~(1 << without), inheritable)
        child, stop = _namespace()
        if kind == "gid" and (uid is not None or without is not None):
            Path(f"/proc/{child}/setgroups").write_text("deny")  # as the launch does where it is refused
        Path(f"/proc/{child}/{kind}_map").write_text("".join(f"{inside} {outside} {count}\n" for inside, outside, count in lines))
    except OSError as err:
        return err.errno or 255
    os.close(stop)
    os.waitpid(child, 0)
    return 0


def _namespace() -> tuple[int, int]:
    # A process in a user namespace of its own, which ends when the descriptor is closed.
    ready, stop = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.close(stop[1])
        native.unshare(native.CLONE_NEWUSER)
        os.write(ready[1], b"r")
        os.read(stop[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    return child, stop[1]


# ── what the kernel refuses from everyone ─────────────────────────────────────────────────────────────────────────

NUMBERS = st.sampled_from((0, 1, 2, 5, 1000, 65536, MAX_ID - 1, MAX_ID, MAX_ID + 1))
LINES = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=6).map(tuple)


@given(st.sampled_from(KINDS), LINES)
@example("uid", ())
@example("uid", tuple((number, number, 1) for number in range(340)))
@example("uid", tuple((number, number, 1) for number in range(341)))
@example("gid", tuple((number * 2 + 10**9, number * 2 + 10**9, 1) for number in range(170)))
@example("gid", tuple((number * 2 + 10**9, number * 2 + 10**9, 1) for number in range(171)))
def test_a_map_is_refused_exactly_where_the_kernel_refuses_it_from_root(kind: Kind, lines: IdMap) -> None:
    try:
        check_id_map(kind, lines)
    except PolicyError:
        assert written(kind, lines) == (errno.EINVAL if lines else 0)  # an empty one is written by writing nothing
    else:
        assert written(kind, lines) == 0


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "identity.uid_map: is empty, so that no uid would exist in the namespace: give [inside, outside, count], or leave it out."),
        (
            tuple((number, number, 1) for number in range(341)),
            "identity.uid_map: is longer than the kernel takes (340 lines, 4095 bytes): join lines that follow each other.",
        ),
        (((0, 1, 1), (1, 5, 0)), "identity.uid_map[1]: [1, 5, 0] maps 0 ids: [inside, outside, count] needs a count of at least 1."),
        (
            ((0, MAX_ID, 2),),
            "identity.uid_map[0]: [0, 4294967294, 2] leaves the range of ids: [inside, outside, count] must stay within 0 to 4294967294.",
        ),
        (
            ((0, 0, 5), (4, 10, 1)),
            "identity.uid_map[1]: [4, 10, 1] has ids inside that identity.uid_map[0] has too: each uid stands for one other.",
        ),
        (
            ((0, 3, 5), (7, 0, 1), (8, 7, 9)),
            "identity.uid_map[2]: [8, 7, 9] has ids outside that identity.uid_map[0] has too: each uid stands for one other.",
        ),
    ],
)
def test_what_nobody_may_map_says_why(lines: IdMap, message: str) -> None:
    with pytest.raises(PolicyError) as error:
        check_id_map("uid", lines)
    assert str(error.value) == message


# ── what it refuses from this observer ────────────────────────────────────────────────────────────────────────────


def _allowed(kind: Kind, lines: IdMap, *, uid: int = 0, without: int | None = None) -> bool:
    held = this_process().held
    lost = held.permitted if uid else 0 if without is None else 1 << without
    try:
        check_may_map(f"identity.{kind}_map", kind, lines, uid, dataclasses.replace(held, permitted=held.permitted & ~lost))
    except PolicyError:
        return False
    return True


MAPS: tuple[IdMap, ...] = (
    ((0, NOBODY, 1),),
    ((NOBODY, NOBODY, 1),),
    ((0, 0, 1),),
    ((5, 0, 1),),
    ((0, NOBODY, 2),),
    ((0, 1000, 1),),
    ((0, NOBODY, 1), (1, 1000, 1)),
    ((0, 1, 65536),),
    ((0, 0, 65536),),
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lines", MAPS)
def test_an_ordinary_user_is_refused_exactly_where_the_kernel_refuses_him(kind: Kind, lines: IdMap) -> None:
    require(user_namespaces_for_all(), "this machine does not let ordinary users make user namespaces")
    answer = written(kind, lines, uid=NOBODY)
    assert answer in (0, errno.EPERM)
    assert _allowed(kind, lines, uid=NOBODY) == (answer == 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lines", MAPS)
@pytest.mark.parametrize("without", [SETGID, SETUID, SETFCAP])
def test_root_without_a_capability_is_refused_exactly_where_the_kernel_refuses_him(kind: Kind, lines: IdMap, without: int) -> None:
    answer = written(kind, lines, without=without)
    assert answer in (0, errno.EPERM)
    assert _allowed(kind, lines, without=without) == (answer == 0)


# ── what a map makes of an id ─────────────────────────────────────────────────────────────────────────────────────


def test_an_id_is_carried_over_by_its_place_in_the_line() -> None:
    lines = ((0, 1000, 1), (10, 100000, 5))
    assert [inside_of(lines, outside) for outside in (1000, 100000, 100004, 100005, 0)] == [0, 10, 14, None, None]
    assert [has_inside(lines, inside) for inside in (0, 1, 10, 14, 15)] == [True, False, True, True, False]
