"""The tree of a run's processes: real families, under whichever engine there is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from core.observer.abilities import engine_abilities
from core.observer.wire import Engine
from core.recording.process_tree import Exec, Process, ProcessTree
from core.recording.recording import Recording
from core.recording.rows import PROCESS_ROW, ROW_DTYPE, Details
from tests.core.recording.test_recording import HEADER
from tests.support.privilege import require
from tests.support.run import recording_of, run

FAMILY = "cat /dev/null; (exit 3); exec sh -c 'kill -9 $$'"


def tree_of(recording: Recording, step: int = 1 << 20) -> ProcessTree:
    tree = ProcessTree()
    for start in range(0, len(recording), step):
        tree.take(recording, start, min(start + step, len(recording)))
    return tree


def shape(node: Process | Exec) -> object:
    """Commands, and for a process a pair: its children and how it ended."""
    return node.command if isinstance(node, Exec) else ([shape(child) for child in node.children], node.ending)


@pytest.mark.parametrize("engine", ["ebpf", "ptrace"])
def test_a_family(engine: Engine) -> None:
    require(engine_abilities()[engine] is None, f"{engine} does not work here")
    recording = recording_of(run(["/bin/sh", "-c", FAMILY], engine=engine))
    tree = tree_of(recording)
    (root,) = tree.roots
    command = ["/bin/sh -c 'cat /dev/null; (exit 3); exec sh -c '\"'\"'kill -9 $$'\"'\"''", "sh -c 'kill -9 $$'"]
    assert shape(root) == ([command[0], (["cat /dev/null"], "status 0"), ([], "status 3"), command[1]], "killed by SIGKILL")
    assert (tree.count, tree.running, root.killed, root.name) == (3, 0, True, "sh")
    assert [shape(other) for other in tree_of(recording, step=3).roots] == [shape(root)]
    program = next(child for child in root.children if isinstance(child, Exec))
    assert program.user == f"uid {os.getuid()}"
    status = dict(line.split(":\t") for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    assert program.sets.permitted == int(status["CapPrm"], 16)


def test_threads_are_counted_not_listed() -> None:
    script = "import threading\nfor _ in range(3): threading.Thread(target=lambda: None).start()"
    (root,) = tree_of(recording_of(run([sys.executable, "-I", "-S", "-c", script]))).roots
    assert root.threads == 4
    assert root.ending == "status 0"
    assert not [child for child in root.children if isinstance(child, Process)]


def forks(recording: Recording, *pairs: tuple[int, int]) -> None:
    rows = np.zeros(len(pairs), ROW_DTYPE)
    rows["kind"] = PROCESS_ROW
    rows["pid"] = rows["tid"] = [parent for parent, _ in pairs]
    details = {row: ("fork", {"child": child, "child_tid": child, "thread": False}) for row, (_, child) in enumerate(pairs)}
    recording.append(rows, Details(process=details))


def test_a_pid_used_again_is_another_process() -> None:
    recording = Recording.create(None, HEADER)
    forks(recording, (1, 2), (2, 3), (1, 2), (2, 4))
    (root,) = tree_of(recording).roots
    first, second = root.children
    assert isinstance(first, Process)
    assert isinstance(second, Process)
    assert [child.pid for child in first.children if isinstance(child, Process)] == [3]
    assert [child.pid for child in second.children if isinstance(child, Process)] == [4]


def test_a_parent_is_touched_before_its_child() -> None:
    recording = Recording.create(None, HEADER)
    forks(recording, (1, 2), (2, 3), (3, 4), (1, 5))
    tree = tree_of(recording)
    seen: set[Process | None] = {None}
    for parent in tree.touched():
        assert parent is None or parent.parent in seen
        seen.add(parent)
    assert len(seen) == 4  # the roots, 1, 2 and 3
    assert tree.touched() == []
