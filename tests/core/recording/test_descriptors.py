"""What descriptors are open on: told from real runs of both engines, and step by step."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from core.event import CallEvent
from core.observer.abilities import engine_abilities
from core.observer.wire import Engine
from core.recording.descriptor_tables import OpenFile, Table
from core.recording.filter import parse_query
from core.recording.recording import Recording
from core.recording.rows import Details
from tests.core.recording.test_recording import HEADER, call_rows
from tests.support.privilege import require
from tests.support.run import calls_of, recording_of, run

PROGRAM = """
import os, socket, subprocess, sys, threading
os.chdir(sys.argv[1])
first = os.open("file", os.O_RDWR | os.O_CREAT)          # relative, closed by exec
os.lseek(first, 1, 0)
kept = os.dup2(first, 60)                                 # inherited
os.close(first)
again = os.open("/dev/null", os.O_WRONLY)                 # the same number, another file
os.lseek(again, 2, 0)
threading.Thread(target=os.lseek, args=(60, 3, 0)).start()
if (pid := os.fork()) == 0:
    os.lseek(60, 4, 0)
    os.dup2(again, 60)
    os._exit(0)
os.waitpid(pid, 0)
os.lseek(60, 5, 0)                                        # the child's dup2 is its own
folder = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
os.lseek(os.open("self/status", os.O_RDONLY, dir_fd=folder), 6, 0)
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
peer, _ = server.accept()
os.closerange(100, 200)
read, write = os.pipe()
for number in (server.fileno(), client.fileno(), peer.fileno(), read, 0):
    try: os.lseek(number, 7, 0)
    except OSError: pass
os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", "import os\\nfor n in (60, 3):\\n try: os.lseek(n, 8, 0)\\n except OSError: pass"])
"""


@pytest.mark.parametrize("engine", ["ebpf", "ptrace"])
def test_a_run(engine: Engine, tmp_path: Path) -> None:
    require(engine_abilities()[engine] is None, f"{engine} does not work here")
    session = run([sys.executable, "-I", "-S", "-c", PROGRAM, str(tmp_path)], engine=engine)
    seeks: dict[str, list[str]] = {}
    for event in calls_of(session, "lseek"):
        descriptor, offset, _ = event.text.split(", ")
        seeks.setdefault(offset, []).append(descriptor.partition("<")[2].removesuffix(">"))
    file = f"{tmp_path}/file"
    assert [seeks[str(number)][-1] for number in range(1, 6)] == [file, "/dev/null", file, file, file]
    assert seeks["6"][-1] == "/proc/self/status"
    server, client, peer, pipe, stdin = seeks["7"][-5:]
    assert server.startswith("TCP:[127.0.0.1:")
    address = server.removeprefix("TCP:[").removesuffix("]")
    assert client == f"TCP:[->{address}]"
    assert peer.startswith(f"TCP:[{address}->127.0.0.1:")
    (made,) = [event for event in calls_of(session, "pipe2") if f"[#{event.seq}]" in pipe]
    assert pipe == f"pipe:[#{made.seq}]"
    assert stdin == "pipe:stdin"
    assert seeks["8"][-2:] == [file, ""]  # 3 was closed by exec


def test_names_are_those_of_the_moment(tmp_path: Path) -> None:
    recording = recording_of(run([sys.executable, "-I", "-S", "-c", PROGRAM, str(tmp_path)]))
    texts = [event.text for event in recording.events() if isinstance(event, CallEvent)]
    backwards = [recording.event(index) for index in reversed(range(len(recording)))]
    assert texts == [event.text for event in reversed(backwards) if isinstance(event, CallEvent)]
    # A search through the arguments finds the calls on a file too.
    found = [recording.event(int(index)) for index in parse_query(f"syscall:lseek args:{tmp_path}").matches(recording, 0, len(recording))]
    assert len(found) == 5


def test_what_is_known_is_not_waited_for_and_can_be_left_out(tmp_path: Path) -> None:
    recording = recording_of(run([sys.executable, "-I", "-S", "-c", PROGRAM, str(tmp_path)]))
    last = max(index for index in range(len(recording)) if "/file" in getattr(recording.event(index), "text", ""))
    fresh = Recording.create(None, recording.header)
    for start, rows in recording.rows.slices(0, len(recording)):
        assert start == 0
        fresh.names = recording.names
        fresh.append(rows, recording.details)
    texts = [getattr(fresh.event(last, names), "text", "") for names in ("known", "all", "known", "none")]
    assert [f"{tmp_path}/file" in text for text in texts] == [False, True, True, False]


def test_after_a_loss_nothing_is_claimed(tmp_path: Path) -> None:
    recording = recording_of(run([sys.executable, "-I", "-S", "-c", PROGRAM, str(tmp_path)]))
    recording.set_lost({"calls": 1})
    assert not [event for event in recording.events() if isinstance(event, CallEvent) and f"<{tmp_path}" in event.text]


def test_a_call_that_seccomp_answered_changed_nothing() -> None:
    policy = '[seccomp]\nmode = "filter"\n[[seccomp.rules]]\nsyscalls = ["close"]\naction = "errno:0"'
    script = "import os\nfd = os.open('/dev/null', 0)\nos.close(fd)\nos.lseek(fd, 9, 0)"
    seeks = calls_of(run([sys.executable, "-I", "-S", "-c", script], policy), "lseek")
    assert seeks[-1].text.partition("<")[2] == "/dev/null>, 9, SEEK_SET"


# Step by step.


def test_a_table_remembers() -> None:
    table, first, second = Table(), OpenFile("/a"), OpenFile("/b")
    table.open(5, 3, first, closed_by_exec=True)
    table.close(9, 3)
    table.open(12, 3, second)
    names = [file.name if (file := table.at(row, 3)) else None for row in (5, 6, 9, 10, 12, 13)]
    assert names == [None, "/a", "/a", None, None, "/b"]
    child = table.copy(20)
    table.close(21, 3)
    assert child.now(3) is second
    assert child.at(20, 3) is None  # it began behind that row
    assert child.at(21, 3) is second
    table.open(30, 4, first, closed_by_exec=True)
    assert table.copy(31, for_exec=True).now(4) is None
    assert table.between(0, 10) == [4]


def test_a_file_may_change_its_name() -> None:
    file = OpenFile("TCP", "TCP")
    file.rename(4, "TCP:[->127.0.0.1:80]")
    assert [file.name_at(row) for row in (0, 4, 5)] == ["TCP", "TCP", "TCP:[->127.0.0.1:80]"]


def test_calls_that_change_nothing_leave_no_tables() -> None:
    recording = Recording.create(None, HEADER)
    recording.append(call_rows(recording, "read", 100_000), Details())
    recording.descriptors.take(recording, 0, len(recording))
    assert recording.descriptors.taken == len(recording)
    assert recording.descriptors.name(5, 8, 0) is None
