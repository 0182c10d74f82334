"""A recording comes back as it was written: whole, cut off, or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.event import CallEvent, ProcessEvent
from core.judge.records import Capture
from core.judge.verdict import Check, Evidence, Gate, Outcome
from core.knowledge.syscalls import number
from core.observer.wire import AUDIT_ARCH_X86_64, CallFlag
from core.recording.header import FORMAT, METADATA_KEY, RecordingError, RunHeader
from core.recording.recording import Recording
from core.recording.rows import CHUNK, PROCESS_ROW, ROW_DTYPE, Details, Rows
from core.recording.table import SCHEMA

HEADER = RunHeader(
    argv=("ls", "-l\udcff"), policy='name = "x"', engine="ebpf", judge_from="entry", started_ns=5, filters=(b"\x06" + bytes(7),)
)


def call_rows(recording: Recording, syscall: str, count: int = 1, **fields: object) -> Rows:
    nr = number(AUDIT_ARCH_X86_64, syscall)
    assert nr is not None
    rows: Rows = np.zeros(count, ROW_DTYPE)
    rows["arch"], rows["nr"], rows["capability"], rows["pid"], rows["tid"] = AUDIT_ARCH_X86_64, nr, -1, 7, 8
    rows["flags"] = CallFlag.PASSED | CallFlag.EXITED
    rows["comm"] = recording.names.number("prog")
    for name, value in fields.items():
        rows[name] = value
    return rows


def filled(path: Path | None) -> Recording:
    """A denied socket with its check, an openat with its path, a fork; each in a batch of its own."""
    recording = Recording.create(path, HEADER)
    reason = recording.names.number("the kernel asked for CAP_NET_RAW in inet_create; the process does not hold it")
    denied = call_rows(
        recording, "socket", ret=-1, args=(2, 3, 1, 0, 0, 0), gate=Gate.CAPABILITY, outcome=Outcome.DENIED, evidence=Evidence.OBSERVED,
        capability=13, alternatives=1 << 13 | 1 << 21, reason=reason, duration_ns=1500, time_ns=10,
    )  # fmt: skip
    check = Check("NET_RAW", granted=False, decisive=True, namespace=4026531837, stack=("ns_capable", "inet_create"))
    recording.append(denied, Details(checks={0: (check,)}))
    opened = call_rows(recording, "openat", ret=3, args=(2**64 - 100, 0x7F0000000000, 0, 0, 0, 0), duration_ns=-1, time_ns=-3)
    path_capture = Capture(call=0, argument=1, kind=1, truncated=False, failed=False, data=b"/etc/h\xffsts")
    recording.append(opened, Details(captures={0: (path_capture,)}))
    forked: Rows = np.zeros(1, ROW_DTYPE)
    forked["kind"], forked["pid"], forked["tid"], forked["comm"] = PROCESS_ROW, 7, 8, recording.names.number("prog")
    recording.append(forked, Details(process={0: ("fork", {"child": 9, "child_tid": 9, "thread": False})}))
    recording.append_output(1, b"hello\n")
    recording.set_lost({"calls": 2, "checks": 1})
    return recording


def test_comes_back_as_it_was(tmp_path: Path) -> None:
    written = filled(tmp_path / "run.arrow")
    written.close()
    read = Recording.open(tmp_path / "run.arrow")
    assert list(read.events()) == list(written.events())
    assert (read.header, read.output, read.lost, read.cut_off) == (HEADER, [(1, b"hello\n")], {"calls": 2, "checks": 1}, False)
    assert read.summary() == written.summary()


def test_event_words(tmp_path: Path) -> None:
    socket, opened, fork = filled(tmp_path / "run.arrow").events()
    assert isinstance(socket, CallEvent)
    line = socket.to_json()
    assert json.loads(json.dumps(line)) == line
    assert [line[key] for key in ("seq", "syscall", "arch", "ret", "errno", "gate", "outcome", "evidence", "capability", "duration_ns")] == [
        1, "socket", "x86_64", -1, "EPERM", "capability", "denied", "observed", "NET_RAW", 1500,
    ]  # fmt: skip
    assert line["alternatives"] == ["NET_RAW", "SYS_ADMIN"]
    assert line["checks"][0]["stack"] == ["ns_capable", "inet_create"]
    assert isinstance(opened, CallEvent)
    assert '"/etc/h\\377sts"' in opened.text
    assert (opened.errno, opened.duration_ns, opened.verdict.capability) == (None, None, None)
    assert isinstance(fork, ProcessEvent)
    assert fork.to_json() == {
        "seq": 3, "time_ns": 0, "kind": "process", "pid": 7, "tid": 8, "comm": "prog", "event": "fork", "child": 9, "child_tid": 9, "thread": False,
    }  # fmt: skip


def test_summary_counts(tmp_path: Path) -> None:
    summary = filled(tmp_path / "run.arrow").summary().to_json()
    assert summary == {
        "kind": "summary",
        "calls": 2,
        "denied": {"seccomp": 0, "capability": 1, "other": 0},
        "capabilities_used": [],
        "capabilities_refused": ["NET_RAW"],
        "lost": 3,
    }


def test_a_refusal_without_a_check_counts_too() -> None:
    """As under ptrace, where it is inferred."""
    recording = Recording.create(None, HEADER)
    rows = call_rows(recording, "mount", 2, gate=Gate.CAPABILITY, outcome=Outcome.DENIED, capability=21)
    check = Check("SYS_ADMIN", granted=False, decisive=True, namespace=1, stack=())
    recording.append(rows, Details(checks={0: (check,)}))
    assert recording.summary().capabilities_refused == {"SYS_ADMIN": 2}


def test_is_readable_while_it_is_written(tmp_path: Path) -> None:
    """As after kill -9: no end mark was written."""
    written = filled(tmp_path / "run.arrow")
    read = Recording.open(tmp_path / "run.arrow")
    assert list(read.events()) == list(written.events())
    assert read.cut_off
    assert read.remark is not None
    assert "run.arrow ends, or is damaged, behind event 3, before the run's end" in read.remark


def test_cut_anywhere_is_readable_up_to_the_last_whole_batch(tmp_path: Path) -> None:
    written = filled(tmp_path / "run.arrow")
    written.close()
    data = (tmp_path / "run.arrow").read_bytes()
    whole = list(written.events())
    seen = set()
    for end in range(4000, len(data), 97):
        cut = tmp_path / "cut.arrow"
        cut.write_bytes(data[:end])
        try:
            events = list(Recording.open(cut).events())
        except RecordingError:
            continue  # cut inside the header
        assert events == whole[: len(events)]
        seen.add(len(events))
    assert seen == {0, 1, 2, 3}


def test_a_damaged_batch_ends_the_recording(tmp_path: Path) -> None:
    written = filled(tmp_path / "run.arrow")
    written.close()
    data = bytearray((tmp_path / "run.arrow").read_bytes())
    middle = len(data) * 2 // 3
    data[middle : middle + 4096] = b"\xff" * 4096
    (tmp_path / "run.arrow").write_bytes(data)
    read = Recording.open(tmp_path / "run.arrow")
    assert read.cut_off
    assert list(read.events()) == list(written.events())[: len(read)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a recording."""
    path = tmp_path_factory.mktemp("whole") / "run.arrow"
    filled(path).close()
    return path.read_bytes()


@given(st.data())
def test_whatever_is_damaged_the_rest_is_read_or_refused(whole: bytes, data: st.DataObject) -> None:
    damaged = bytearray(whole)
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=8)):
        damaged[place] = data.draw(st.integers(0, 255))
    with tempfile.NamedTemporaryFile(suffix=".arrow") as file:
        file.write(damaged)
        file.flush()
        try:
            read = Recording.open(Path(file.name))
        except RecordingError:
            return
        assert len([event.to_json() for event in read.events()]) == len(read)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is not a recording of Gatescope"),
        (b"not arrow at all, but long enough to look", "is not a recording of Gatescope"),
        (b"\xff\xff\xff\xff\x10\0\0\0" + bytes(range(200, 216)), "is not a recording of Gatescope"),
    ],
)
def test_what_is_no_recording_says_so(tmp_path: Path, data: bytes, sentence: str) -> None:
    (tmp_path / "x.arrow").write_bytes(data)
    with pytest.raises(RecordingError, match=sentence) as caught:
        Recording.open(tmp_path / "x.arrow")
    assert str(tmp_path / "x.arrow") in str(caught.value)


def test_another_arrow_stream_is_refused(tmp_path: Path) -> None:
    schema = pa.schema([("a", pa.int32())])
    with pa.OSFile(str(tmp_path / "x.arrow"), "wb") as sink, pa.ipc.new_stream(sink, schema):
        pass
    with pytest.raises(RecordingError, match="but not a recording of Gatescope"):
        Recording.open(tmp_path / "x.arrow")


@pytest.mark.parametrize(
    ("number", "sentence"),
    [(FORMAT - 1, "format 0, older than this Gatescope's 1"), (FORMAT + 1, "format 2, newer than this Gatescope's 1")],
)
def test_another_format_is_refused_whatever_else_is_in_it(tmp_path: Path, number: int, sentence: str) -> None:
    header = json.dumps({"format": number, "version": "7.8.9", "argv": "of another shape"}).encode()
    schema = pa.schema([("a", pa.int32())], {METADATA_KEY: header})
    with pa.OSFile(str(tmp_path / "x.arrow"), "wb") as sink, pa.ipc.new_stream(sink, schema):
        pass
    with pytest.raises(RecordingError) as caught:
        Recording.open(tmp_path / "x.arrow")
    assert str(caught.value) == f"{tmp_path}/x.arrow: it has {sentence}: open it with Gatescope 7.8.9, which wrote it"


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    schema = pa.schema([field for field in SCHEMA if field.name != "own_filter"], {METADATA_KEY: HEADER.encode()})
    with pa.OSFile(str(tmp_path / "x.arrow"), "wb") as sink, pa.ipc.new_stream(sink, schema):
        pass
    with pytest.raises(RecordingError, match="its column 'own_filter' is missing or of another type"):
        Recording.open(tmp_path / "x.arrow")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.arrow")
    for path in (tmp_path / "x.arrow", tmp_path):
        with pytest.raises(RecordingError, match="is not an ordinary file"):
            Recording.open(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="there is no such recording"):
        Recording.open(tmp_path / "nothing.arrow")


def test_an_unwritable_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"folder\.arrow: cannot be written: No such file or directory\. Choose another file"):
        Recording.create(tmp_path / "no" / "such" / "folder.arrow", HEADER)


def test_a_pipe_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RecordingError, match="pipe: is a pipe"):
        Recording.create(tmp_path / "pipe", HEADER)


def test_a_full_disk_stops_the_file_and_keeps_the_events() -> None:
    recording = Recording.create(Path("/dev/full"), HEADER)
    recording.append(call_rows(recording, "getpid"), Details())
    assert recording.problem is not None
    assert "the disk is full" in recording.problem
    recording.append(call_rows(recording, "getpid"), Details())
    recording.close()
    assert len(recording) == 2


def test_rows_across_chunks() -> None:
    recording = Recording.create(None, HEADER)
    for _ in range(3):
        recording.append(call_rows(recording, "getpid", CHUNK // 2 + 7), Details())
    rows = call_rows(recording, "getppid", 3, ret=(1, 2, 3))
    recording.append(rows, Details())
    assert len(recording) == 3 * (CHUNK // 2 + 7) + 3
    assert [event.ret for event in recording.events(len(recording) - 3) if isinstance(event, CallEvent)] == [1, 2, 3]
    with pytest.raises(IndexError):
        recording.event(len(recording))


def test_a_killed_call_returns_nothing() -> None:
    recording = Recording.create(None, HEADER)
    recording.append(call_rows(recording, "brk", ret=12, outcome=Outcome.KILLED, gate=Gate.SECCOMP), Details())
    event = recording.event(0)
    assert isinstance(event, CallEvent)
    assert (event.ret, event.errno) == (None, None)


def test_unknown_architecture_and_number_survive(tmp_path: Path) -> None:
    recording = Recording.create(tmp_path / "run.arrow", HEADER)
    rows = call_rows(recording, "getpid", arch=0xC0000016, nr=999)
    recording.append(rows, Details())
    recording.close()
    assert list(Recording.open(tmp_path / "run.arrow").events()) == list(recording.events())


def test_pandas_columns(tmp_path: Path) -> None:
    """Any reader of Arrow streams sees the words of the JSON Lines."""
    filled(tmp_path / "run.arrow").close()
    with pa.OSFile(str(tmp_path / "run.arrow"), "rb") as file:
        table = pa.ipc.open_stream(file).read_all()
    rows = table.select(["kind", "syscall", "errno", "gate", "outcome", "reason"]).to_pylist()
    assert [row["kind"] for row in rows] == ["call", "call", "process", "output", "lost"]
    assert (rows[0]["syscall"], rows[0]["errno"], rows[0]["gate"]) == ("socket", "EPERM", "capability")
    assert rows[1]["gate"] is None
