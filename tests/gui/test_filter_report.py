"""The report is of the filters that are loaded."""

from __future__ import annotations

from core.bpf.build import build_filter
from core.bpf.program import decode_program
from core.policy.model import ArgumentTest, Filter, Rule, Seccomp
from gui.filter_report import build_report


def filter_of(*calls: str) -> Seccomp:
    return Seccomp(mode="filter", rules=tuple(Rule(syscalls=(call,), action="errno:EPERM") for call in calls))


def test_the_report_is_the_filter_that_is_loaded() -> None:
    seccomp = filter_of("kill", "socket")
    report = build_report(seccomp)
    assert report.programs == (build_filter(seccomp),)
    assert tuple(line.instruction for line in report.filters[0].lines) == decode_program(build_filter(seccomp))
    assert report.instructions == len(report.filters[0].lines)
    assert report.problem == ""


def test_every_filter_of_a_stack_is_in_it() -> None:
    logging = Filter(rules=(Rule(syscalls=("read",), action="log"),))
    seccomp = Seccomp(mode="filter", rules=filter_of("kill").rules, stacked=(logging,))
    report = build_report(seccomp)
    comments = [{line.comment for line in one.lines} for one in report.filters]
    assert [("kill" in found, "read" in found) for found in comments] == [(True, False), (False, True)]
    assert report.instructions == sum(len(one.lines) for one in report.filters)
    read = next(cost for cost in report.costs if cost.call == "read")
    assert not read.cached
    assert read.least > next(cost for cost in build_report(filter_of("kill")).costs if cost.call == "read").least


def test_what_cannot_be_built_says_why() -> None:
    test = ArgumentTest(index=0, op="==", value="NO_SUCH_CONSTANT")
    report = build_report(Seccomp(mode="filter", rules=(Rule(syscalls=("kill",), action="errno:EPERM", args=(test,)),)))
    assert "NO_SUCH_CONSTANT" in report.problem
    assert report.filters == ()
    assert report.instructions == 0
