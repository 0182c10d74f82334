"""Real programs, read by strace and by us in one and the same run: strace watches them, and the eBPF engine watches strace's child."""

from __future__ import annotations

import os
import re
import shutil
from collections import defaultdict
from pathlib import Path

import pytest

from core.event import CallEvent
from core.observer.abilities import engine_abilities
from core.recording.recording import Recording
from tests.support.privilege import require
from tests.support.run import recording_of, run

PYTHON = """
import os, resource, select, signal, socket, subprocess, threading, time
subprocess.run(["true"])
thread = threading.Thread(target=time.sleep, args=(0.01,)); thread.start(); thread.join()
select.select([os.pipe()[0]], [], [], 0.01)
os.stat("/dev/null"), os.uname(), resource.getrlimit(3), os.getresuid(), os.getgroups(), os.sched_getaffinity(0)
signal.signal(10, print); signal.pthread_sigmask(signal.SIG_BLOCK, {2, 34}); signal.setitimer(signal.ITIMER_REAL, 9)
epoll = select.epoll(); epoll.register(os.pipe()[0]); epoll.poll(0.01)
poll = select.poll(); poll.register(os.pipe()[0]); poll.poll(1)
open("file", "w").close(); os.utime("file", ns=(1, 2)); os.readv(0, [bytearray(3), bytearray(4)])
"""
SOCKETS = """
import socket, threading
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname()); peer, _ = server.accept()
client.send(b"hello"); peer.recv(9); peer.getpeername(); client.getsockopt(1, 3); client.setsockopt(6, 1, 1)
datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); datagram.bind(("127.0.0.1", 0))
datagram.sendto(b"hi", datagram.getsockname()); datagram.recvfrom(5)
try: socket.socket(socket.AF_UNIX).connect("/nonexistent")
except OSError: pass
socket.socketpair()[0].shutdown(2)
"""
PROGRAMS = {
    "ls": ["ls", "-lR", "/etc/apt"],
    "python": ["/usr/bin/python3", "-I", "-S", "-c", PYTHON],
    "sockets": ["/usr/bin/python3", "-I", "-S", "-c", SOCKETS],
    "git": ["sh", "-c", "git init -q . && git -c user.name=a -c user.email=b commit -q --allow-empty -m c && git status --short"],
    "bash": ["bash", "-c", "ls / | sort | head -3 > out; wc -l < out; (cd /; pwd); exec 5</etc/passwd; read x <&5; exec 5<&-; sleep 0 & wait"],
    "files": ["sh", "-c", "mkdir -p a/b; touch -d 2020-01-01 a/b/f; ln -sf f a/b/g; readlink a/b/g; mv a/b/f a/f; cp -a a c; tar cf t a; rm -r a c"],
    "make": ["sh", "-c", "printf 'a: a.c\\n\\tcc -c a.c\\n' >Makefile; echo 'int a;' >a.c; make -s"],
}  # fmt: skip

SHORTER = {
    "rt_sigreturn": "reads the mask from the stack",
    "sysinfo": "lists every field",
    "statfs": "lists every field",
    "fstatfs": "lists every field",
    "sendmsg": "reads the vectors that a message points to",
    "recvmsg": "reads the vectors that a message points to",
    "clone3": "reads the structure once more at the return",
    "execve": "cuts long strings",
}
"""Calls in which strace says more, or less, than we do; and what."""


def strace_lines(path: Path) -> dict[int, list[str]]:
    """By thread: its calls, the halves of interrupted lines put together."""
    lines: dict[int, list[str]] = defaultdict(list)
    begun: dict[int, str] = {}
    for line in path.read_text(encoding="latin-1").splitlines():
        tid, _, text = line.partition(" ")
        text = text.strip()
        if resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", text):
            text = begun.pop(int(tid)) + resumed[1]
        if text.endswith("<unfinished ...>"):
            begun[int(tid)] = re.sub(r",? *$", lambda end: ", " if end[0].startswith(",") else "", text.removesuffix("<unfinished ...>"))
        elif not text.startswith(("+++", "---")):
            lines[int(tid)].append(text)
    return lines


def same_words(text: str) -> str:
    """What either may say in its own way: where links lead, which pipe, which socket; and strace's remarks."""
    text = re.sub(r" /\* .*? \*/", "", text)
    text = text.replace("BTRFS_IOC_CLONE or FICLONE", "FICLONE")
    text = re.sub(r"AT_FDCWD<[^>]*>", "AT_FDCWD", text)
    text = re.sub(r"<(/[^>]*?)(?: \(deleted\))?>", lambda path: f"<{os.path.realpath(path[1])}>", text)
    text = re.sub(r"<pipe:[^>]*>", "<pipe>", text)
    text = re.sub(r"<(?:socket|TCP|UDP|UNIX|NETLINK)(?:->|[^<>])*>", "<socket>", text)
    text = re.sub(r"\[(\d+)<[^>]*>, (\d+)<[^>]*>\]", r"[\1, \2]", text)  # a pair of new descriptors
    text = re.sub(r"\[(\d+)<[^>]*>\]", r"[\1]", text)  # a set of one
    text = re.sub(r"\[\d+ => (\d+)\]", r"[\1]", text)
    text = re.sub(r"fd=(\d+)<[^>]*>", r"fd=\1", text)
    return re.sub(r", revents=\w+", "", text)


def calls_by(recording: Recording, tid: int) -> list[CallEvent]:
    """A thread's calls. Most of a recording are those of strace itself: they are not decoded."""
    events = (recording.event(index) for index in range(len(recording)) if recording.rows.row(index)["tid"] == tid)
    return [event for event in events if isinstance(event, CallEvent)]


@pytest.mark.parametrize("program", PROGRAMS)
def test_reads_as_in_strace(program: str, tmp_path: Path) -> None:
    require(shutil.which("strace"), "strace is not installed: its words are what ours are compared with")
    require(engine_abilities()["ebpf"] is None, "eBPF does not work here")
    require(shutil.which(PROGRAMS[program][0]), f"{PROGRAMS[program][0]} is not installed")
    trace, folder = tmp_path / "trace", tmp_path / "folder"
    folder.mkdir()
    command = ["strace", "-f", "-y", "-s", "48", "-o", str(trace), *PROGRAMS[program]]
    recording = recording_of(run(command, engine="ebpf", directory=str(folder)))
    by_thread = strace_lines(trace)
    ours = {tid: calls_by(recording, tid) for tid in by_thread}
    compared, different = 0, []
    for tid, lines in by_thread.items():
        begins = lines[0].startswith("execve(")  # strace's child has made calls of its own before
        start = next((place for place, event in enumerate(ours[tid]) if event.syscall == "execve"), 0) if begins else 0
        for line, event in zip(lines, ours[tid][start:], strict=False):
            assert line.startswith(f"{event.syscall}(")
            arguments = re.match(r"\w+\((.*)\) += ", line) or re.match(r"\w+\((.*)\) +=? ?\?", line)
            theirs = same_words(arguments[1] if arguments else line)
            compared += 1
            text = same_words(event.text)
            if text != theirs and event.syscall not in SHORTER:
                different.append(f"{event.syscall}\n  strace: {theirs}\n  ours:   {text}")
    assert compared > 100
    assert not different, "\n".join(different)
