"""The policy's paths and ports: what may stand there, and the ruleset that each Landlock ABI is given."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.knowledge.landlock import ON_FILES, RIGHT, SINCE, mask
from core.observer.wire import Landlock
from core.policy.check import check
from core.policy.compile import compile_policy
from core.policy.error import PolicyError
from core.policy.file import decode, encode
from core.policy.identity import Caller
from core.policy.model import Capabilities, Identity, Paths, Policy
from core.policy.paths import landlock_ruleset, narrowings
from core.policy.target import Target
from tests.core.policy.callers import ROOT_CALLER

NEWEST = max(SINCE)
READ = mask("read", NEWEST)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('read = ["usr"]', 'paths.read[0]: "usr" is not allowed: it must be an absolute path, such as "/usr".'),
        (
            'write = ["~/work"]',
            'paths.write[0]: "~/work" is not allowed: write the home folder out: a policy means the same for whoever runs it.',
        ),
        ('execute = ["/usr", "./run"]', 'paths.execute[1]: "./run" is not allowed: it must be an absolute path, such as "/usr".'),
        ('read = [""]', 'paths.read[0]: "" is not allowed: it must be an absolute path, such as "/usr".'),
        ('read = ["/usr/../etc"]', 'paths.read[0]: "/usr/../etc" is not allowed: write the path without "..".'),
        ('read = ["/a\\u0000b"]', r'paths.read[0]: "/a\u0000b" is not allowed: a path has no NUL character.'),
        ('read = ["/usr", "/usr/"]', 'paths.read[1]: "/usr/" is listed already, as "/usr": take one of them out.'),
        ("connect = [65536]", "paths.connect[0]: 65536 is not a TCP port: it must be from 0 to 65535."),
        ("bind = [80, 80]", "paths.bind[1]: 80 is listed already: take one of them out."),
        ('connect = ["http"]', 'paths.connect[0]: "http" is not allowed: it must be a whole number.'),
    ],
)
def test_what_may_not_stand_there_says_why(text: str, message: str) -> None:
    with pytest.raises(PolicyError) as error:
        check(decode(f"[paths]\n{text}"))
    assert str(error.value) == message


def test_a_path_of_4096_bytes_is_too_long() -> None:
    check(Policy(paths=Paths(read=("/" + "é" * 2047,))))
    with pytest.raises(PolicyError, match="longer than the 4095 bytes"):
        check(Policy(paths=Paths(read=("/" + "é" * 2047 + "x",))))


# ── rulesets ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("paths", [None, Paths()])
def test_what_says_nothing_needs_no_ruleset(paths: Paths | None) -> None:
    assert landlock_ruleset(paths, 0) is None


def test_a_ruleset_handles_the_kinds_that_are_given_and_lists_the_rights() -> None:
    paths = Paths(read=("/usr/", "/etc//x"), execute=("/usr",), write=(), connect=(80, 443), bind=(80,))
    assert landlock_ruleset(paths, NEWEST) == Landlock(
        READ | mask("execute", NEWEST) | mask("write", NEWEST),
        3,
        (("/usr", READ | mask("execute", NEWEST)), ("/etc/x", READ)),
        ((80, 3), (443, 2)),
    )


def test_where_writing_is_open_moving_is_too() -> None:
    """A ruleset that does not speak of refer refuses it everywhere, so one that leaves writing open has to allow it everywhere."""
    refer = RIGHT["refer"].bit
    assert landlock_ruleset(Paths(read=("/usr",)), NEWEST) == Landlock(READ | refer, 0, (("/", refer), ("/usr", READ)))
    assert landlock_ruleset(Paths(read=("/",)), NEWEST) == Landlock(READ | refer, 0, (("/", READ | refer),))
    assert landlock_ruleset(Paths(read=("/usr",)), 1) == Landlock(READ, 0, (("/usr", READ),))
    assert landlock_ruleset(Paths(connect=()), NEWEST) == Landlock(0, 2)


_LISTS = st.none() | st.just(("/usr",))


@given(st.integers(1, NEWEST), st.builds(Paths, read=_LISTS, write=_LISTS, execute=_LISTS).filter(lambda paths: paths != Paths()))
def test_no_abi_is_asked_for_what_it_does_not_have(abi: int, paths: Paths) -> None:
    ruleset = landlock_ruleset(paths, abi)
    assert ruleset is not None
    known = sum(right.bit for right in RIGHT.values() if right.kind in ("read", "write", "execute") and right.abi <= abi)
    assert ruleset.handled_fs & ~known == 0
    assert all(rights & ~ruleset.handled_fs == 0 and rights for _, rights in ruleset.paths)


def test_only_rights_on_files_are_given_on_files() -> None:
    assert sum(RIGHT[name].bit for name in ("execute", "write_file", "read_file", "truncate", "ioctl_dev")) == ON_FILES


# ── kernels that lack something ───────────────────────────────────────────────────────────────────────────────────


def test_without_landlock_the_section_is_refused() -> None:
    with pytest.raises(PolicyError) as error:
        landlock_ruleset(Paths(read=("/usr",)), 0)
    assert str(error.value) == (
        "paths: needs Landlock, which the kernel that is to run the target does not have or has not switched on: boot Linux 5.13 or later with "
        "lsm=landlock,…, or take the section out."
    )


@pytest.mark.parametrize("kind", ["connect", "bind"])
def test_ports_need_the_fourth_abi(kind: str) -> None:
    paths = Paths(connect=()) if kind == "connect" else Paths(bind=())
    assert landlock_ruleset(paths, 4) is not None
    with pytest.raises(PolicyError) as error:
        landlock_ruleset(paths, 3)
    assert str(error.value) == (
        f"paths.{kind}: needs Landlock ABI 4 (Linux 6.7), and the kernel that is to run the target has ABI 3: take {kind} out."
    )


@pytest.mark.parametrize(
    ("paths", "abi", "told"),
    [
        (None, 1, ()),
        (Paths(write=()), 5, ()),
        (Paths(read=()), 2, ()),
        (Paths(connect=()), 4, ()),
        (
            Paths(write=()),
            4,
            (
                "paths.write: the kernel has Landlock ABI 4, which cannot refuse to send ioctls to devices, so that stays open: ABI 5 (Linux 6.10) can",
            ),
        ),
        (
            Paths(read=()),
            1,
            (
                (
                    "paths: the kernel has Landlock ABI 1, which refuses to move or link files to another directory wherever that is: "
                    "allowing it takes ABI 2 (Linux 5.19)"
                ),
            ),
        ),
    ],
)
def test_what_a_kernel_can_do_only_in_part_is_told(paths: Paths | None, abi: int, told: tuple[str, ...]) -> None:
    assert narrowings(paths, abi) == told


# ── the launch ────────────────────────────────────────────────────────────────────────────────────────────────────

TARGET = Target("/bin/true", ("true",), {}, "/")
USR = Policy(paths=Paths(read=("/usr",)))


def _caller(abi: int) -> Caller:
    return dataclasses.replace(ROOT_CALLER, landlock=abi)


def test_the_launch_carries_the_ruleset_of_the_observers_kernel() -> None:
    for abi in (1, NEWEST):
        caller = _caller(abi)
        assert compile_policy(USR, TARGET, caller, engine="ptrace").landlock == landlock_ruleset(USR.paths, abi)
    assert compile_policy(Policy(), TARGET, ROOT_CALLER, engine="ptrace").landlock is None


@pytest.mark.parametrize(
    ("identity", "capabilities", "allowed"),
    [
        (Identity(no_new_privs=False), None, True),
        (Identity(no_new_privs=False), Capabilities(drop=("SYS_ADMIN",)), False),
        (Identity(user="alice", no_new_privs=False, user_namespace=True), None, True),
        (Identity(no_new_privs=True), Capabilities(keep=()), True),
    ],
)
def test_it_takes_no_new_privs_or_sys_admin(identity: Identity, capabilities: Capabilities | None, allowed: bool) -> None:
    policy = Policy(identity=identity, capabilities=capabilities, paths=USR.paths)
    if allowed:
        assert compile_policy(policy, TARGET, _caller(NEWEST), engine="ptrace").landlock is not None
    else:
        with pytest.raises(PolicyError, match=r"^identity\.no_new_privs: must be true for this policy: .* Landlock"):
            compile_policy(policy, TARGET, _caller(NEWEST), engine="ptrace")


@given(
    st.builds(
        Paths,
        **{kind: st.none() | st.lists(st.text(max_size=20), max_size=3).map(tuple) for kind in ("read", "write", "execute")},
        **{kind: st.none() | st.lists(st.integers(0, 65535), max_size=3).map(tuple) for kind in ("connect", "bind")},
    )
)
def test_reading_what_was_written_gives_equal_paths(paths: Paths) -> None:
    assert decode(encode(Policy(paths=paths))).paths == paths
