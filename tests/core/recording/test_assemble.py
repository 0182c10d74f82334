"""Who a row's thread is called, however its name came to it."""

from __future__ import annotations

from core.judge.judged import Judged
from core.judge.records import Capture, Records
from core.observer.wire import CaptureKind, ProcessKind
from core.recording.assemble import Assembler
from core.recording.execs import Execs
from core.recording.rows import CALL_ROW, Interner
from tests.core.judge.transcript import batch, call, process


class Names:
    """One run's rows, as (tid, name) of each call."""

    def __init__(self) -> None:
        self._interner = Interner("")
        self._assembler = Assembler(self._interner, 0, Execs(40))

    def of(self, *records: Records | Capture) -> list[tuple[int, str]]:
        one = batch(*records)
        rows, _ = self._assembler.rows(one, Judged.fresh(len(one.calls)))
        return [(int(row["tid"]), self._interner.texts[row["comm"]]) for row in rows if row["kind"] == CALL_ROW]


def named(name: bytes, **fields: int) -> tuple[Records, Capture]:
    record = call("prctl", args=(15, 0x1000), **fields)
    return record, Capture(int(record["id"][0]), 1, int(CaptureKind.STRING), False, False, name)


def execed(at: int, name: bytes, **fields: int) -> Records:
    return process(ProcessKind.EXEC, at=at, comm=name, **fields)


def test_an_exec_names_and_what_came_before_the_first_goes_under_it() -> None:
    calls = (call("getpid", at=at) for at in (10, 200, 400))
    assert Names().of(*calls, execed(100, b"sh"), execed(300, b"ls")) == [(100, "sh"), (100, "sh"), (100, "ls")]


def test_a_child_is_called_as_its_maker_was_then() -> None:
    names = Names()
    fork = process(ProcessKind.FORK, at=200, other=101, pid_of_other=101)
    calls = [call("getpid", at=at, tid=tid) for at, tid in ((210, 101), (310, 101), (320, 100))]
    assert names.of(execed(100, b"sh"), fork, execed(300, b"ls"), *calls) == [(101, "sh"), (101, "sh"), (100, "ls")]
    assert names.of(call("getpid", at=500, tid=101), call("getpid", at=510)) == [(101, "sh"), (100, "ls")]


def test_a_thread_names_itself() -> None:
    other = process(ProcessKind.FORK, at=150, other=101, pid_of_other=100)
    before, after = call("getpid", at=180, tid=101), call("getpid", at=300, tid=101)
    found = Names().of(execed(100, b"sh"), other, before, *named(b"worker", at=200, tid=101), after, call("getpid", at=310))
    assert [name for _, name in found] == ["sh", "worker", "worker", "sh"]


def test_what_looks_like_a_naming_is_none() -> None:
    """Another call whose first argument is PR_SET_NAME, and a prctl that failed."""
    failed, name = named(b"x", at=200)
    failed["ret"] = -14
    closed = call("close", args=(15,), at=300)
    assert Names().of(execed(100, b"sh"), failed, name, closed, call("getpid", at=400)) == [(100, "sh")] * 3
