"""Events on a terminal: the words of the window, and colours only where they are wanted."""

from __future__ import annotations

import dataclasses
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from core.event import CallEvent, ProcessEvent
from core.judge.verdict import Evidence, Gate, Outcome, Verdict
from core.knowledge.syscalls import number
from core.recording.summary import Summary
from core.text import coloured, event_line
from gui.models.log_columns import Column, row_of

ESCAPE = "\x1b["


def call(verdict: Verdict, ret: int | None = -1, errno: str | None = "EPERM") -> CallEvent:
    nr = number("x86_64", "chdir")
    assert nr is not None
    return CallEvent(
        seq=4,
        time_ns=1_500_000,
        pid=7,
        tid=8,
        comm="prog",
        syscall="chdir",
        nr=nr,
        arch="x86_64",
        args=(1, 0, 0, 0, 0, 0),
        text='"/"',
        ret=ret,
        errno=errno,
        duration_ns=5,
        verdict=verdict,
        checks=(),
    )


def process(event: str, **data: object) -> ProcessEvent:
    return ProcessEvent(5, 2_000_000, 7, 8, "prog", event, data)


REFUSED = Verdict(Gate.SECCOMP, Outcome.DENIED, Evidence.OBSERVED, "seccomp rule 2 refused chdir with EPERM before it ran", rule=2)
NOT_HELD = Verdict(Gate.CAPABILITY, Outcome.DENIED, Evidence.INFERRED, "SYS_CHROOT is missing", capability="SYS_CHROOT")
KILLED = Verdict(Gate.SECCOMP, Outcome.KILLED, Evidence.COMPUTED, "the default action killed the process", rule=None)
ABSENT = Verdict(Gate.OTHER, Outcome.FAILED, Evidence.OBSERVED, "no such file or directory")
FINE = Verdict(Gate.NONE, Outcome.OK, Evidence.OBSERVED, "")


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (call(REFUSED), 'chdir("/") = -1 EPERM (operation not permitted)  ◆ seccomp denied: ' + REFUSED.reason),
        (call(NOT_HELD), 'chdir("/") = -1 EPERM (operation not permitted)  ⬢ capability denied: SYS_CHROOT is missing (inferred)'),
        (call(KILLED, None, None), 'chdir("/") = killed  ✕ seccomp killed: the default action killed the process (computed)'),
        (call(ABSENT, -2, "ENOENT"), 'chdir("/") = -1 ENOENT (no such file or directory)'),
        (call(FINE, 0, None), 'chdir("/") = 0'),
        (process("fork", child=9, child_tid=9, thread=False), "+++ new process 9 +++"),
        (process("exec", argv=["ls", "-l"]), "+++ runs ls -l +++"),
        (process("exit", thread=False, status=3, seccomp=False), "+++ process ended: status 3 +++"),
        (process("exit", thread=True, signal="SIGSYS", seccomp=True), "+++ thread 8 ended: killed by SIGSYS (seccomp) +++"),
    ],
)
def test_lines(event: CallEvent | ProcessEvent, line: str) -> None:
    plain = event_line(event)
    assert plain == f"{event.time_ns / 1e9:10.6f} prog[8] {line}"
    painted = event_line(event, coloured)
    assert ESCAPE in painted
    assert strip(painted) == plain


def strip(text: str) -> str:
    """Without escape sequences."""
    parts = text.split(ESCAPE)
    return parts[0] + "".join(part.partition("m")[2] for part in parts[1:])


def test_a_call_of_another_architecture_bears_its_name() -> None:
    getpid, mmap, x32_getpid = number("x86", "getpid"), number("x86", "mmap2"), number("x32", "getpid")
    assert getpid is not None
    assert mmap is not None
    assert x32_getpid is not None
    old = dataclasses.replace(call(FINE, 7, None), syscall="getpid", text="", arch="x86", nr=getpid)
    assert event_line(old).endswith("prog[8] x86:getpid() = 7")
    assert event_line(dataclasses.replace(old, arch="x32", nr=x32_getpid)).endswith("prog[8] x32:getpid() = 7")
    assert event_line(dataclasses.replace(old, arch="aarch64"), native="aarch64").endswith("prog[8] getpid() = 7")
    mapped = dataclasses.replace(old, syscall="mmap2", nr=mmap, ret=0xF7FC0000)
    assert event_line(mapped).endswith("x86:mmap2() = 0xf7fc0000")


@pytest.mark.parametrize("verdict", [REFUSED, NOT_HELD, KILLED])
def test_the_window_says_the_same(verdict: Verdict) -> None:
    event = call(verdict)
    row, line = row_of(event), event_line(event)
    for column in (Column.SYSCALL, Column.ARGUMENTS, Column.RESULT, Column.GATE, Column.REASON):
        assert row.cells[column] in line


def test_the_summary_line() -> None:
    summary = Summary(1200, {"seccomp": 9, "capability": 3, "other": 0}, {"NET_RAW": 1}, {"SYS_ADMIN": 2}, 0)
    assert summary.sentence == (
        "1,200 calls · 12 denied: 9 seccomp, 3 capability · capabilities used: NET_RAW · capabilities refused: SYS_ADMIN · lost 0"
    )


def on_a_terminal(environment: Mapping[str, str], *arguments: str) -> str:
    """What `gatescope run … true` writes to a terminal."""
    pid, master = pty.fork()
    if pid == 0:
        command = [sys.executable, "-c", "import sys; from core.cli import main; sys.exit(main())", "run", *arguments, "--", "true"]
        os.execve(command[0], command, {**os.environ, "NO_COLOR": "", "TERM": "xterm", **environment})  # noqa: S606  # as in test_cli
    output = b""
    try:
        while data := os.read(master, 65536):
            output += data
    except OSError:  # EIO: the other side has gone
        pass
    os.close(master)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return output.decode()


@pytest.mark.parametrize(("environment", "colour"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colour_on_a_terminal(environment: Mapping[str, str], colour: bool) -> None:
    output = on_a_terminal(environment)
    assert "+++ process ended: status 0 +++" in strip(output)
    assert (ESCAPE in output) is colour


def test_no_colour_in_a_file_or_a_pipe(tmp_path: Path) -> None:
    on_a_terminal({}, "--output", str(tmp_path / "events"))
    assert "process ended" in (tmp_path / "events").read_text()
    assert ESCAPE not in (tmp_path / "events").read_text()
    command = [sys.executable, "-c", "import sys; from core.cli import main; sys.exit(main())", "run", "--", "true"]
    piped = subprocess.run(command, capture_output=True, check=True)
    assert b"process ended" in piped.stderr
    assert ESCAPE.encode() not in piped.stderr
