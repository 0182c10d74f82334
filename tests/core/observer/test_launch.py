"""Launches: what the target finds itself as, and each stage that can fail, said in a sentence."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.observer.wire import CapabilitySets, FilterSpec, FrameKind
from tests.core.observer.driver import NOBODY, Observer, errno_filter, exit_code, kill_filter

EXECVE, GETPPID = 59, 110
ALL = 2**41 - 1
NET_RAW, SYS_ADMIN, SETPCAP = 1 << 13, 1 << 21, 1 << 8
_SELF = ("/bin/cat", "/proc/self/status")

Observe = Callable[..., Observer]


def status_of(observer: Observer) -> dict[str, str]:
    observer.read_all()
    assert not observer.all_json(FrameKind.FAILED)
    return dict(line.split(":\t", 1) for line in observer.output().decode().splitlines())


def failure(observer: Observer) -> dict[str, Any]:
    observer.read_all()
    assert not observer.all_json(FrameKind.ENDED)
    return observer.json(FrameKind.FAILED)


def test_identity_and_sets(observe: Observe, engine: str) -> None:
    observer = observe()
    sets = CapabilitySets(bounding=NET_RAW | SETPCAP, permitted=NET_RAW, effective=NET_RAW, inheritable=NET_RAW, ambient=NET_RAW)
    observer.launch(*_SELF, engine=engine, uid=NOBODY, gid=NOBODY, groups=(7, 8), capabilities=sets, no_new_privs=True)
    status = status_of(observer)
    assert status["Uid"].split() == [str(NOBODY)] * 4
    assert status["Gid"].split() == [str(NOBODY)] * 4
    assert status["Groups"].split() == ["7", "8"]
    masks = {name: int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
    assert masks == {"CapInh": NET_RAW, "CapPrm": NET_RAW, "CapEff": NET_RAW, "CapBnd": NET_RAW | SETPCAP, "CapAmb": NET_RAW}
    assert status["NoNewPrivs"] == "1"


def test_the_exec_record_tells_the_credentials(observe: Observe, engine: str) -> None:
    observer = observe()
    observer.launch(
        *_SELF, engine=engine, uid=NOBODY, gid=7, capabilities=CapabilitySets(bounding=NET_RAW), securebits=0x2F, no_new_privs=True
    )
    observer.read_all()
    (record,) = [record for record in observer.processes if record["kind"] == 2]
    assert record["uids"] == (NOBODY,) * 4
    assert record["gids"] == (7,) * 4
    assert (record["bounding"], record["permitted"], record["no_new_privs"], record["securebits"]) == (NET_RAW, 0, 1, 0x2F)
    assert record["user_namespace"] == Path("/proc/self/ns/user").stat().st_ino
    assert record["comm"].rstrip(b"\0") == b"cat"


def test_root_without_a_bounding_set_has_nothing_after_exec(observe: Observe) -> None:
    observer = observe()
    observer.launch(*_SELF, capabilities=CapabilitySets(bounding=0))
    assert int(status_of(observer)["CapPrm"], 16) == 0


def test_user_namespace(anyone: Observer) -> None:
    hello = anyone.read_until(FrameKind.HELLO).json()
    anyone.launch(*_SELF, user_namespace=True, uid_map=((0, hello["uid"], 1),), gid_map=((0, hello["gid"], 1),), uid=0, gid=0)
    status = status_of(anyone)
    assert status["Uid"].split() == ["0"] * 4
    assert int(status["CapEff"], 16) & SYS_ADMIN


def test_signals_descriptors_and_session_are_a_fresh_programs(observe: Observe, engine: str) -> None:
    read, write = os.pipe()
    os.set_inheritable(write, True)
    try:
        observer = observe()
        observer.launch(
            "/bin/sh", "-c", "cat /proc/self/status; ls -l /proc/self/fd | wc -l; cut -d' ' -f6 /proc/$$/stat; echo $$", engine=engine
        )
        observer.read_all()
    finally:
        os.close(read)
        os.close(write)
    *lines, descriptors, session, shell = observer.output().decode().splitlines()
    status = dict(line.split(":\t", 1) for line in lines)
    assert (int(status["SigBlk"], 16), int(status["SigIgn"], 16)) == (0, 0)
    # "total 0", 0, 1, 2 and the directory itself.
    assert descriptors == "5"
    assert session == shell


def test_environment_arguments_and_directory_arrive_as_bytes(observe: Observe, tmp_path: Path) -> None:
    observer = observe()
    program = "import os,sys; os.write(1, repr((os.environb, [os.fsencode(a) for a in sys.argv[1:]], os.getcwdb())).encode())"
    odd = os.fsdecode(b"\xff\xfe")
    observer.launch(sys.executable, "-I", "-c", program, odd, environment=(("A", odd), ("B", "")), directory=str(tmp_path))
    observer.read_all()
    text = observer.output().decode()
    assert "b'A': b'\\xff\\xfe'" in text
    assert "[b'\\xff\\xfe']" in text
    assert repr(os.fsencode(tmp_path)) in text


def test_limits_and_umask_are_kept(observe: Observe) -> None:
    observer = observe()
    observer.launch("/bin/sh", "-c", "ulimit -n; umask")
    observer.read_all()
    files = Path(f"/proc/{os.getpid()}/limits").read_text().split("Max open files")[1].split()[0]
    assert observer.output().split() == [files.encode(), f"{_umask():04o}".encode()]


def _umask() -> int:
    return int(Path("/proc/self/status").read_text().split("Umask:\t")[1].split()[0], 8)


# ── failures ──

FAILURES: tuple[tuple[str, int, str, dict[str, Any]], ...] = (
    ("directory", errno.ENOENT, "/nonexistent", {"directory": "/nonexistent"}),
    ("setgroups", errno.EPERM, "CAP_SETGID", {"groups": (1,)}),
    ("setresgid", errno.EPERM, "CAP_SETGID", {"gid": 1}),
    ("setresuid", errno.EPERM, "CAP_SETUID", {"uid": 1}),
    ("bounding-drop", errno.EPERM, "CAP_SETPCAP", {"capabilities": CapabilitySets(bounding=0)}),
    ("securebits", errno.EPERM, "CAP_SETPCAP", {"securebits": 1}),
    ("capset", errno.EPERM, "permitted", {"capabilities": CapabilitySets(permitted=1, effective=1)}),
    ("ambient", errno.EPERM, "inheritable", {"capabilities": CapabilitySets(ambient=1)}),
    ("seccomp", errno.EACCES, "no_new_privs", {"filters": (errno_filter(GETPPID, 1),), "judge_from": "execve"}),
    ("user-namespace", errno.EPERM, "ids", {"user_namespace": True, "uid_map": ((0, 0, 2),)}),
)


@pytest.mark.parametrize(("stage", "number", "word", "changes"), FAILURES, ids=[failure[0] for failure in FAILURES])
def test_without_privilege_each_stage_says_what_it_needs(
    nobody: Observer, stage: str, number: int, word: str, changes: dict[str, Any]
) -> None:
    nobody.launch("/bin/true", **changes)
    failed = failure(nobody)
    assert (failed["stage"], failed["errno"]) == (stage, number)
    assert word in failed["detail"]
    assert failed["detail"].endswith(".")


def test_a_bad_filter_is_refused_at_its_stage(observe: Observe) -> None:
    observer = observe()
    observer.launch("/bin/true", no_new_privs=True, filters=(FilterSpec(b"\x05\0\xff\xff\0\0\0\0"),), judge_from="execve")
    failed = failure(observer)
    assert (failed["stage"], failed["errno"]) == ("seccomp", errno.EINVAL)


def test_strict_mode_cannot_judge_from_execve(observe: Observe) -> None:
    observer = observe()
    observer.launch("/bin/true", strict=True, judge_from="execve")
    failed = failure(observer)
    assert failed["stage"] == "seccomp"
    assert "judge from entry" in failed["detail"]


def _file(path: Path, content: bytes, mode: int) -> str:
    path.write_bytes(content)
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize(
    ("content", "mode", "number", "words"),
    [
        (None, 0, errno.ENOENT, "does not exist"),
        (b"#!/nonexistent/interpreter -x\n", 0o755, errno.ENOENT, "/nonexistent/interpreter"),
        (b"just text\n", 0o755, errno.ENOEXEC, "#!"),
        (b"#!/bin/sh\n", 0o644, errno.EACCES, "chmod +x"),
        (b"\x7fELF\x02\x01\x01" + bytes(57), 0o755, errno.ENOEXEC, "processor"),
    ],
    ids=["missing", "interpreter", "format", "mode", "cut"],
)
def test_exec_failures_are_told_apart(
    observe: Observe, engine: str, tmp_path: Path, content: bytes | None, mode: int, number: int, words: str
) -> None:
    path = str(tmp_path / "target") if content is None else _file(tmp_path / "target", content, mode)
    observer = observe()
    observer.launch(path, engine=engine)
    failed = failure(observer)
    assert (failed["stage"], failed["errno"]) == ("execve", number)
    assert words in failed["detail"]
    assert path in failed["detail"]


def test_a_missing_loader_is_named(observe: Observe, tmp_path: Path) -> None:
    program = Path("/bin/true").read_bytes().replace(b"/lib64/ld-linux-x86-64.so.2\0", b"/lib64/ld-nowhr-x86-64.so.2\0")
    observer = observe()
    observer.launch(_file(tmp_path / "foreign", program, 0o755))
    assert "/lib64/ld-nowhr-x86-64.so.2" in failure(observer)["detail"]


def test_a_directory_is_not_executable(observe: Observe, tmp_path: Path) -> None:
    observer = observe()
    observer.launch(str(tmp_path))
    assert "is a directory" in failure(observer)["detail"]


def test_a_filter_that_refuses_the_launchers_execve(observe: Observe) -> None:
    observer = observe()
    observer.launch("/bin/true", no_new_privs=True, filters=(errno_filter(EXECVE, errno.EACCES),), judge_from="execve")
    failed = failure(observer)
    assert failed["stage"] == "execve"
    assert "judge from entry" in failed["detail"]


def test_a_filter_that_kills_the_launchers_execve_is_a_run_of_one_call(observe: Observe, engine: str) -> None:
    observer = observe()
    observer.launch("/bin/true", engine=engine, no_new_privs=True, filters=(kill_filter(EXECVE),), judge_from="execve")
    observer.read_all()
    assert exit_code(observer.status) == -31
    assert [call["nr"] for call in observer.calls] == [EXECVE]
    assert "judges from execve" in observer.notes
