"""What both engines say of an exec beside the call: who called it, which file ran, and what limits its privileges."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.observer.wire import CapabilitySets, ExecFact, FrameKind, ProcessKind
from tests.core.observer.driver import NOBODY, Observer
from tests.support.privilege import require_root

Observe = Callable[..., Observer]
ECHO = Path("/bin/echo")
NET_RAW, CHOWN, SYS_PTRACE = 1 << 13, 1 << 0, 19


def parts(observer: Observer, call: int) -> str:
    """The path that the captures of this exec give."""
    (one,) = (one for one in observer.captures if (one.call, one.argument) == (call, ExecFact.FILE))
    return "/" + "/".join(reversed(one.data.decode().split("\0")[:-1]))


def fact(observer: Observer, call: int, which: ExecFact) -> tuple[int, ...] | None:
    """Its numbers; None where it was not told."""
    found = [one.data for one in observer.captures if (one.call, one.argument) == (call, which)]
    return struct.unpack(f"<{len(found[0]) // 4}I", found[0]) if found else None


def execs(observer: Observer) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(before, after) of each that succeeded."""
    before = {record["id"]: record for record in observer.process_records(ProcessKind.BEFORE_EXEC)}
    return [(before[record["id"]], record) for record in observer.process_records(ProcessKind.EXEC)]


def test_before_and_after_of_the_first_exec(observe: Observe, engine: str) -> None:
    require_root("ids and capabilities are changed")
    observer = observe()
    sets = CapabilitySets(None, NET_RAW | CHOWN, NET_RAW, NET_RAW, NET_RAW)
    observer.launch(str(ECHO), engine=engine, uid=NOBODY, gid=NOBODY, groups=(7, 12345), capabilities=sets, securebits=0x10)
    observer.read_all()
    ((before, after),) = execs(observer)
    names = ("permitted", "effective", "inheritable", "ambient", "securebits")
    assert [before[name] for name in names] == [NET_RAW | CHOWN, NET_RAW, NET_RAW, NET_RAW, 0x10]
    assert [after[name] for name in names] == [NET_RAW, NET_RAW, NET_RAW, NET_RAW, 0]
    assert before["uids"] == after["uids"] == (NOBODY,) * 4
    assert fact(observer, after["id"], ExecFact.GROUPS) == (7, 12345)
    assert fact(observer, after["id"], ExecFact.UID_MAP) is None
    assert (after["file"], parts(observer, after["id"])) == (ECHO.stat().st_ino, str(ECHO.resolve()))


def test_a_failed_exec_has_a_before_and_no_after(observe: Observe, engine: str) -> None:
    observer = observe()
    observer.launch("/bin/sh", "-c", "/does/not/exist; exec /bin/true", engine=engine)
    observer.read_all()
    assert len(observer.process_records(ProcessKind.BEFORE_EXEC)) == len(execs(observer)) + 1


def test_a_relative_script_behind_a_link_is_its_interpreter(observe: Observe, engine: str, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/echo\n")
    script.chmod(0o755)
    (tmp_path / "link").symlink_to(script)
    observer = observe()
    observer.launch("/bin/sh", "-c", "exec ./link", engine=engine, directory=str(tmp_path))
    observer.read_all()
    _, (_, after) = execs(observer)
    assert parts(observer, after["id"]) == str(ECHO.resolve())


def test_a_file_that_lies_in_no_directory(observe: Observe, engine: str) -> None:
    program = 'import os; fd = os.memfd_create("it"); os.write(fd, open("/bin/true", "rb").read()); os.execve(fd, ["it"], {})'
    observer = observe()
    observer.launch("/usr/bin/python3", "-c", program, engine=engine)
    observer.read_all()
    _, (_, after) = execs(observer)
    assert parts(observer, after["id"]).removesuffix(" (deleted)") == "/memfd:it"


def test_the_mount_counts(observe: Observe, engine: str, tmp_path: Path) -> None:
    require_root("file systems are mounted")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "nosuid", "tmpfs", str(tmp_path)], check=True)
    try:
        copy = tmp_path / "folder" / "echo"
        copy.parent.mkdir()
        copy.write_bytes(ECHO.read_bytes())
        copy.chmod(0o755)
        observer = observe()
        observer.launch("/bin/sh", "-c", f"exec {copy}", engine=engine)
        observer.read_all()
        (_, shell), (_, echo) = execs(observer)
        assert (shell["nosuid"], echo["nosuid"]) == (0, 1)
        assert parts(observer, echo["id"]) == str(copy)
        assert echo["file"] == copy.stat().st_ino
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_the_maps_of_another_user_namespace(observe: Observe, engine: str) -> None:
    require_root("several ids are mapped")
    observer = observe()
    uids, gids = ((0, 0, 1), (5, 1000, 10)), ((0, 0, 7),)
    observer.launch(str(ECHO), engine=engine, user_namespace=True, uid_map=uids, gid_map=gids)
    observer.read_all()
    ((before, after),) = execs(observer)
    assert fact(observer, after["id"], ExecFact.UID_MAP) == (0, 0, 1, 5, 1000, 10)
    assert fact(observer, after["id"], ExecFact.GID_MAP) == (0, 0, 7)
    assert before["user_namespace"] == after["user_namespace"] != Path("/proc/self/ns/user").stat().st_ino


def test_securebits_that_the_target_sets(observe: Observe, engine: str) -> None:
    require_root("securebits are set")
    observer = observe()
    program = "import ctypes, os; ctypes.CDLL(None).prctl(28, 1 | 1 << 6, 0, 0, 0); os.execv('/bin/true', ['true'])"
    observer.launch("/usr/bin/python3", "-c", program, engine=engine)
    observer.read_all()
    assert [(before["securebits"], after["securebits"]) for before, after in execs(observer)] == [(0, 0), (0x41, 0x41)]


def test_a_tracer_without_privilege(observe: Observe) -> None:
    require_root("eBPF programs are loaded, and ids are changed")
    observer = observe()
    trace = "exec strace -o /dev/null /bin/true"
    observer.launch("/bin/sh", "-c", trace, engine="ebpf", uid=NOBODY, gid=NOBODY, groups=())
    observer.read_all()
    assert [record["unprivileged_tracer"] for record in observer.process_records(ProcessKind.EXEC)] == [0, 0, 1]


def test_whether_ptrace_itself_limits(anyone: Observer) -> None:
    anyone.launch(str(ECHO))
    anyone.read_all()
    (record,) = anyone.process_records(ProcessKind.EXEC)
    held = anyone.json(FrameKind.HELLO)["capabilities"]["effective"]
    assert record["unprivileged_tracer"] == (not held >> SYS_PTRACE & 1)
