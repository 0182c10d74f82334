"""Decoded arguments against strace's words for the same calls, really made."""

import json
import re
import shutil
import struct
import subprocess
import sys
from typing import Any

import pytest

from core.judge.records import Capture
from core.knowledge.captures import readings
from core.knowledge.decode import decode_arguments
from core.knowledge.syscalls import ARCHES, number, syscall
from core.observer.wire import CaptureKind
from tests.core.knowledge import traced_calls
from tests.support.privilege import require

X86_64 = ARCHES["x86_64"]
CWD = 2**64 - 100
MINUS_ONE = 2**64 - 1
NOPE = b"/nonexistent/file"
CONNECT = struct.pack("<H", 2) + struct.pack(">H", 80) + bytes([127, 0, 0, 1]) + bytes(8)
CONNECT6 = struct.pack("<H", 10) + struct.pack(">H", 443) + bytes(4) + bytes(15) + b"\1" + bytes(4)
CREAT = 0o100

CALLS: list[tuple[str, tuple[Any, ...]]] = [
    ("openat", (CWD, NOPE, 0o2000000)),
    ("openat", (0xFFFFFF9C, NOPE, 0o2204000)),
    ("openat", (CWD, NOPE, CREAT | 0o2001001, 0o644)),
    ("openat", (CWD, b'/nonexistent/"q"\\\n\x01' + b"7\xc3\xa4", 0)),
    ("openat", (777, b"relative", 0o10000000)),
    ("openat", (CWD, NOPE, 0o20200002, 0o600)),
    ("openat", (CWD, 0, 0)),
    ("openat", (CWD, 1, 0)),
    ("open", (NOPE, 0o4010000)),
    ("open", (NOPE, CREAT | 0o200, 7)),
    ("access", (NOPE, 4)),
    ("access", (NOPE, 0)),
    ("faccessat2", (CWD, NOPE, 7, 0x200)),
    ("newfstatat", (CWD, NOPE, 0, 0x100)),
    ("unlink", (NOPE,)),
    ("unlinkat", (CWD, NOPE, 0x200)),
    ("rename", (NOPE, b"/nonexistent/other")),
    ("renameat2", (CWD, NOPE, CWD, b"other", 1)),
    ("linkat", (CWD, NOPE, CWD, b"other", 0x400)),
    ("symlink", (b"target", b"/nonexistent/link")),
    ("mkdir", (b"/nonexistent/folder", 0o777)),
    ("mkdirat", (CWD, b"/nonexistent/folder", 0)),
    ("chmod", (NOPE, 0o4755)),
    ("chown", (NOPE, 0, 0xFFFFFFFF)),
    ("mknod", (b"/nonexistent/null", 0o20666, 0x103)),
    ("mknodat", (CWD, b"/nonexistent/fifo", 0o10600)),
    ("truncate", (NOPE, 5)),
    ("chdir", (NOPE,)),
    ("chroot", (NOPE,)),
    ("readlink", (NOPE, 0, 10)),
    ("mount", (NOPE, b"/nonexistent/there", b"ext4", 0x9, 0)),
    ("umount2", (NOPE, 2)),
    ("socket", (99, 1, 0)),
    ("socket", (2, 0o2004001, 99)),
    ("socket", (16, 3, 99)),
    ("socket", (1, 77, 0)),
    ("connect", (777, CONNECT, 16)),
    ("connect", (777, CONNECT6, 28)),
    ("connect", (777, b"\1\0/run/nonexistent\0", 20)),
    ("bind", (777, b"\1\0\0abstract", 11)),
    ("listen", (777, 5)),
    ("shutdown", (777, 2)),
    ("setsockopt", (777, 1, 2, 0, 4)),
    ("setsockopt", (777, 6, 1, 0, 4)),
    ("accept4", (777, 0, 0, 0o2000000)),
    ("fcntl", (777, 2, 1)),
    ("fcntl", (777, 1)),
    ("fcntl", (777, 3)),
    ("fcntl", (777, 4, 0o4000)),
    ("fcntl", (777, 1030, 10)),
    ("lseek", (777, MINUS_ONE, 2)),
    ("dup3", (777, 778, 0o2000000)),
    ("pipe2", (0, 0o2004000)),
    ("close", (777,)),
    ("mmap", (0, 4096, 3, 0x22, MINUS_ONE, 0)),
    ("mmap", (0, 4096, 1, 2, 777, 0x1000)),
    ("mprotect", (4096, 4096, 0)),
    ("munmap", (0xFFF, 4096)),
    ("madvise", (0xFFF, 4096, 4)),
    ("brk", (0,)),
    ("mlockall", (8,)),
    ("kill", (0x7FFFFFFE, 15)),
    ("kill", (0x7FFFFFFE, 0)),
    ("tgkill", (0x7FFFFFFE, 0x7FFFFFFE, 34)),
    ("rt_sigaction", (9, 0, 0, 7)),
    ("rt_sigprocmask", (1, 0, 0, 7)),
    ("wait4", (0x7FFFFFFE, 0, 1, 0)),
    ("setpgid", (0x7FFFFFFE, 0)),
    ("getpriority", (1, 0)),
    ("prctl", (38, 0, 0, 0, 0)),
    ("prctl", (24, 63)),
    ("prctl", (15, b"named")),
    ("prctl", (3,)),
    ("prctl", (1, 0)),
    ("futex", (0, 0x81, 1)),
    ("clock_gettime", (1, 0)),
    ("clock_nanosleep", (0, 1, struct.pack("<qq", 1, 5), 0)),
    ("prlimit64", (0x7FFFFFFE, 3, struct.pack("<QQ", 8192 * 1024, MINUS_ONE), 0)),
    ("epoll_create1", (1,)),
    ("epoll_ctl", (777, 2, 778, 0)),
    ("eventfd2", (0, 0x1000000 | 0o2004001)),
    ("signalfd4", (777, 0, 7, 0o2004000)),
    ("inotify_init1", (0o2004001,)),
    ("timerfd_create", (99, 0o2004000)),
    ("inotify_add_watch", (777, NOPE, 0x2)),
    ("flock", (777, 6)),
    ("fallocate", (777, 3, 5, 6)),
    ("fadvise64", (777, 0, 5, 3)),
    ("sched_getscheduler", (0x7FFFFFFE,)),
    ("shmget", (0, 0, 0o1600)),
    ("getxattr", (NOPE, b"user.name", 0, 5)),
    ("setresuid", (MINUS_ONE, MINUS_ONE, MINUS_ONE)),
    ("personality", (0xFFFFFFFF,)),
    ("memfd_create", (b"a name", 0x41)),
    ("statx", (CWD, NOPE, 0x100, 0x7FF, 0)),
    ("execve", (NOPE, [b"name", b"-l", b'say "yes"'], 0)),
    ("getrandom", (0, 5, 1)),
    ("unshare", (1,)),
    ("rseq", (0xFFF1, 0, 0, 0x53053053)),
    ("umask", (0o22,)),
    ("getpid", ()),
    ("umask", (0o22,)),
]

UNNAMED = re.compile(r" /\* [A-Z0-9]+_\?\?\? \*/")
"""What strace adds to a number where it misses a name."""


def _json(argument: object) -> object:
    match argument:
        case bytes(data):
            return {"bytes": data.hex()}
        case list(strings):
            return {"strings": [text.hex() for text in strings]}
        case _:
            return argument


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """For each of CALLS: ours and strace's text."""
    require(shutil.which("strace"), "strace is not installed: its words are what ours are compared with")
    output = tmp_path_factory.mktemp("strace") / "trace"
    calls = [(number("x86_64", name), [_json(argument) for argument in args]) for name, args in CALLS]
    command = ["strace", "-qq", "-s", "4096", "-o", str(output), sys.executable, "-I", "-S", traced_calls.__file__]
    run = subprocess.run(command, input=json.dumps(calls), capture_output=True, text=True, check=True, timeout=60)
    text = output.read_text(encoding="latin-1").split(f"getsid({traced_calls.MARKER})")[1]
    theirs = [line for line in text.splitlines()[1:] if line]
    assert len(theirs) == len(CALLS)
    return [(_ours(*call, args), line) for call, args, line in zip(CALLS, json.loads(run.stdout), theirs, strict=True)]


def _ours(name: str, given: tuple[Any, ...], args: list[int]) -> str:
    nr = number("x86_64", name)
    assert nr is not None
    call = syscall(X86_64, nr)
    assert call is not None
    memory = {index: argument for index, argument in enumerate(given) if isinstance(argument, bytes | list)}
    captures = {
        reading.argument: _capture(
            int(reading.kind), reading.argument, memory[reading.argument], _length(reading.length, args, reading.size)
        )
        for reading in readings(call)
        if reading.argument in memory
    }
    return f"{name}({decode_arguments(X86_64, nr, args, captures, -1)}"


def _length(argument: int, args: list[int], size: int) -> int:
    return min(args[argument], size) if argument < len(args) else size


def _capture(kind: int, argument: int, memory: bytes | list[bytes], length: int) -> Capture:
    data = b"".join(text + bytes(1) for text in memory) if isinstance(memory, list) else memory
    return Capture(1, argument, kind, truncated=False, failed=False, data=data[:length] if kind == CaptureKind.BYTES else data)


def test_every_call_reads_as_in_strace(lines: list[tuple[str, str]]) -> None:
    different = []
    for ours, theirs in lines:
        arguments = re.split(r"\) += ", UNNAMED.sub("", theirs))[0]
        if ours != arguments:
            different.append(f"ours:   {ours})\nstrace: {theirs}")
    assert not different, "\n".join(different)
