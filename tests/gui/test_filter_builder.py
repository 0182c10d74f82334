"""Filters are built beside the window, and only the last request is answered."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from core.bpf.build import build_filter
from core.bpf.program import decode_program
from core.policy.model import ArgumentTest, Rule, Seccomp
from gui.filter_builder import FilterBuilder, FilterReport, build_report


def filter_of(*calls: str) -> Seccomp:
    return Seccomp(mode="filter", rules=tuple(Rule(syscalls=(call,), action="errno:EPERM") for call in calls))


@pytest.fixture
def builder(qtbot: QtBot) -> FilterBuilder:  # noqa: ARG001  qtbot fails the test on exceptions in slots
    return FilterBuilder()


def test_only_the_last_request_is_answered(builder: FilterBuilder, qtbot: QtBot) -> None:
    reports: list[FilterReport] = []
    builder.built.connect(reports.append)
    with qtbot.waitSignal(builder.built):
        builder.request(filter_of("kill"))
        builder.request(filter_of("kill", "socket"))
    comments = {line.comment for line in reports[0].lines}
    assert {"kill", "socket"} <= comments
    assert len(reports) == 1


def test_a_stale_result_is_dropped(builder: FilterBuilder, qtbot: QtBot) -> None:
    reports: list[FilterReport] = []
    builder.built.connect(reports.append)
    builder.request(filter_of("kill"))
    builder.submit()  # under way now
    builder.request(filter_of("socket"))
    with qtbot.waitSignal(builder.built):
        pass
    assert ["kill" in {line.comment for line in report.lines} for report in reports] == [False]


def test_the_report_is_the_filter_that_is_loaded() -> None:
    seccomp = filter_of("kill", "socket")
    report = build_report(seccomp)
    assert tuple(line.instruction for line in report.lines) == decode_program(build_filter(seccomp))
    assert report.problem == ""


def test_idle_rules_are_named() -> None:
    seccomp = Seccomp(mode="filter", rules=(Rule(syscalls=("kill",), action="allow"), Rule(syscalls=("socket",), action="errno:EPERM")))
    assert build_report(seccomp).idle_rules == (1,)


def test_what_cannot_be_built_says_why() -> None:
    test = ArgumentTest(index=0, op="==", value="NO_SUCH_CONSTANT")
    report = build_report(Seccomp(mode="filter", rules=(Rule(syscalls=("kill",), action="errno:EPERM", args=(test,)),)))
    assert "NO_SUCH_CONSTANT" in report.problem
    assert report.lines == ()
