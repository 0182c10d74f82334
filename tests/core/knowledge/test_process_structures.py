"""Structures about processes, as C lays them out and as the kernel fills them in."""

from __future__ import annotations

import os
import struct

import pytest

from core.knowledge.structures import LAYOUTS

ALL_BUT_KILL_AND_STOP = (2**64 - 1) ^ 1 << 8 ^ 1 << 18


@pytest.mark.parametrize(
    ("layout", "data", "text"),
    [
        ("signal-set", bytes(8), "[]"),
        ("signal-set", struct.pack("<Q", 1 << 1 | 1 << 16 | 1 << 31 | 1 << 32), "[INT CHLD RTMIN RT_1]"),
        ("signal-set", struct.pack("<Q", ALL_BUT_KILL_AND_STOP), "~[KILL STOP]"),
        ("signal-action", bytes(32), "{sa_handler=SIG_DFL, sa_mask=[], sa_flags=0}"),
        (
            "signal-action",
            struct.pack("<4Q", 0x1000, 0x4000000 | 0x10000000, 0x2000, 1),
            "{sa_handler=0x1000, sa_mask=[HUP], sa_flags=SA_RESTORER|SA_RESTART, sa_restorer=0x2000}",
        ),
        ("alternate-stack", struct.pack("<QI4xQ", 0, 2, 0), "{ss_sp=NULL, ss_flags=SS_DISABLE, ss_size=0}"),
        (
            "signal-information",
            struct.pack("<iii4xiIi4x", 17, 0, 1, 7, 1000, 3),
            "{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=7, si_uid=1000, si_status=3, ...}",
        ),
        (
            "signal-information",
            struct.pack("<iii4xiIi4x", 17, 0, 2, 7, 0, 9),
            "{si_signo=SIGCHLD, si_code=CLD_KILLED, si_pid=7, si_uid=0, si_status=SIGKILL, ...}",
        ),
        ("signal-information", struct.pack("<iii4xiIi4x", 10, 0, 0, 7, 0, 0), "{si_signo=SIGUSR1, si_code=0, si_pid=7, si_uid=0, ...}"),
        ("resource-usage", struct.pack("<4q", 0, 5, 1, 0), "{ru_utime={tv_sec=0, tv_usec=5}, ru_stime={tv_sec=1, tv_usec=0}, ...}"),
        ("system-name", b"Linux".ljust(65, b"\0") + b"host".ljust(65, b"\0"), '{sysname="Linux", nodename="host", ...}'),
        ("system-information", struct.pack("<q5Q", 9, 1, 2, 3, 10, 5), "{uptime=9, loads=[1, 2, 3], totalram=10, freeram=5, ...}"),
        ("capability-header", struct.pack("<Ii", 0x20080522, 7), "{version=_LINUX_CAPABILITY_VERSION_3, pid=7}"),
        (
            "capability-sets",
            struct.pack("<6I", 1 << 13, 1 << 13 | 1, 0, 0, 1 << 7, 0),
            "{effective=1<<CAP_NET_RAW, permitted=1<<CAP_CHOWN|1<<CAP_NET_RAW|1<<CAP_BPF, inheritable=0}",
        ),
    ],
)
def test_words(layout: str, data: bytes, text: str) -> None:
    assert LAYOUTS[layout](data) == text


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("exit 3", "[{WIFEXITED(s) && WEXITSTATUS(s) == 3}]"),
        ("kill -KILL $$", "[{WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL}]"),
        ("kill -STOP $$", "[{WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP}]"),
    ],
)
def test_how_real_children_end(program: str, text: str) -> None:
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", program], {})
    _, status = os.waitpid(pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    assert LAYOUTS["wait-status"](struct.pack("<i", status)) == text


def test_a_child_that_goes_on() -> None:
    assert LAYOUTS["wait-status"](struct.pack("<i", 0xFFFF)) == "[{WIFCONTINUED(s)}]"
