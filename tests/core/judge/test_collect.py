"""Frames into batches, in any order and with any gap."""

import itertools
import json

import numpy as np
import pytest

from core.judge import collect
from core.judge.collect import Batch, Collector
from core.judge.records import Records
from core.observer import wire
from core.observer.wire import CallFlag, CaptureKind, Frame, FrameKind, ProcessKind
from tests.core.judge.transcript import PASSED, STOPPED, STOPPED_ENTRY, call, check, process

SECOND = 10**9


def frames(*records: Records) -> list[Frame]:
    kinds = {wire.CALL.size: FrameKind.CALLS, wire.CHECK.size: FrameKind.CHECKS, wire.PROCESS.size: FrameKind.PROCESSES}
    return [Frame(kinds[record.dtype.itemsize], record.tobytes()) for record in records]


def flush(watermark: int) -> Frame:
    return Frame(FrameKind.FLUSH, wire.FLUSH.pack(watermark))


def capture(of: int, data: bytes, argument: int = 1) -> Frame:
    record = wire.CAPTURE.pack(0, 0, of, argument, CaptureKind.STRING, 0, 0, len(data)) + data
    return Frame(FrameKind.CAPTURES, record + bytes(-len(record) % 8))


def fed(collector: Collector, *given: Frame) -> Batch:
    """The batch of the last frame, which must be the only one."""
    *earlier, last = (collector.feed(frame) for frame in given)
    assert not any(earlier)
    assert last is not None
    return last


def ids(batch: Batch) -> list[int]:
    found: list[int] = batch.calls["id"].tolist()
    return found


def test_calls_come_in_the_order_of_their_ends() -> None:
    calls = [call("read", at=at, id=number) for number, at in ((1, 300), (2, 100), (3, 200))]
    assert ids(fed(Collector(), *frames(*calls), flush(SECOND))) == [2, 3, 1]


def test_what_is_later_than_the_watermark_waits() -> None:
    collector = Collector()
    early, late = call("read", at=100), call("read", at=500)
    inside = check(late, "SYS_ADMIN", time_ns=505)
    batch = fed(collector, *frames(late, early, inside), capture(int(late["id"][0]), b"/etc"), flush(200))
    assert (ids(batch), len(batch.checks), batch.captures, batch.watermark) == ([early["id"][0]], 0, {}, 200)
    batch = fed(collector, flush(600))
    assert ids(batch) == [late["id"][0]]
    assert len(batch.checks) == 1
    assert batch.captures[ids(batch)[0]][0].data == b"/etc"
    assert len(collector.finish().calls) == 0
    assert collector.orphans == 0


def test_a_check_waits_for_its_call_however_long_that_takes() -> None:
    collector = Collector()
    slow = call("mount", at=100)
    assert len(fed(collector, *frames(check(slow, "SYS_ADMIN")), flush(SECOND)).checks) == 0
    assert len(fed(collector, *frames(slow), flush(2 * SECOND)).checks) == 1


def test_finish_gives_the_rest() -> None:
    collector = Collector()
    fed(collector, *frames(call("read", at=100)), flush(SECOND))
    for frame in frames(call("read", at=3 * SECOND)):
        collector.feed(frame)
    batch = collector.finish()
    assert len(batch.calls) == 1
    assert batch.watermark > 3 * SECOND


def test_a_call_without_an_end_stands_where_it_began() -> None:
    calls = [call("read", 0, CallFlag.PASSED, at=200, exited_ns=0), call("read", at=100), call("read", at=300)]
    assert ids(fed(Collector(), *frames(*calls), flush(SECOND))) == [calls[1]["id"][0], calls[0]["id"][0], calls[2]["id"][0]]


def test_orphans_are_counted() -> None:
    collector = Collector()
    lost = call("mount")
    batch = fed(collector, *frames(check(lost, "SYS_ADMIN"), check(lost, "CHOWN", call=0)), capture(77, b"x"), flush(SECOND))
    assert len(batch.checks) == 0
    collector.finish()
    assert collector.orphans == 3


def test_records_without_calls_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "MOST_HELD", 2)
    collector = Collector()
    lost = call("mount")
    fed(collector, *frames(*[check(lost, "SYS_ADMIN")] * 5), *(capture(number, b"x") for number in range(1, 6)), flush(SECOND))
    assert collector.orphans == 6


def test_equal_ids_raise_nothing() -> None:
    calls = [call("read", id=7), call("write", id=7)]
    batch = fed(Collector(), *frames(*calls, check(calls[0], "CHOWN")), flush(SECOND))
    assert (len(batch.calls), len(batch.checks)) == (2, 1)


def test_an_exec_has_its_captures_before_its_call_returns() -> None:
    collector = Collector()
    execve = call("execve", at=100, exited_ns=900)
    number = int(execve["id"][0])
    batch = fed(collector, capture(number, b"/bin/true"), *frames(process(ProcessKind.EXEC, at=200, id=number)), flush(500))
    assert batch.captures[number][0].data == b"/bin/true"
    assert number in fed(collector, *frames(execve), flush(SECOND)).captures


class TestGaps:
    """Where records were lost: between the flush before the loss was told and the one behind it, which is as narrow as it can be told."""

    @staticmethod
    def lost(**counts: int) -> Frame:
        return Frame(FrameKind.LOST, json.dumps(counts).encode())

    @staticmethod
    def gaps(batch: Batch) -> list[tuple[int, dict[str, int]]]:
        return [(gap.start_ns, dict(gap.counts)) for gap in batch.gaps]

    def test_counts_are_of_all_so_far_and_gaps_of_what_is_new(self) -> None:
        collector = Collector()
        batch = fed(collector, self.lost(calls=0, checks=3), flush(10))
        assert (batch.lost, self.gaps(batch)) == ({"checks": 3}, [(0, {"checks": 3})])
        batch = fed(collector, self.lost(calls=2, checks=3), flush(20))
        assert (batch.lost, self.gaps(batch)) == ({"calls": 2, "checks": 3}, [(0, {"checks": 3}), (10, {"calls": 2})])
        batch = fed(collector, flush(30))
        assert (self.gaps(batch), batch.gaps[0].end_ns) == ([(10, {"calls": 2})], 30)
        assert fed(collector, flush(40)).gaps == ()

    def test_they_wait_with_the_calls_for_the_audit_log(self) -> None:
        collector = Collector()
        fed(collector, Frame(FrameKind.AUDIT, wire.AUDIT_OFFSET.pack(0)), flush(SECOND))
        near = call("read", at=2 * SECOND - 1000)
        assert ids(fed(collector, *frames(near), self.lost(checks=1), flush(2 * SECOND))) == []
        batch = fed(collector, flush(3 * SECOND))
        assert (ids(batch), self.gaps(batch)) == ([near["id"][0]], [(SECOND, {"checks": 1})])


class TestSettling:
    """A call that seccomp stopped without an errno is judged together with the signal that followed."""

    STOPPED = call("getppid", 110, STOPPED, at=SECOND)

    def test_it_waits(self) -> None:
        collector = Collector()
        earlier, later = call("read", at=SECOND - 100), call("read", at=SECOND + 100, tid=101)
        assert ids(fed(collector, *frames(earlier, self.STOPPED, later), flush(SECOND + 1000))) == [earlier["id"][0]]
        signal = process(ProcessKind.SIGNAL, at=SECOND + 1500, status=31)
        assert ids(fed(collector, *frames(signal), flush(SECOND + 2000))) == []
        batch = fed(collector, *frames(process(ProcessKind.EXIT, at=SECOND + 2500, status=31)), flush(SECOND + 3000))
        assert ids(batch) == [self.STOPPED["id"][0], later["id"][0]]
        assert len(batch.processes) == 2

    def test_a_handler_s_first_call_ends_the_waiting(self) -> None:
        collector = Collector()
        fed(collector, *frames(self.STOPPED, process(ProcessKind.SIGNAL, at=SECOND + 20, status=31)), flush(SECOND + 1000))
        assert len(fed(collector, *frames(call("rt_sigreturn", at=SECOND + 1500)), flush(SECOND + 2000)).calls) == 2

    def test_what_comes_behind_the_watermark_does_not_end_it(self) -> None:
        """The signal would be cut off from its call, although the handler's call is here too."""
        collector = Collector()
        signal = process(ProcessKind.SIGNAL, at=SECOND + 1500, status=31)
        taken = call("rt_sigreturn", at=SECOND + 2000)
        assert ids(fed(collector, *frames(self.STOPPED, signal, taken), flush(SECOND + 1000))) == []
        batch = fed(collector, flush(SECOND + 3000))
        assert (ids(batch), len(batch.processes)) == ([self.STOPPED["id"][0], taken["id"][0]], 1)

    def test_not_where_the_signal_is_there(self) -> None:
        killed = process(ProcessKind.KILLED_BY_SECCOMP, at=SECOND + 50)
        assert len(fed(Collector(), *frames(self.STOPPED, killed), flush(SECOND + 1000)).calls) == 1

    def test_not_for_ever(self) -> None:
        assert len(fed(Collector(), *frames(self.STOPPED), flush(SECOND + 2 * collect.SETTLING_NS)).calls) == 1

    def test_one_holds_back_another_whose_signal_would_be_cut_off(self) -> None:
        first = call("getppid", 110, STOPPED, at=SECOND - 200)
        signal = process(ProcessKind.SIGNAL, at=SECOND + 500)
        other = call("getppid", 110, STOPPED, at=SECOND, tid=101)
        assert ids(fed(Collector(), *frames(first, other, signal), flush(SECOND + 1000))) == []

    def test_nor_where_the_thread_went_on(self) -> None:
        write, later = call("write", 1, STOPPED_ENTRY, at=SECOND), call("read", 5, STOPPED_ENTRY, at=SECOND + 20)
        assert len(fed(Collector(), *frames(write, later), flush(SECOND + 1000)).calls) == 2
        assert len(fed(Collector(), *frames(write), flush(SECOND + 1000)).calls) == 0

    def test_calls_that_ran_do_not_wait(self) -> None:
        write = call("write", 1, PASSED, at=SECOND)
        assert len(fed(Collector(), *frames(write), flush(SECOND + 1000)).calls) == 1


@pytest.mark.parametrize(
    ("kind", "payload", "words"),
    [
        (FrameKind.CALLS, bytes(wire.CALL.size + 1), "121 bytes of call records"),
        (FrameKind.CHECKS, b"x", "1 bytes of check records"),
        (FrameKind.PROCESSES, bytes(8), "8 bytes of process records"),
        (FrameKind.CAPTURES, bytes(12), "cut off in its header"),
        (FrameKind.CAPTURES, wire.CAPTURE.pack(0, 0, 1, 0, 1, 0, 0, 100), "a capture record of 100 bytes of which 0 are there"),
        (FrameKind.FLUSH, bytes(4), "FLUSH frame of 4 bytes"),
        (FrameKind.LOST, b'{"calls": "many"}', "in which calls is not a count"),
    ],
)
def test_cut_records_are_said(kind: FrameKind, payload: bytes, words: str) -> None:
    with pytest.raises(wire.WireError, match=words):
        Collector().feed(Frame(kind, payload))


def test_any_cut_into_frames_gives_the_same_calls() -> None:
    calls = np.concatenate([call("read", at=100 * number) for number in range(6)])
    whole = ids(fed(Collector(), *frames(calls), flush(SECOND)))
    for cut, watermark in itertools.product(range(7), (0, 250, 10_000)):
        collector = Collector()
        first = fed(collector, *frames(calls[:cut]), flush(watermark))
        rest = fed(collector, *frames(calls[cut:]), flush(SECOND))
        assert sorted(ids(first) + ids(rest)) == sorted(whole)
