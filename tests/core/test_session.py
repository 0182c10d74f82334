"""A session whose observer says anything at all: what is wrong with its words becomes a sentence, never an exception."""

from __future__ import annotations

import string
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.judge.collect import Batch
from core.judge.judge import Judge
from core.judge.judged import Judged
from core.judge.records import CALL_DTYPE
from core.judge.symbols import Symbols
from core.knowledge.syscalls import ARCHES
from core.observer import wire
from core.observer.abilities import hello
from core.observer.wire import FrameKind, encode_frame, encode_json_frame
from core.plan import make_plan
from core.policy.model import Policy
from core.session import Session
from tests.support.run import PIPES

STARTED_NS = 5
STARTED = {"pid": 1, "engine": "ptrace", "monotonic_ns": STARTED_NS}
STOP = wire.encode_command(wire.Stop())

words = st.sampled_from(["pid", "status", "monotonic_ns", "text", "detail", "calls", "engines", "invoker", "capabilities", "protocol"])
values: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(string.ascii_letters, max_size=3) | st.just([]) | st.just({})
)
json_frames = st.builds(encode_json_frame, st.sampled_from(FrameKind), st.dictionaries(words, values))
sizes = st.sampled_from([wire.CALL.size, wire.CHECK.size, wire.PROCESS.size, wire.CAPTURE.size, wire.FLUSH.size])
records = sizes.flatmap(lambda size: st.binary(min_size=size, max_size=size))
binary_frames = st.builds(encode_frame, st.sampled_from(FrameKind), st.binary(max_size=9) | records)


@pytest.fixture
def session() -> Session:
    return new_session()


def new_session() -> Session:
    return Session(make_plan(Policy(), ["/bin/true"], engine="ptrace", terminal=PIPES))


def greeting(**changes: Any) -> bytes:
    return encode_json_frame(FrameKind.HELLO, {**hello(), **changes})


@given(st.dictionaries(words, values, max_size=1), st.booleans(), st.lists(json_frames | binary_frames | st.binary(max_size=30)))
@settings(deadline=None)
def test_whatever_the_observer_sends_ends_in_a_sentence(changes: dict[str, Any], started: bool, frames: list[bytes]) -> None:
    session = new_session()
    session.feed(greeting(**changes))
    if started:
        session.feed(encode_json_frame(FrameKind.STARTED, STARTED))
    for data in frames:
        session.feed(data)
    session.finish("", 1)
    assert session.failure or session.ending


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (b"Welcome to this machine!\n" * 2, "another program writing"),
        (wire.FRAME_HEADER.pack(wire.MAX_FRAME + 1, FrameKind.CALLS), "limit"),
        (encode_frame(FrameKind.CALLS, b"short"), "call records"),
        (encode_frame(FrameKind.OUTPUT, b""), "OUTPUT"),
        (encode_frame(FrameKind.OUTPUT, b"\x07mail"), "OUTPUT"),
        (encode_frame(FrameKind.TAKEN, b"1"), "TAKEN"),
        (encode_frame(FrameKind.ENDED, b"[]"), "ENDED"),
        (encode_json_frame(FrameKind.ENDED, {"status": "0"}), "status"),
        (encode_json_frame(FrameKind.STARTED, {"pid": 2**64}), "pid"),
    ],
)
def test_the_sentence_names_what_was_wrong(session: Session, frame: bytes, sentence: str) -> None:
    session.feed(greeting())
    assert session.feed(frame).commands == STOP
    assert session.state == "failed"
    assert session.failure is not None
    assert sentence in session.failure


@pytest.mark.parametrize(
    ("stage", "refused"), [("execve", True), ("landlock", True), ("engine", False), ("no such step", False), ([], False)]
)
def test_a_launch_that_fails_over_what_was_asked_for_is_a_refusal(session: Session, stage: object, refused: bool) -> None:
    session.feed(greeting())
    session.feed(encode_json_frame(FrameKind.FAILED, {"stage": stage, "errno": 2, "detail": "It could not."}))
    assert (session.failure, session.refused) == ("It could not.", refused)


def test_a_target_that_nobody_launched(session: Session) -> None:
    session.feed(encode_json_frame(FrameKind.STARTED, STARTED))
    assert session.failure is not None
    assert "was not asked" in session.failure


def call(number: int) -> bytes:
    """getpid() by thread 1, `number` ms after its start."""
    time_ns = STARTED_NS + number * 1_000_000
    known = {
        "id": number,
        "entered_ns": time_ns,
        "exited_ns": time_ns + 100,
        "pid": 1,
        "tid": 1,
        "nr": 39,
        "arch": ARCHES["x86_64"],
        "flags": 3,
    }
    record = np.zeros(1, CALL_DTYPE)
    for field, value in known.items():
        record[field] = value
    return encode_frame(FrameKind.CALLS, record.tobytes())


def flush(number: int) -> bytes:
    return encode_frame(FrameKind.FLUSH, wire.FLUSH.pack(STARTED_NS + number * 1_000_000 + 500))


def output(stream: int, data: bytes) -> bytes:
    return encode_frame(FrameKind.OUTPUT, bytes([stream]) + data)


def test_output_that_comes_together_is_kept_together(session: Session) -> None:
    session.feed(greeting() + encode_json_frame(FrameKind.STARTED, STARTED))
    progress = session.feed(output(1, b"a") + output(1, b"b") + output(2, b"c") + output(1, b"d") + output(1, b""))
    assert progress.outputs == [(1, b"a"), (1, b"b"), (2, b"c"), (1, b"d"), (1, b"")]
    assert session.recording is not None
    assert session.recording.output == [(1, b"ab"), (2, b"c"), (1, b"d")]


def test_output_before_garbage_is_kept(session: Session) -> None:
    session.feed(greeting() + encode_json_frame(FrameKind.STARTED, STARTED))
    session.feed(output(1, b"last words") + output(7, b"?"))
    assert session.failure is not None
    assert session.recording is not None
    assert session.recording.output == [(1, b"last words")]


def test_flushes_that_come_together_are_one_batch(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    session.feed(greeting() + encode_json_frame(FrameKind.STARTED, STARTED))
    batches: list[int] = []
    judge = Judge.judge

    def counting(self: Judge, batch: Batch, symbols: Symbols) -> Judged:
        batches.append(len(batch.calls))
        return judge(self, batch, symbols)

    monkeypatch.setattr(Judge, "judge", counting)
    assert session.feed(call(1) + flush(1) + output(1, b"x") + call(2) + flush(2) + call(3) + flush(3) + call(4)).appended == 3
    assert batches == [3]
    session.feed(flush(4) + call(5) + encode_json_frame(FrameKind.LOST, {"calls": 1}) + flush(5))
    assert batches == [3, 1, 1]  # a gap is not made wider than it is
    assert session.recording is not None
    assert [event.time_ns for event in session.recording.events()] == [number * 1_000_000 for number in range(1, 6)]


def test_what_the_audit_log_may_still_say_is_waited_for_until_the_next_flush(session: Session) -> None:
    """Which it has for calls of the last 2 ms; also where that one has come together with the first."""
    session.feed(greeting() + encode_json_frame(FrameKind.STARTED, STARTED) + encode_frame(FrameKind.AUDIT, wire.AUDIT_OFFSET.pack(0)))
    assert session.feed(call(1) + call(9) + flush(10)).appended == 1
    assert session.feed(flush(20)).appended == 1
    assert session.feed(call(29) + flush(30) + flush(40)).appended == 1


def test_an_observer_killed_by_a_signal_without_a_name(session: Session) -> None:
    session.feed(greeting())
    session.finish("", -40)
    assert session.failure is not None
    assert "killed by" in session.failure


@pytest.mark.parametrize("greeted", [False, True])
def test_a_stop_before_the_target_runs_is_no_failure(session: Session, greeted: bool) -> None:
    if greeted:
        session.feed(greeting())
    session.stop()
    session.finish("", 0)
    assert session.state == "ended"
    assert session.ending is not None
    assert session.ending.sentence == "Stopped before the target ran"
