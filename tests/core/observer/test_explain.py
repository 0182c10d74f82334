"""Each step of a launch that can fail, made to fail by the kernel: the step, the errno, why, and what to change."""

from __future__ import annotations

import errno
import os
import resource
import struct
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.observer.explain import explain
from core.observer.launch import LaunchError
from core.observer.wire import CapabilitySets, FilterSpec, FrameKind, Stage
from tests.core.observer.driver import NOBODY, Observer, errno_filter, launch_spec
from tests.support.privilege import require_root

SECCOMP, GETPPID = 317, 110
NET_RAW = 13
VFS_CAP_REVISION_2, VFS_CAP_FLAGS_EFFECTIVE = 0x02000000, 1
ADMIN_LESS = CapabilitySets(bounding=2**41 - 1 & ~(1 << 21), permitted=0, effective=0)

Observe = Callable[..., Observer]


def failed(observer: Observer, *argv: str, **changes: Any) -> tuple[str, int, str]:
    """(step, errno, sentence) of a launch that has no run."""
    observer.launch(*(argv or ("/bin/true",)), **changes)
    observer.read_all()
    assert observer.all_json(FrameKind.ENDED) == []
    value = observer.json(FrameKind.FAILED)
    return value["stage"], value["errno"], value["detail"]


# ── what an ordinary observer may not do ──────────────────────────────────────────────────────────────────────────

NEEDS: tuple[tuple[str, int, str, str, dict[str, Any]], ...] = (
    ("setgroups", errno.EPERM, "takes CAP_SETGID", "leave the groups as they are", {"groups": (1,)}),
    ("setresgid", errno.EPERM, "takes CAP_SETGID", "leave the group as it is", {"gid": 1}),
    ("setresuid", errno.EPERM, "takes CAP_SETUID", "choose user = me", {"uid": 1}),
    (
        "bounding-drop",
        errno.EPERM,
        "takes CAP_SETPCAP",
        "keep all capabilities in the bounding set",
        {"capabilities": CapabilitySets(bounding=0)},
    ),
    ("securebits", errno.EPERM, "takes CAP_SETPCAP", "leave them as they are", {"securebits": 1}),
    (
        "capset",
        errno.EPERM,
        "what the observer's permitted set holds",
        "ask for fewer capabilities",
        {"capabilities": CapabilitySets(permitted=1)},
    ),
    ("ambient", errno.EPERM, "has to be permitted and inheritable", "change one of them", {"capabilities": CapabilitySets(ambient=1)}),
    ("user-namespace", errno.EPERM, "ids that are not yours", "map your own id only", {"user_namespace": True, "uid_map": ((0, 0, 2),)}),
    ("seccomp", errno.EACCES, "only with no_new_privs or CAP_SYS_ADMIN", "switch no_new_privs on", {"judge_from": "execve"}),
    ("inject-seccomp", errno.EACCES, "only with no_new_privs or CAP_SYS_ADMIN", "switch no_new_privs on", {"judge_from": "entry"}),
)


@pytest.mark.parametrize(("stage", "number", "why", "change", "changes"), NEEDS, ids=[need[0] for need in NEEDS])
def test_what_takes_privilege_says_which_and_what_to_change(
    nobody: Observer, stage: str, number: int, why: str, change: str, changes: dict[str, Any]
) -> None:
    if "judge_from" in changes:
        changes = {**changes, "filters": (errno_filter(GETPPID, 1),)}
    found = failed(nobody, **changes)
    assert found[:2] == (stage, number)
    assert why in found[2]
    assert change in found[2]
    assert found[2].endswith(".")


@pytest.mark.parametrize("judge_from", ["execve", "entry"])
def test_root_without_sys_admin_needs_no_new_privs_too(observe: Observe, judge_from: str) -> None:
    require_root("dropping SYS_ADMIN takes holding it")
    stage, number, detail = failed(
        observe(), capabilities=ADMIN_LESS, filters=(errno_filter(GETPPID, 1),), judge_from=judge_from, uid=NOBODY
    )
    assert (stage in ("seccomp", "inject-seccomp"), number) == (True, errno.EACCES)
    assert "switch no_new_privs on" in detail


# ── what the kernel takes from nobody ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("uid_map", [((0, 0, 1), (0, 1, 1)), ((0, 0, 0),), ((0, 2**32 - 1, 1),)])
def test_a_map_that_is_none(observe: Observe, uid_map: tuple[tuple[int, int, int], ...]) -> None:
    stage, number, detail = failed(observe(), user_namespace=True, uid_map=uid_map)
    assert (stage, number) == ("user-namespace", errno.EINVAL)
    assert "the kernel does not take these id maps" in detail
    assert "change identity.uid_map or gid_map" in detail


@pytest.mark.parametrize(("stage", "changes"), [("setresuid", {"uid": 5}), ("setresgid", {"gid": 5}), ("setgroups", {"groups": (5,)})])
def test_an_id_that_the_map_does_not_have(observe: Observe, stage: str, changes: dict[str, Any]) -> None:
    require_root("mapping more than the own id takes root")
    found = failed(observe(), user_namespace=True, uid_map=((0, 0, 1),), gid_map=((0, 0, 1),), **changes)
    assert found[:2] == (stage, errno.EINVAL)
    assert "no place in the user namespace's map: add it to identity.uid_map or gid_map, or choose another" in found[2]


def test_an_ambient_capability_under_no_cap_ambient_raise(observe: Observe) -> None:
    require_root("securebits take SETPCAP")
    sets = CapabilitySets(permitted=1, effective=1, inheritable=1, ambient=1)
    stage, number, detail = failed(observe(), capabilities=sets, securebits=1 << 6)
    assert (stage, number) == ("ambient", errno.EPERM)
    assert "securebit no-cap-ambient-raise must be off" in detail


@pytest.mark.parametrize("judge_from", ["execve", "entry"])
@pytest.mark.parametrize("one", [FilterSpec(b"\x05\0\xff\xff\0\0\0\0"), FilterSpec(errno_filter(GETPPID, 1).program, 1 << 30)])
def test_a_program_or_flags_that_the_kernel_does_not_take(observe: Observe, judge_from: str, one: FilterSpec) -> None:
    stage, number, detail = failed(observe(), no_new_privs=True, filters=(one,), judge_from=judge_from)
    assert (stage in ("seccomp", "inject-seccomp"), number) == (True, errno.EINVAL)
    assert "does not take this program or these flags" in detail


@pytest.mark.parametrize("judge_from", ["execve", "entry"])
@pytest.mark.parametrize("number", [errno.EPERM, errno.EACCES, errno.ENOENT])
def test_an_earlier_filter_that_refuses_the_next_ones_load(anyone: Observer, judge_from: str, number: int) -> None:
    filters = (errno_filter(SECCOMP, number), errno_filter(GETPPID, 1))
    stage, answer, detail = failed(anyone, no_new_privs=True, filters=filters, judge_from=judge_from)
    assert (stage in ("seccomp", "inject-seccomp"), answer) == (True, number)
    assert "an earlier filter refuses the seccomp call that loads the next one: allow seccomp there" in detail


# ── directories and execve ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "number", "why"),
    [
        ("missing", errno.ENOENT, "does not exist"),
        ("file", errno.ENOTDIR, "is not a directory"),
        ("closed", errno.EACCES, "is closed to the target's user"),
    ],
)
def test_a_directory_that_cannot_be_entered(nobody: Observer, name: str, number: int, why: str) -> None:
    # Not in pytest's own directory, which is closed to other users.
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        folder.chmod(0o755)
        (folder / "file").touch()
        (folder / "closed").mkdir(mode=0o700)
        stage, answer, detail = failed(nobody, directory=str(folder / name))
    assert (stage, answer) == ("directory", number)
    assert f"{folder / name} {why}" in detail
    assert "start Gatescope in another directory" in detail


def test_arguments_that_are_too_long(observe: Observe) -> None:
    stage, number, detail = failed(observe(), "/bin/true", *["x" * 100_000] * 25)
    assert (stage, number) == ("execve", errno.E2BIG)
    assert "pass less" in detail


def test_a_file_that_is_being_written(observe: Observe, tmp_path: Path) -> None:
    path = tmp_path / "busy"
    path.write_bytes(Path("/bin/true").read_bytes())
    path.chmod(0o755)
    with path.open("r+b"):
        stage, number, detail = failed(observe(), str(path))
    assert (stage, number) == ("execve", errno.ETXTBSY)
    assert f"{path} is open for writing" in detail


def test_file_capabilities_that_the_bounding_set_lacks(observe: Observe, tmp_path: Path) -> None:
    """As of ping, under a policy that drops NET_RAW."""
    require_root("file capabilities take SETFCAP")
    path = tmp_path / "ping"
    path.write_bytes(Path("/bin/true").read_bytes())
    path.chmod(0o755)
    os.setxattr(path, "security.capability", struct.pack("<5I", VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE, 1 << NET_RAW, 0, 0, 0))
    stage, number, detail = failed(observe(), str(path), capabilities=CapabilitySets(bounding=2**41 - 1 & ~(1 << NET_RAW)))
    assert (stage, number) == ("execve", errno.EPERM)
    assert f"{path} has file capabilities of which the bounding set lacks some" in detail
    assert "run a copy of the file" in detail


def test_a_script_with_windows_line_ends(observe: Observe, tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_bytes(b"#!/bin/sh\r\n")
    path.chmod(0o755)
    assert f"{path} is a script in whose first line a carriage return" in failed(observe(), str(path))[2]


def test_links_that_go_round(observe: Observe, tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert "too many symbolic links" in failed(observe(), str(tmp_path / "a"))[2]
    assert "is not a directory" in failed(observe(), f"{__file__}/x")[2]


def test_a_user_with_too_many_processes(observe: Observe) -> None:
    """The kernel lets setresuid pass and refuses the execve (PF_NPROC_EXCEEDED)."""
    require_root("becoming another user takes root")
    soft, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    sleeper = subprocess.Popen(["/bin/sleep", "60"], user=64321, group=64321, extra_groups=[])
    try:
        resource.setrlimit(resource.RLIMIT_NPROC, (0, hard))
        observer = observe()
    finally:
        resource.setrlimit(resource.RLIMIT_NPROC, (soft, hard))
    try:
        stage, number, detail = failed(
            observer, uid=64321, gid=64321, groups=(), capabilities=CapabilitySets(bounding=0, permitted=0, effective=0)
        )
    finally:
        sleeper.kill()
        sleeper.wait()
    assert (stage, number) == ("execve", errno.EAGAIN)
    assert "ulimit -u" in detail


# ── the rest, that cannot be made to happen here ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("stage", Stage)
def test_every_step_has_words_for_what_was_tried(stage: Stage) -> None:
    sentence = explain(LaunchError(stage, errno.EIO), launch_spec("/bin/true"))
    assert os.strerror(errno.EIO) in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("stage", "number", "change"),
    [
        (Stage.FORK, errno.EAGAIN, "end some, or raise it"),
        (Stage.STDIO, errno.EMFILE, "ulimit -n"),
        (Stage.FORK, errno.EMFILE, "ulimit -n"),
        (Stage.STDIO, errno.ENOSPC, "kernel.pty.max"),
        (Stage.USER_NAMESPACE, errno.ENOSPC, "user.max_user_namespaces"),
        (Stage.USER_NAMESPACE, errno.EUSERS, "switch the user namespace off"),
        (Stage.UID, errno.EAGAIN, "ulimit -u"),
        (Stage.RAISE, errno.EPERM, "choose user = me"),
        (Stage.SECUREBITS, errno.EINVAL, "leave it out"),
        (Stage.AMBIENT, errno.EINVAL, "leave it out"),
        (Stage.SECCOMP, errno.ENOMEM, "make the policy smaller"),
        (Stage.SECCOMP, errno.ENOSYS, "set the mode to off"),
        (Stage.INJECT, errno.EOPNOTSUPP, "choose another"),
        (Stage.LANDLOCK, errno.E2BIG, "take [paths] out"),
        (Stage.LANDLOCK, errno.EOPNOTSUPP, "lsm=landlock"),
    ],
)
def test_rarer_refusals_say_what_to_change(stage: Stage, number: int, change: str) -> None:
    assert change in explain(LaunchError(stage, number), launch_spec("/bin/true"))


def test_a_step_that_has_its_own_sentence_is_told_in_it() -> None:
    assert explain(LaunchError(Stage.WATCH, 0, "The target left."), launch_spec("/bin/true")) == "The target left."
    assert "for no reason that the kernel gave" in explain(LaunchError(Stage.WATCH, 0), launch_spec("/bin/true"))
