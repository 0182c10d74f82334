"""Capabilities that are kept, that come back in a user namespace, and that stand beside a rule."""

from __future__ import annotations

import errno

import pytest

from core.knowledge.capabilities import CAPABILITIES
from core.lint.lint import lint
from core.policy.model import Capabilities, Filter, Policy, Rule, Seccomp
from tests.core.lint.kernel import clone_args, outcome
from tests.core.lint.policies import arg, found, mended, policy, rule, the

NEWUSER = 0x10000000
NO_NET_RAW = Capabilities(drop=("NET_RAW",))


def with_capabilities(capabilities: Capabilities, *rules: Rule, **more: object) -> Policy:
    return Policy(capabilities=capabilities, seccomp=policy(*rules, **more).seccomp)


# ── kept ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_root_equivalent_that_is_kept_says_how_it_leads_to_root() -> None:
    names = [capability.name for capability in CAPABILITIES if capability.root_equivalent]
    findings = found(Policy(capabilities=Capabilities(keep=tuple(reversed(names)))), "root-equivalent")
    assert [finding.message.split()[0] for finding in findings] == names
    assert {finding.severity for finding in findings} == {"info"}


@pytest.mark.parametrize(
    "capabilities", [None, Capabilities(keep=("NET_BIND_SERVICE",)), Capabilities(drop=("SYS_ADMIN",)), Capabilities(keep=("ALL",))]
)
def test_what_is_not_named_is_not_told(capabilities: Capabilities | None) -> None:
    assert found(Policy(capabilities=capabilities), "root-equivalent") == []


def test_the_expert_form_is_read_too() -> None:
    asked = Policy(capabilities=Capabilities(permitted=("SYS_MODULE",), effective=("SYS_MODULE",)))
    assert found(asked, "root-equivalent")[0].message.startswith("SYS_MODULE leads to full root: ")


# ── dropped ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_dropped_capability_comes_back_in_a_user_namespace() -> None:
    asked = with_capabilities(NO_NET_RAW)
    finding = the(asked, "namespace-regains")
    assert finding.message.startswith("The policy takes NET_RAW away, but unshare, clone and clone3 can make a user namespace")
    fixed = mended(asked, "namespace-regains")
    assert outcome(fixed, "unshare", NEWUSER) == errno.EPERM
    assert outcome(fixed, "unshare", 0) == 0
    assert outcome(fixed, "clone", NEWUSER | 17) == errno.EPERM
    assert outcome(fixed, "clone3", clone_args(), 64) == errno.ENOSYS


def test_without_a_filter_the_fix_makes_one_and_wakes_no_sleeping_rule() -> None:
    sleeping = Policy(capabilities=NO_NET_RAW, seccomp=Seccomp(rules=(rule("kill"),)))
    fixed = mended(sleeping, "namespace-regains")
    assert fixed.seccomp.mode == "filter"
    assert [one.enabled for one in fixed.seccomp.rules] == [True, True, False]


@pytest.mark.parametrize("seccomp", [Seccomp(default="kill-process"), Seccomp(stacked=(Filter(),))])
def test_where_switching_the_filter_on_would_do_more_there_is_no_fix(seccomp: Seccomp) -> None:
    assert the(Policy(capabilities=NO_NET_RAW, seccomp=seccomp), "namespace-regains").fix is None


def test_nothing_dropped_or_the_ways_closed_is_no_finding() -> None:
    closed = (rule("unshare clone", "errno:EPERM", arg(0, "&==", "CLONE_NEWUSER", mask="CLONE_NEWUSER")), rule("clone3", "errno:ENOSYS"))
    assert found(with_capabilities(NO_NET_RAW, *closed), "namespace-regains") == []
    assert found(with_capabilities(Capabilities(keep=("ALL",))), "namespace-regains") == []
    assert found(Policy(), "namespace-regains") == []
    assert found(Policy(capabilities=NO_NET_RAW, seccomp=Seccomp(mode="strict")), "namespace-regains") == []


def test_any_filter_of_a_stack_may_close_the_ways() -> None:
    closed = Filter(rules=(rule("unshare clone clone3"),))
    assert found(with_capabilities(NO_NET_RAW, stacked=(closed,)), "namespace-regains") == []


# ── beside a rule ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (rule("socket", "errno:EPERM", arg(0, "==", "AF_INET"), arg(1, "&==", "SOCK_RAW", mask=0xF)), "NET_RAW"),
        (rule("chroot"), "SYS_CHROOT"),
        (rule("init_module"), "SYS_MODULE"),
        (rule("sethostname settimeofday"), "SYS_ADMIN and SYS_TIME"),
    ],
)
def test_the_capability_that_guards_the_same_call_is_named(asked: Rule, names: str) -> None:
    finding = the(policy(asked), "also-guarded")
    assert (finding.severity, finding.rule) == ("info", 1)
    assert finding.message.startswith(f"{names} also guard")


def test_calls_that_no_capability_guards_and_calls_that_run() -> None:
    assert found(policy(rule("getppid read")), "also-guarded") == []
    assert found(policy(rule("chroot", "log")), "also-guarded") == []
    assert found(policy(rule("socket", "errno:EPERM", arg(0, "==", "AF_UNIX"))), "also-guarded") == []


def test_a_policy_without_filter_and_capabilities_says_nothing() -> None:
    assert lint(Policy()) == ()
