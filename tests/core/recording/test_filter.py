"""The log's filter language, over rows of each kind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.judge.verdict import Check, Evidence, Gate, Outcome
from core.recording.filter import Query, QueryError, Term, parse_query
from core.recording.recording import Recording
from core.recording.rows import Details
from tests.core.recording.test_recording import call_rows, filled


@pytest.fixture
def recording() -> Recording:
    """1 socket (denied by capability), 2 openat, 3 fork, 4 brk (killed by seccomp rule 2), 5 connect (failed, asked for NET_ADMIN)."""
    recording = filled(None)
    killed = call_rows(recording, "brk", outcome=Outcome.KILLED, gate=Gate.SECCOMP, evidence=Evidence.COMPUTED, rule=2, pid=99)
    recording.append(killed, Details())
    failed = call_rows(
        recording,
        "connect",
        ret=-111,
        outcome=Outcome.FAILED,
        gate=Gate.OTHER,
        comm=recording.names.number("curl"),
        reason=recording.names.number("ECONNREFUSED: nobody listens there"),
    )
    recording.append(failed, Details(checks={0: (Check("NET_ADMIN", granted=True, decisive=False, namespace=1, stack=()),)}))
    return recording


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("syscall:socket", [1]),
        ("syscall:socket,brk", [1, 4]),
        ("syscall:*o*", [1, 2, 5]),
        ("syscall:o", []),
        ("-syscall:socket", [2, 3, 4, 5]),
        ("verdict:denied", [1]),
        ("verdict:killed,failed", [4, 5]),
        ("verdict:seccomp", [4]),
        ("gate:none", [2]),
        ("gate:other", [5]),
        ("evidence:computed", [4]),
        ("errno:EPERM", [1]),
        ("errno:111", [5]),
        ("process:curl", [5]),
        ("process:PROG -syscall:brk", [1, 2, 3]),
        ("pid:99", [4]),
        ("rule:2", [4]),
        ("capability:net_raw", [1]),
        ("capability:CAP_NET_ADMIN", [5]),
        ('reason:"does not hold"', [1]),
        ("args:/etc/h", [2]),
        ("event:fork,exec", [3]),
        ("arch:x86_64", [1, 2, 4, 5]),
        ("etc", [2]),
        ("inet_create", [1]),
        ("fork", [3]),
        ("ECONNREFUSED", [5]),
        ('"nobody listens"', [5]),
        ("-etc -fork", [1, 4, 5]),
    ],
)
def test_matches(recording: Recording, text: str, expected: list[int]) -> None:
    rows = parse_query(text).matches(recording, 0, len(recording))
    assert [recording.event(int(row)).seq for row in rows] == expected


def test_slices_join_to_the_whole(recording: Recording) -> None:
    query = parse_query("process:prog")
    whole = query.matches(recording, 0, 5).tolist()
    assert whole == [row for start in range(5) for row in query.matches(recording, start, start + 1).tolist()]


@pytest.mark.parametrize(
    ("text", "sentence", "position"),
    [
        ("sycall:socket", "there is no field 'sycall'; did you mean syscall:?", 0),
        ("pid:1 zzz:1", "there is no field 'zzz'; there are syscall, process", 6),
        ("verdict:refused", "'refused' is no verdict; there are ok, denied, killed", 8),
        ("gate:x", "'x' is no gate; there are none, seccomp", 5),
        ("pid:abc", "'abc' is not a whole number", 4),
        ('args:"open', "a quotation mark is not closed", 5),
        ("capability:NET_ROW", "NET_RAW", 11),
        ("errno:EPREM", "EPERM", 6),
    ],
)
def test_mistakes_are_named_where_they_are(text: str, sentence: str, position: int) -> None:
    with pytest.raises(QueryError, match=None) as caught:
        parse_query(text)
    assert sentence in str(caught.value)
    assert caught.value.position == position


def test_with_term_adds_once() -> None:
    query = parse_query("pid:1").with_term("syscall", "openat").with_term("syscall", "openat").with_term("process", "a b", exclude=True)
    assert str(query) == 'pid:1 syscall:openat -process:"a b"'
    assert parse_query(str(query)) == query


_VALUES = st.text("abcXYZ_/.09 ", min_size=1, max_size=8).filter(lambda text: text.strip() == text)


@given(st.lists(st.tuples(st.sampled_from(["syscall", "process", "args", "reason", ""]), _VALUES, st.booleans())))
def test_text_round_trip(terms: list[tuple[str, str, bool]]) -> None:
    query = Query(tuple(Term(field, (value,), exclude) for field, value, exclude in terms))
    assert parse_query(str(query)) == query
