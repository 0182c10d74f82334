"""The counts by call: against the events themselves, and as text and CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter

import pytest

from core.event import CallEvent
from core.judge.verdict import Outcome
from core.observer.wire import AUDIT_ARCH_I386, CallFlag
from core.recording.call_counts import CallCount, CallCounts, as_csv, as_text, total
from core.recording.recording import Recording
from core.recording.rows import CHUNK, Details
from tests.core.recording.test_recording import HEADER, call_rows
from tests.support.run import recording_of, run

NO_CHDIR = '[seccomp]\nmode = "filter"\n[[seccomp.rules]]\nsyscalls = ["chdir"]\naction = "errno:EPERM"'


@pytest.fixture
def recording() -> Recording:
    """reads of 2, 4 and an unknown number of µs, one of which failed; a chdir that was refused; a read of 32-bit."""
    recording = Recording.create(None, HEADER)
    recording.append(call_rows(recording, "read", 3, duration_ns=(2000, 4000, -1), ret=(5, -11, 0)), Details())
    recording.append(call_rows(recording, "chdir", ret=-1, outcome=Outcome.DENIED, duration_ns=-1), Details())
    recording.append(call_rows(recording, "read", arch=AUDIT_ARCH_I386, nr=3, duration_ns=1000), Details())
    return recording


def counted(recording: Recording) -> dict[str, CallCount]:
    counts = CallCounts()
    counts.take(recording, 0, len(recording))
    return {count.name: count for count in counts.counts()}


def test_counts(recording: Recording) -> None:
    assert counted(recording) == {
        "read": CallCount("read", "x86_64", calls=3, errors=1, denied=0, timed=2, total_ns=6000),
        "chdir": CallCount("chdir", "x86_64", calls=1, errors=1, denied=1, timed=0, total_ns=0),
        "read (x86)": CallCount("read", "x86", calls=1, errors=0, denied=0, timed=1, total_ns=1000),
    }
    assert counted(recording)["read"].mean_ns == 3000
    assert counted(recording)["chdir"].mean_ns is None


def test_counts_bit_by_bit_as_at_once() -> None:
    recording = Recording.create(None, HEADER)
    recording.append(call_rows(recording, "read", CHUNK + 10, duration_ns=1), Details())
    recording.append(call_rows(recording, "write", 5, flags=int(CallFlag.PASSED)), Details())
    counts, place = CallCounts(), 0
    for stop in (1, 1, 700, CHUNK + 3, len(recording)):
        counts.take(recording, place, stop)
        place = stop
    assert sorted(map(repr, counts.counts())) == sorted(map(repr, counted(recording).values()))
    assert total(counts.counts()).calls == len(recording)


def test_a_real_run() -> None:
    session = run(["sh", "-c", "cd /; cat /nonexistent; ls /"], NO_CHDIR)
    recording = recording_of(session)
    events = [event for event in recording.events() if isinstance(event, CallEvent)]
    counts = counted(recording)
    assert {name: count.calls for name, count in counts.items()} == Counter(event.syscall for event in events)
    assert {name: count.errors for name, count in counts.items() if count.errors} == Counter(
        event.syscall for event in events if event.errno
    )
    assert counts["chdir"].denied == counts["chdir"].errors == 1
    assert sum(count.total_ns for count in counts.values()) == sum(event.duration_ns or 0 for event in events)


def test_text_and_csv(recording: Recording) -> None:
    counts = sorted(counted(recording).values(), key=lambda count: -count.total_ns)
    lines = as_text(counts).splitlines()
    assert lines[0].split() == ["%", "time", "total", "ms", "µs/call", "calls", "errors", "denied", "syscall"]
    assert lines[2].split() == ["85.71", "0.006", "3.0", "3", "1", "read"]
    assert lines[-1].split() == ["100.00", "0.007", "2.3", "5", "2", "1", "total"]
    assert {line.index(name) for line, name in zip(lines[2:5], ("read", "read (x86)", "chdir"), strict=True)} == {lines[0].index("syscall")}
    rows = list(csv.DictReader(io.StringIO(as_csv(counts))))
    assert rows[0] == {"syscall": "read", "arch": "x86_64", "calls": "3", "errors": "1", "denied": "0", "timed": "2", "total_ns": "6000"}
    assert len(rows) == 3
