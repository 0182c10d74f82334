"""Rules that are walked around through a call that does the same; the kernel says whether the way is really open."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from core.lint.lint import lint
from core.policy.model import Policy
from tests.core.lint.kernel import clone_args, outcome
from tests.core.lint.policies import arg, found, mended, policy, rule, stacked, the

AT_FDCWD = -100
O_WRONLY = 1
F_SETOWN, F_SETSIG = 8, 10


def _file(tmp_path: Path) -> bytes:
    path = tmp_path / "file"
    path.touch()
    return os.fsencode(path)


def test_open_refused_alone_is_got_around_by_openat(tmp_path: Path) -> None:
    asked, path = policy(rule("open")), _file(tmp_path)
    finding = the(asked, "sibling-open")
    assert (finding.severity, finding.rule) == ("error", 1)
    assert "openat, openat2 and creat, each of which opens files too" in finding.message
    assert "libc's open() has called openat for years" in finding.message
    assert (outcome(asked, "open", path, 0), outcome(asked, "openat", AT_FDCWD, path, 0)) == (errno.EPERM, 0)
    fixed = mended(asked, "sibling-open")
    assert fixed == policy(rule("open openat openat2 creat"))
    assert [outcome(fixed, "open", path, 0), outcome(fixed, "openat", AT_FDCWD, path, 0), outcome(fixed, "creat", path, 0o600)] == [
        errno.EPERM
    ] * 3


def test_a_rule_that_has_all_siblings_says_nothing() -> None:
    assert found(policy(rule("open openat openat2 creat")), "sibling-open") == []
    assert found(policy(rule("open"), rule("openat openat2 creat", "errno:EACCES")), "sibling-open") == []
    assert found(policy(rule("open openat openat2 creat", "allow"), default="errno:EPERM"), "sibling-open") == []


def test_a_disabled_rule_says_nothing_and_closes_nothing() -> None:
    assert found(policy(rule("open", enabled=False)), "sibling-open") == []
    assert "openat" in the(policy(rule("open"), rule("openat openat2 creat", enabled=False)), "sibling-open").message


def test_no_fix_is_offered_that_another_rule_would_undo() -> None:
    ioctl_whatever = rule("ioctl fcntl", "log")
    finding = the(policy(rule("tkill", "trap"), ioctl_whatever, default="errno:ENOSYS"), "signal-open")
    assert "ioctl with FIOSETOWN" in finding.message
    assert "narrow the rules that let it run" in finding.message
    assert finding.fix is None
    elsewhere = policy(rule("tkill", "trap"), rule("ioctl", "log", arg(1, "==", 1)), rule("fcntl", "log", arg(1, "==", F_SETOWN)))
    mended(elsewhere, "signal-open")


def test_with_tests_the_same_arguments_are_meant(tmp_path: Path) -> None:
    """Only for writing: openat has the flags one argument further, openat2 in memory, and creat always writes."""
    asked, path = policy(rule("open", "errno:EROFS", arg(1, "&==", "O_WRONLY", mask=3))), _file(tmp_path)
    assert "for the same arguments" in the(asked, "sibling-open").message
    fixed = mended(asked, "sibling-open")
    assert outcome(fixed, "openat", AT_FDCWD, path, 0) == 0
    assert outcome(fixed, "openat", AT_FDCWD, path, O_WRONLY) == errno.EROFS
    assert outcome(fixed, "creat", path, 0o600) == errno.EROFS
    assert outcome(fixed, "openat2", AT_FDCWD, path, bytes(24), 24) == errno.ENOSYS


@pytest.mark.parametrize(
    ("refused", "left"),
    [
        ("stat", ("newfstatat", "statx", "lstat", "fstat")),
        ("fork", ("vfork", "clone", "clone3")),
        ("chmod", ("fchmod", "fchmodat", "fchmodat2")),
        ("chown", ("lchown", "fchown", "fchownat")),
        ("rename", ("renameat", "renameat2")),
        ("unlink", ("unlinkat",)),
        ("mkdir", ("mkdirat",)),
        ("link", ("linkat",)),
        ("symlink", ("symlinkat",)),
        ("mknod", ("mknodat",)),
        ("truncate", ("ftruncate",)),
        ("access", ("faccessat", "faccessat2")),
        ("execve", ("execveat",)),
        ("accept", ("accept4",)),
        ("dup2", ("dup", "dup3", "fcntl")),
        ("setuid", ("setreuid", "setresuid")),
        ("init_module", ("finit_module",)),
        ("kexec_load", ("kexec_file_load",)),
        ("settimeofday", ("clock_settime", "adjtimex")),
        ("sendto", ("sendmsg", "sendmmsg")),
        ("mount", ("move_mount",)),
    ],
)
def test_each_familys_open_members_are_named_and_closed(refused: str, left: tuple[str, ...]) -> None:
    asked = policy(rule(refused))
    message = the(asked, "sibling-open").message
    assert [name for name in left if name not in message] == []
    mended(asked, "sibling-open")


def test_the_kernel_lets_the_siblings_of_chmod_and_fork_through(tmp_path: Path) -> None:
    path = _file(tmp_path)
    ways: dict[str, list[tuple[str, tuple[int | bytes, ...]]]] = {
        "chmod": [("fchmodat", (AT_FDCWD, path, 0o600)), ("fchmodat2", (AT_FDCWD, path, 0o600, 0))],
        "fork": [("clone", (17,)), ("clone3", (clone_args(), 64))],
        "stat": [("newfstatat", (AT_FDCWD, path, bytes(256), 0)), ("statx", (AT_FDCWD, path, 0, 0, bytes(256)))],
        "unlink": [("unlinkat", (AT_FDCWD, path, 0))],
    }
    for refused, calls in ways.items():
        asked = policy(rule(refused))
        fixed = mended(asked, "sibling-open")
        for call, args in calls:
            assert outcome(asked, call, *args) in (0, errno.ENOSYS), call  # ENOSYS: a kernel that is older than the call
            _file(tmp_path)
            assert outcome(fixed, call, *args) == errno.EPERM, call


# ── signals ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_kill_refused_alone_leaves_every_other_way_to_signal() -> None:
    asked = policy(rule("kill"))
    finding = the(asked, "signal-open")
    for way in (
        "tkill",
        "tgkill",
        "pidfd_send_signal",
        "rt_sigqueueinfo",
        "rt_tgsigqueueinfo",
        "fcntl with F_SETOWN",
        "fcntl with F_SETSIG",
    ):
        assert way in finding.message
    assert outcome(asked, "kill", os.getpid(), 0) == errno.EPERM
    assert outcome(asked, "tkill", os.getpid(), 0) == 0
    assert outcome(asked, "fcntl", 0, F_SETOWN, os.getpid()) == 0


def test_its_fix_closes_them_and_no_other_fcntl() -> None:
    fixed = mended(policy(rule("kill")), "signal-open")
    assert outcome(fixed, "tkill", os.getpid(), 0) == errno.EPERM
    assert outcome(fixed, "tgkill", os.getpid(), os.getpid(), 0) == errno.EPERM
    assert outcome(fixed, "rt_sigqueueinfo", os.getpid(), 0, bytes(128)) == errno.EPERM
    assert outcome(fixed, "fcntl", 0, F_SETOWN, os.getpid()) == errno.EPERM
    assert outcome(fixed, "fcntl", 0, F_SETSIG, 0) == errno.EPERM
    assert outcome(fixed, "fcntl", 0, 1) == 0


def test_one_signal_refused_is_refused_in_each_calls_own_argument() -> None:
    fixed = mended(policy(rule("kill", "errno:EPERM", arg(1, "==", 9))), "signal-open")
    assert outcome(fixed, "tgkill", os.getpid(), os.getpid(), 9) == errno.EPERM
    assert outcome(fixed, "tgkill", os.getpid(), os.getpid(), 0) == 0


def test_a_rule_for_all_of_them_says_nothing() -> None:
    calls = "kill tkill tgkill pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo fcntl ioctl"
    assert found(policy(rule(calls)), "signal-open") == []


# ── namespaces, logging, other tables ─────────────────────────────────────────────────────────────────────────────


def test_new_user_namespaces_have_three_ways() -> None:
    fixed = mended(policy(rule("unshare", "errno:EPERM", arg(0, "&==", "CLONE_NEWUSER", mask="CLONE_NEWUSER"))), "sibling-open")
    assert outcome(fixed, "clone", 0x10000000 | 17) == errno.EPERM
    assert outcome(fixed, "clone", 17) == 0
    assert outcome(fixed, "clone3", clone_args(), 64) == errno.ENOSYS


def test_logging_only_some_siblings_is_a_remark() -> None:
    finding = the(policy(rule("open", "log")), "sibling-open")
    assert finding.severity == "info"
    mended(policy(rule("open", "log")), "sibling-open")


def test_enosys_means_that_another_call_is_to_be_taken() -> None:
    assert found(policy(rule("openat2 clone3", "errno:ENOSYS")), "sibling-open") == []


def test_the_32_bit_table_has_siblings_of_its_own() -> None:
    """libseccomp refuses socketcall's share of socket along with it; our own generator, which two tests of one argument need, does not."""
    tables = {"architectures": ("native", "x86")}
    assert found(policy(rule("socket"), **tables), "sibling-open") == []
    asked = policy(rule("socket", "errno:EPERM", arg(0, ">", 1), arg(0, "<", 5)), **tables)
    assert "socketcall" in the(asked, "sibling-open").message


# ── several filters ───────────────────────────────────────────────────────────────────────────────────────────────


def test_another_filter_may_close_the_way() -> None:
    assert found(policy(rule("open"), stacked=(stacked(rule("openat openat2 creat")),)), "sibling-open") == []


def test_a_rule_of_a_stacked_filter_is_mended_there() -> None:
    asked = policy(rule("read"), rule("pread64 readv preadv preadv2"), stacked=(stacked(rule("open")),))
    finding = the(asked, "sibling-open")
    assert finding.rule == 3
    assert mended(asked, "sibling-open").seccomp.stacked[0].rules == (rule("open openat openat2 creat"),)


def test_a_policy_without_rules_has_no_siblings() -> None:
    assert [finding for finding in lint(Policy()) if "sibling" in finding.code] == []
