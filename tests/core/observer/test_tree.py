"""Nothing of the target's tree outlives the run, however it or the observer ends."""

import os
import signal
from collections.abc import Callable

import pytest

from core.observer import wire
from core.observer.tree import children
from core.observer.wire import FrameKind
from tests.core.observer.driver import Observer, exit_code, wait_gone

Observe = Callable[..., Observer]


@pytest.fixture
def daemons(observe: Observe, engine: str, compiled: Callable[[str], str]) -> tuple[Observer, list[int]]:
    """An observer whose target has a child, a child in another session and a daemon; and the pids of all four."""
    observer = observe()
    observer.launch(compiled("daemons"), engine=engine)
    observer.read_output_until(b"up\n")
    pids = [int(line) for line in observer.output().split()[:-1]]
    assert len(pids) == 4
    return observer, pids


def test_stop(daemons: tuple[Observer, list[int]]) -> None:
    observer, pids = daemons
    observer.send(wire.Stop())
    observer.read_all()
    assert wait_gone(pids) == []
    assert exit_code(observer.status) == -signal.SIGKILL
    assert len([record for record in observer.processes if record["kind"] == wire.ProcessKind.EXIT]) == 5
    assert observer.wait() == 0


def test_end_of_stdin(daemons: tuple[Observer, list[int]]) -> None:
    observer, pids = daemons
    observer.close_stdin()
    observer.read_all()
    assert wait_gone(pids) == []


def test_the_observer_is_told_to_end(daemons: tuple[Observer, list[int]]) -> None:
    observer, pids = daemons
    os.kill(observer.pid, signal.SIGTERM)
    observer.read_all()
    assert wait_gone(pids) == []


def test_nobody_reads_any_more(daemons: tuple[Observer, list[int]]) -> None:
    observer, pids = daemons
    observer.close_stdout()
    # The next frame finds no reader.
    os.kill(pids[-1], signal.SIGCONT)
    observer.send(wire.Signal(signal.SIGKILL))
    assert (observer.wait(), observer.last_words()) == (1, "")
    assert wait_gone(pids) == []


def test_the_observer_is_killed(daemons: tuple[Observer, list[int]]) -> None:
    observer, pids = daemons
    os.kill(observer.pid, signal.SIGKILL)
    observer.wait()
    assert wait_gone(pids) == []


def test_the_warden_is_killed(daemons: tuple[Observer, list[int]]) -> None:
    observer, pids = daemons
    (warden,) = children(observer.pid)
    os.kill(warden, signal.SIGKILL)
    observer.read_all()
    assert wait_gone(pids) == []
    assert exit_code(observer.status) == -signal.SIGKILL


def test_daemons_are_watched_to_their_end(observe: Observe, engine: str) -> None:
    observer = observe()
    observer.launch("/bin/sh", "-c", "(setsid sh -c 'sleep 0.3; exec true' >/dev/null &) ; exit 5", engine=engine)
    observer.read_all()
    assert exit_code(observer.status) == 5
    ends = [record["time_ns"] for record in observer.processes if record["kind"] == wire.ProcessKind.EXIT]
    first = next(
        record["time_ns"] for record in observer.processes if record["kind"] == wire.ProcessKind.EXIT and record["pid"] == record["tid"]
    )
    assert max(ends) - first > 200_000_000
    assert observer.json(FrameKind.ENDED)["monotonic_ns"] >= max(ends)


def test_a_fork_bomb_ends(observe: Observe, engine: str) -> None:
    observer = observe()
    # Not by the shell's ulimit, which has another letter for it in every shell: without the limit the machine has no process left for others.
    observer.launch("/usr/bin/prlimit", "--nproc=200", "/bin/sh", "-c", "f() { f | f; }; echo go; f", engine=engine, uid=64321)
    observer.read_output_until(b"go")
    observer.send(wire.Stop())
    observer.read_all()
    assert exit_code(observer.status) == -signal.SIGKILL
