"""The tree model of the processes: what Qt expects of a model, its words, and that it grows in place."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex
from pytestqt.modeltest import ModelTester

from core.knowledge.capabilities import NAMES
from core.recording.process_tree import ProcessTree
from core.recording.recording import Recording
from core.recording.rows import PROCESS_ROW, ROW_DTYPE, Details
from gui.delegates.cells import TONE_ROLE, Tone
from gui.models.process_model import Column, ProcessModel
from tests.core.recording.test_recording import HEADER

NO_SETS: dict[str, list[str]] = {name: [] for name in ("bounding", "permitted", "effective", "inheritable", "ambient")}
STATE = {"uids": [1000, 0, 0, 0], "gids": [7, 7, 7, 7], "securebits": 0, "no_new_privs": True, "seccomp": 0}


def fork(child: int) -> tuple[str, dict[str, object]]:
    return "fork", {"child": child, "child_tid": child, "thread": False}


def program(*argv: str, **more: object) -> tuple[str, dict[str, object]]:
    return "exec", {"argv": list(argv), "capabilities": {**NO_SETS, "permitted": list(NAMES)}, **STATE, **more}


def ended(**how: object) -> tuple[str, dict[str, object]]:
    return "exit", {"thread": False, "seccomp": False, **how}


def append(recording: Recording, *events: tuple[int, tuple[str, dict[str, object]]]) -> None:
    rows = np.zeros(len(events), ROW_DTYPE)
    rows["kind"], rows["comm"] = PROCESS_ROW, recording.names.number("prog")
    rows["pid"] = rows["tid"] = [pid for pid, _ in events]
    rows["time_ns"] = np.arange(len(events)) * 1_000_000
    recording.append(rows, Details(process={row: event for row, (_, event) in enumerate(events)}))


def texts(model: ProcessModel, column: Column, parent: QModelIndex | None = None) -> list[str]:
    parent = parent or QModelIndex()
    return [model.index(row, column, parent).data() for row in range(model.rowCount(parent))]


@pytest.fixture
def recording() -> Recording:
    return Recording.create(None, HEADER)


def test_is_a_model_and_grows_in_place(recording: Recording, qtmodeltester: ModelTester) -> None:
    model, tree = ProcessModel(), ProcessTree()
    model.show(tree)
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # pytest-qt has no types here
    append(recording, (7, program("sh", "-c", "a b")), (7, fork(8)), (8, fork(9)))
    tree.take(recording, 0, 3)
    assert model.rowCount() == 0  # until it is told
    model.refresh()
    root = model.index(0, 0)
    assert texts(model, Column.WHAT) == ["7  prog"]
    assert texts(model, Column.WHAT, root) == ["sh -c 'a b'", "8  prog"]
    append(recording, (8, program("ls")), (9, ended(status=3)), (7, fork(10)))
    tree.take(recording, 3, 6)
    model.refresh()
    second = model.index(1, 0, root)
    assert texts(model, Column.WHAT, root) == ["sh -c 'a b'", "8  prog", "10  prog"]
    assert texts(model, Column.WHAT, second) == ["9  prog", "ls"]
    assert texts(model, Column.ENDING, second) == ["status 3", ""]
    assert model.parent(model.index(0, 0, second)) == second
    assert model.rowCount(model.index(0, 0, root)) == 0  # a program has no children
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]  # as above


def test_words(recording: Recording) -> None:
    append(
        recording,
        (7, program("sh")),
        (7, program("su", predicted={**NO_SETS, "permitted": ["CHOWN"]}, agrees=False, rules=["a rule"])),
        (7, ended(signal="SIGSYS", seccomp=True)),
    )
    model, tree = ProcessModel(), ProcessTree()
    tree.take(recording, 0, 3)
    model.show(tree)
    model.refresh()
    root = model.index(0, 0)
    assert texts(model, Column.USER, root) == ["uid 1000, effective 0"] * 2
    assert texts(model, Column.CAPABILITIES, root) == ["all 41", "✕ not as predicted: all 41"]
    assert [model.index(row, Column.CAPABILITIES, root).data(TONE_ROLE) for row in range(2)] == [Tone.PLAIN, Tone.BAD]
    assert texts(model, Column.ENDING) == ["killed by SIGSYS (seccomp)"]
    assert texts(model, Column.LASTED) == ["2.0 ms"]
