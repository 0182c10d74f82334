"""What the log says of an event: of a call what is particular first, of an exec whether the kernel did what was predicted."""

from __future__ import annotations

import pytest

from core.event import CallEvent
from core.judge import wording
from core.judge.verdict import Evidence, Gate, Outcome, Verdict
from core.policy.action import Action, ActionKind
from gui.models.log_columns import Column, row_of
from tests.gui.execs import exec_event


def test_an_exec_that_came_as_predicted() -> None:
    row = row_of(exec_event(agrees=True))
    assert not row.alarm
    assert row.cells[Column.REASON] == "permitted 0 → 1, effective 0 → 1: as predicted"
    assert row.cells[Column.RESULT] == ""


def test_an_exec_that_came_otherwise_is_an_alarm() -> None:
    row = row_of(exec_event(agrees=False))
    assert row.alarm
    assert row.cells[Column.RESULT] == "✕ differs"
    assert (
        row.cells[Column.REASON]
        == "not as predicted: permitted lacks NET_RAW; effective lacks NET_RAW; the effective uid is 1000, predicted 0"
    )


@pytest.mark.parametrize(
    ("errno", "reason", "brief"),
    [
        ("EPERM", wording.refused([13], "inet_create", foreign=False), "CAP_NET_RAW in inet_create; the process does not hold it"),
        (
            "EPERM",
            wording.acted("seccomp rule 2", Action(ActionKind.ERRNO, 1), "socket", -1),
            "rule 2 refused socket with EPERM before it ran",
        ),
        ("ENOENT", wording.failed(-2), "no such file or directory"),
        (None, "", ""),
    ],
)
def test_a_reason_is_painted_without_what_stands_beside_it(errno: str | None, reason: str, brief: str) -> None:
    verdict = Verdict(Gate.NONE, Outcome.FAILED if errno else Outcome.OK, Evidence.OBSERVED, reason)
    row = row_of(CallEvent(1, 0, 7, 7, "prog", "socket", 41, "x86_64", (0, 0, 0, 0, 0, 0), "", -1 if errno else 0, errno, 9, verdict, ()))
    assert row.shown(Column.REASON) == brief
    assert row.cells[Column.REASON] == reason
    assert row.shown(Column.SYSCALL) == row.cells[Column.SYSCALL] == "socket"
