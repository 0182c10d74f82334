"""What lint and the capabilities say of rules, in the panel's few words."""

from __future__ import annotations

import pytest

from core.lint.finding import Finding
from core.policy.model import ArgumentTest, Filter, Policy, Rule, Seccomp
from gui.lint_report import guards_of, guards_text, headline, lint_report

_RAW = (ArgumentTest(index=0, op="==", value="AF_INET"), ArgumentTest(index=1, op="&==", mask=0xF, value="SOCK_RAW"))


def policy(*rules: Rule, default: str = "allow") -> Policy:
    return Policy(seccomp=Seccomp(mode="filter", default=default, rules=rules))


def refusing(*calls: str, args: tuple[ArgumentTest, ...] = ()) -> Rule:
    return Rule(syscalls=calls, action="errno:EPERM", args=args)


@pytest.mark.parametrize(
    ("rules", "remark"),
    [
        ((refusing("mount"), Rule(syscalls=("kill",), action="allow")), {2: "same as the default"}),
        ((refusing("kill"), refusing("kill")), {2: "repeats another"}),
        ((refusing("kill"), refusing("kill", "mount")), {2: "partly repeats"}),
        (
            (refusing("kill", args=(ArgumentTest(index=1, op="==", value=9), ArgumentTest(index=1, op="==", value=15))),),
            {1: "never matches"},
        ),
        ((refusing("kill"), refusing("socket")), {}),
    ],
)
def test_a_rule_that_decides_nothing_says_so(rules: tuple[Rule, ...], remark: dict[int, str]) -> None:
    assert lint_report(policy(*rules)).remarks() == remark


def test_a_rule_that_another_wins_over_is_never_reached() -> None:
    test = (ArgumentTest(index=0, op="==", value=5),)
    report = lint_report(
        policy(Rule(syscalls=("close",), action="kill-process"), Rule(syscalls=("close",), action="errno:EPERM", args=test))
    )
    assert report.remarks()[2] == "never reached"


def test_rule_and_capability_are_told_of_each_other() -> None:
    report = lint_report(policy(refusing("getpid"), refusing("socket", args=_RAW)))
    assert [(guard.rule, guard.capability, guard.calls) for guard in report.guards] == [(2, "NET_RAW", ("socket",))]
    assert report.guards[0].sentence == "NET_RAW also guards socket"
    assert report.guards[0].counterpart == "rule 2 also refuses socket"
    assert guards_text(report.guards) == report.guards[0].sentence


def test_what_a_test_leaves_out_is_not_guarded() -> None:
    unix = ArgumentTest(index=0, op="==", value="AF_UNIX")
    assert guards_of(refusing("socket", args=(unix,))) == ()
    assert guards_of(Rule(syscalls=("socket",), action="allow")) == (), "what runs meets the capability alone"


def test_rules_of_stacked_filters_are_counted_through() -> None:
    seccomp = Seccomp(mode="filter", rules=(refusing("getpid"),), stacked=(Filter(rules=(refusing("chroot"),)),))
    assert [(guard.rule, guard.capability) for guard in lint_report(Policy(seccomp=seccomp)).guards] == [(2, "SYS_CHROOT")]


def test_many_guards_are_counted() -> None:
    words = guards_text(guards_of(refusing("@privileged")))
    assert "more also guard" in words
    assert len(words) < 80


def test_a_policy_that_is_wrong_has_no_findings() -> None:
    assert lint_report(policy(refusing("sokcet"))).findings == ()


def test_headlines_are_the_first_clause() -> None:
    assert (
        headline(Finding("x", "warning", None, "ptrace is left open. What this filter refuses can be got around.")) == "ptrace is left open"
    )
    assert headline(Finding("x", "info", None, "This rule decides nothing: rule 1 says so.")) == "This rule decides nothing"
    assert headline(Finding("x", "info", None, "errno:EPERM stays whole")) == "errno:EPERM stays whole"
    assert (
        headline(Finding("x", "info", None, "Filter 2: x86_64 is not covered: its calls get allow.")) == "Filter 2: x86_64 is not covered"
    )
