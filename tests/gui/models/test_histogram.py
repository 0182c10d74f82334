"""The timeline's counts are the recording's, however they arrive."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.judge.verdict import Gate, Outcome
from gui.models.histogram import Histogram

DTYPE = np.dtype([("time_ns", "i8"), ("gate", "u1"), ("outcome", "u1")])
events = st.lists(st.tuples(st.integers(-5, 10**12), st.sampled_from(list(Gate)), st.sampled_from(list(Outcome))), max_size=30)


@given(first=events, second=events, bars=st.integers(1, 300))
def test_every_event_is_counted_once(first: list[tuple[int, Gate, Outcome]], second: list[tuple[int, Gate, Outcome]], bars: int) -> None:
    histogram = Histogram()
    for batch in (first, second):
        histogram.add(np.array(batch, DTYPE))
    counted = histogram.bars(bars).sum(axis=0)
    stopped = [gate for _, gate, outcome in first + second if outcome in (Outcome.DENIED, Outcome.KILLED, Outcome.TRAPPED)]
    for gate in (Gate.SECCOMP, Gate.CAPABILITY, Gate.OTHER):
        assert counted[gate] == stopped.count(gate)
    assert counted.sum() == len(first) + len(second)


def test_a_later_event_is_further_right() -> None:
    histogram = Histogram()
    histogram.add(np.array([(0, Gate.NONE, Outcome.OK), (10**9, Gate.SECCOMP, Outcome.KILLED)], DTYPE))
    bars = histogram.bars(10)
    assert len(bars) == 10
    assert bars[0, Gate.NONE] == 1
    assert bars[-1, Gate.SECCOMP] == 1
