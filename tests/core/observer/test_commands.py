"""What comes in on stdin: garbage, too much of it, and the commands to a running target."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.observer import wire
from core.observer.wire import FrameKind, ProcessKind
from tests.core.observer.driver import Observer, exit_code, launch_spec

Observe = Callable[..., Observer]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"garbage\n", "is not a JSON object"),
        (b"\x00\xff\n", "is not a JSON object"),
        (b"[" * 100000 + b"\n", "is not a JSON object"),
        (b"{}\n", "command: is missing"),
        (b'{"command": "format-disk"}\n', "format-disk"),
        (b'{"command": "stop", "now": true}\n', "now: no such field"),
        (b'{"command": "signal", "number": 99999999999999999999}\n', "number"),
        (b'{"command": "launch", "spec": {}}\n', "executable: is missing"),
    ],
)
def test_what_is_no_command_ends_the_observer_with_a_sentence(observe: Observe, line: bytes, words: str) -> None:
    observer = observe()
    observer.send_bytes(line)
    observer.read_all()
    failed = observer.json(FrameKind.FAILED)
    assert failed["stage"] == "spec"
    assert words in failed["detail"]
    assert observer.wait() == 2
    assert words in observer.last_words()


def test_an_endless_line_is_cut_off(observe: Observe) -> None:
    observer = observe()
    with pytest.raises(BrokenPipeError):
        observer.send_bytes(b"x" * (100 << 20))
    observer.read_all()
    assert "8388608 bytes" in observer.json(FrameKind.FAILED)["detail"]
    assert observer.wait() == 2


def test_garbage_behind_a_launch_ends_the_target(observe: Observe) -> None:
    observer = observe()
    observer.launch("/bin/sleep", "1000")
    observer.read_until(FrameKind.STARTED)
    observer.send_bytes(b"garbage\n")
    observer.read_all()
    assert observer.wait() == 2


def test_one_launch_an_observer(observe: Observe) -> None:
    observer = observe()
    observer.launch("/bin/sleep", "1000")
    observer.launch("/bin/sleep", "1000")
    observer.read_all()
    assert "already" in observer.json(FrameKind.FAILED)["detail"]


def test_commands_cut_in_pieces(observe: Observe) -> None:
    observer = observe()
    for byte in wire.encode_command(wire.Launch(launch_spec("/bin/true"))):
        observer.send_bytes(bytes((byte,)))
    observer.read_all()
    assert exit_code(observer.status) == 0


def test_the_observer_shares_no_processor_time_with_its_readers_session(observe: Observe) -> None:
    observer = observe()
    observer.read_until(FrameKind.HELLO)
    assert os.getsid(observer.pid) == observer.pid != os.getsid(0)


def test_greet_asks_for_hello_again(observe: Observe) -> None:
    observer = observe()
    before = observer.read_until(FrameKind.HELLO).json()
    observer.send(wire.Greet())
    assert observer.read_until(FrameKind.HELLO).json() == before


def test_stop_before_a_launch(observe: Observe) -> None:
    observer = observe()
    observer.send(wire.Stop())
    observer.read_all()
    assert observer.wait() == 0


def test_signal(observe: Observe, engine: str) -> None:
    observer = observe()
    observer.launch("/bin/sh", "-c", "trap 'echo caught; exit 3' USR1; echo ready; while :; do sleep 0.01; done", engine=engine)
    observer.read_output_until(b"ready")
    observer.send(wire.Signal(signal.SIGUSR1))
    observer.read_all()
    assert observer.output() == b"ready\ncaught\n"
    assert exit_code(observer.status) == 3


def test_input_through_a_pipe(observe: Observe) -> None:
    observer = observe()
    observer.launch("/usr/bin/wc", "-c")
    observer.read_until(FrameKind.STARTED)
    for _ in range(20):
        observer.send(wire.Input(b"x" * 100_000))
    observer.send(wire.Input(b""))
    observer.read_all()
    assert observer.output() == b"2000000\n"


def test_streams_are_apart_and_end(observe: Observe, engine: str) -> None:
    observer = observe()
    observer.launch("/bin/sh", "-c", "echo out; echo err >&2", engine=engine)
    observer.read_all()
    assert (observer.output(1), observer.output(2)) == (b"out\n", b"err\n")
    ends = [frame.payload for frame in observer.frames if frame.kind == FrameKind.OUTPUT and len(frame.payload) == 1]
    assert sorted(ends) == [b"\x01", b"\x02"]
    assert observer.frames[-1].kind == FrameKind.ENDED


def test_all_of_a_large_output_arrives(observe: Observe, engine: str) -> None:
    observer = observe()
    observer.launch("/usr/bin/head", "-c", "5000000", "/dev/zero", engine=engine)
    observer.read_all()
    assert observer.output() == bytes(5_000_000)


def test_close_output_is_a_broken_pipe(observe: Observe) -> None:
    observer = observe()
    observer.launch("/usr/bin/yes")
    observer.read_output_until(b"y\ny\n")
    observer.send(wire.CloseOutput(1))
    observer.read_all()
    assert exit_code(observer.status) == -signal.SIGPIPE


def test_a_terminal(observe: Observe, engine: str) -> None:
    observer = observe()
    observer.launch("/bin/sh", "-c", "tty; stty size; read line; echo got $line", engine=engine, stdio=("pty",) * 3, rows=33, columns=77)
    observer.read_output_until(b"33 77")
    observer.send(wire.Input(b"hello\n"))
    observer.read_all()
    assert b"got hello" in observer.output()
    assert b"/dev/pts/" in observer.output()


def test_the_end_of_input_in_a_terminal(observe: Observe) -> None:
    observer = observe()
    observer.launch("/bin/cat", stdio=("pty",) * 3)
    observer.read_until(FrameKind.STARTED)
    observer.send(wire.Input(b""))
    observer.read_all()
    assert exit_code(observer.status) == 0


def test_job_control(observe: Observe, engine: str) -> None:
    observer = observe()
    observer.launch("/bin/bash", "--norc", "-i", engine=engine, stdio=("pty",) * 3, environment=(("PS1", "$ "), ("PATH", "/usr/bin:/bin")))
    observer.read_output_until(b"$ ")
    observer.send(wire.Input(b"sleep 1000\n"))
    sleep = _wait_for_program(observer, b"sleep")
    observer.send(wire.Input(b"\x1a"))
    observer.read_output_until(b"Stopped")
    observer.send(wire.Input(b"fg\n"))
    while not _is_in_the_foreground(sleep):
        time.sleep(0.01)
    observer.send(wire.Input(b"\x03"))
    observer.read_output_until(b"$ ")
    observer.send(wire.Resize(10, 20))
    observer.send(wire.Input(b"echo $? ; stty size; exit 4\n"))
    observer.read_all()
    assert b"130" in observer.output()
    assert b"10 20" in observer.output()
    assert exit_code(observer.status) == 4


def _wait_for_program(observer: Observer, comm: bytes) -> int:
    """Its process."""
    while not (found := [record["pid"] for record in observer.process_records(ProcessKind.EXEC) if record["comm"].startswith(comm)]):
        observer.read_until(FrameKind.PROCESSES)
    return int(found[0])


def _is_in_the_foreground(pid: int) -> bool:
    # pid (comm) state ppid pgrp session tty_nr tpgid ... (proc_pid_stat(5))
    fields = Path(f"/proc/{pid}/stat").read_text().split()
    return fields[4] == fields[7]
