"""What would change a call's fate: computed from data alone."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from core.bpf.machine import SeccompData
from core.event import CallEvent
from core.judge import wording
from core.judge.change import Change, ChangeKind, Holding, Situation
from core.judge.changes import changes
from core.judge.proof import Standing, judge_flip
from core.judge.seccomp_changes import build_programs
from core.judge.verdict import Check, Evidence, Gate, Outcome, Verdict
from core.knowledge.syscalls import number
from core.observer.wire import AUDIT_ARCH_I386, AUDIT_ARCH_X86_64
from core.policy.model import ArgumentTest, Capabilities, Identity, Paths, Policy, Rule, Seccomp

RAW = (2, 3, 1, 0, 0, 0)
CHECK = Check("NET_RAW", granted=False, decisive=True, namespace=1, stack=("ns_capable", "inet_create"))
ORDINARY = Holding(frozenset(), 1000)
NO_RAW = Rule(syscalls=("socket",), action="errno:EPERM", args=(ArgumentTest(index=1, op="&==", mask=0xF, value="SOCK_RAW"),))
NO_INET6 = Rule(syscalls=("socket",), action="errno:EACCES", args=(ArgumentTest(index=0, op="==", value="AF_INET6"),))
NO_SOCKET = Rule(syscalls=("socket",), action="kill-process")


def event(syscall: str, gate: Gate, outcome: Outcome, args: tuple[int, ...] = RAW, errno: str | None = "EPERM", **fields: Any) -> CallEvent:
    checks = fields.pop("checks", ())
    verdict = Verdict(gate, outcome, fields.pop("evidence", Evidence.OBSERVED), "because", **fields)
    nr = number(AUDIT_ARCH_X86_64, syscall)
    assert nr is not None
    return CallEvent(1, 0, 7, 7, "prog", syscall, nr, "x86_64", args, "", -1 if errno else 3, errno, 9, verdict, checks)  # type: ignore[arg-type]  # six of them


def found(call: CallEvent, policy: Policy, held: Holding | None = ORDINARY, **data: int) -> list[Change]:
    seen = SeccompData(data.get("nr", call.nr), data.get("arch", AUDIT_ARCH_X86_64), 0, call.args)
    return list(changes(Situation(call, seen, policy, build_programs(policy.seccomp), held)))


def stopped_by_seccomp(*rules: Rule, held: Holding | None = ORDINARY, **fields: Any) -> list[Change]:
    call = event("socket", Gate.SECCOMP, Outcome.DENIED)
    return found(call, Policy(seccomp=Seccomp(mode="filter", rules=rules, **fields)), held)


def told(found_changes: list[Change]) -> list[tuple[bool, str]]:
    return [(change.helps, change.sentence) for change in found_changes]


# ── seccomp ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_rule_that_refused_and_then_the_capability() -> None:
    all_of_them = stopped_by_seccomp(NO_RAW)
    first, both, too_late = all_of_them
    assert (first.kind, first.sentence, first.evidence) == (ChangeKind.RULE, "Switch off rule 1", Evidence.COMPUTED)
    assert first.effect == (
        "socket would pass seccomp. Then the kernel asks for CAP_NET_RAW, which the process does not hold: it would be refused there."
    )
    assert first.policy_after is not None
    assert not first.policy_after.seccomp.rules[0].enabled
    assert (both.sentence, both.provable) == ("Switch off rule 1, and hold NET_RAW", False)
    assert both.policy_after is not None
    assert both.policy_after.capabilities == Capabilities(keep=("NET_RAW",))
    assert not too_late.helps
    assert "before the kernel asks" in too_late.effect


def test_with_the_capability_held_seccomp_is_all_that_stands_in_the_way() -> None:
    first, *others = stopped_by_seccomp(NO_RAW, held=Holding(frozenset({"NET_RAW"}), 0))
    assert first.effect.endswith("which the process holds.")
    assert not [change for change in others if change.kind is ChangeKind.CAPABILITY]


def test_behind_one_rule_stands_another() -> None:
    assert told(stopped_by_seccomp(NO_RAW, NO_INET6, NO_SOCKET))[:2] == [
        (True, "Switch off rules 1 and 3"),
        (True, "Switch off rules 1 and 3, and hold NET_RAW"),
    ]
    single = next(change for change in stopped_by_seccomp(NO_RAW, NO_SOCKET) if change.sentence == "Switch off rule 2")
    assert (single.helps, single.effect) == (False, "Rule 1 would still refuse it with EPERM.")


def test_behind_the_rule_stands_the_default() -> None:
    first = next(change for change in stopped_by_seccomp(NO_SOCKET, default="errno:EPERM") if change.kind is ChangeKind.RULE)
    assert (first.helps, first.effect) == (False, "The default action would still refuse it with EPERM.")
    assert (True, "Switch seccomp off") in told(stopped_by_seccomp(NO_SOCKET, default="errno:EPERM"))


def test_a_default_that_refuses() -> None:
    sentences = told(stopped_by_seccomp(NO_INET6, default="errno:EPERM"))
    assert sentences[:2] == [(True, "Add a rule that allows socket"), (True, "Make allow the default action")]


def test_strict_mode() -> None:
    killed = event("socket", Gate.SECCOMP, Outcome.KILLED, errno=None)
    first, *_ = found(killed, Policy(seccomp=Seccomp(mode="strict")))
    assert (first.sentence, first.helps) == ("Switch seccomp off", True)


def test_another_architecture() -> None:
    killed = event("socket", Gate.SECCOMP, Outcome.KILLED, errno=None)
    first, *_ = found(killed, Policy(seccomp=Seccomp(mode="filter", rules=(NO_INET6,))), nr=359, arch=AUDIT_ARCH_I386)
    assert (first.sentence, first.helps) == ("Let calls of other architectures such as x86 pass", True)


def test_a_filter_of_the_target_s_own_is_out_of_reach() -> None:
    (only,) = found(event("getppid", Gate.SECCOMP, Outcome.DENIED), Policy())
    assert (only.helps, only.toggle) == (False, None)
    assert "installed itself" in only.effect
    contradicted = event("getppid", Gate.SECCOMP, Outcome.DENIED, conflict=True)
    assert "contradicts" in found(contradicted, Policy())[0].effect


# ── capabilities ──────────────────────────────────────────────────────────────────────────────────────────────────


def refused(policy: Policy, held: Holding | None = ORDINARY, call: str = "socket", **fields: Any) -> list[Change]:
    named = {"capability": "NET_RAW", "checks": (CHECK,), **fields}
    return found(event(call, Gate.CAPABILITY, Outcome.DENIED, **named), policy, held)


def test_holding_it_and_the_rules_that_it_passed() -> None:
    policy = Policy(capabilities=Capabilities(drop=("NET_RAW",)), seccomp=Seccomp(mode="filter", rules=(NO_INET6,)))
    hold, passed = refused(policy)
    assert (hold.sentence, hold.evidence) == ("Hold NET_RAW", Evidence.COMPUTED)
    assert hold.effect.startswith("The check in inet_create would be granted")
    assert hold.policy_after is not None
    assert hold.policy_after.capabilities == Capabilities(drop=())
    assert passed.effect == "Switching off rule 1 would not: it wants other arguments, and this socket passed it."


def test_a_rule_that_let_it_pass() -> None:
    logged = Rule(syscalls=("socket",), action="log")
    passed = refused(Policy(seccomp=Seccomp(mode="filter", rules=(logged,))))[-1]
    assert passed.effect == "Switching off rule 1 would not: it let this call pass."


def test_an_ordinary_user_could_be_root_and_a_namespace_would_not_do() -> None:
    assert told(refused(Policy())) == [
        (True, "Hold NET_RAW"),
        (True, "Run as root"),
        (False, "A user namespace of its own would not"),
    ]


def test_where_the_check_is_in_the_own_namespace_one_s_own_does() -> None:
    check = dataclasses.replace(CHECK, capability="SYS_CHROOT", stack=("ns_capable", "__x64_sys_chroot"))
    sentences = told(refused(Policy(), call="chroot", capability="SYS_CHROOT", checks=(check,)))
    assert (True, "Run as root of a user namespace of its own") in sentences


def test_held_in_a_namespace_but_asked_outside() -> None:
    held = Holding(frozenset({"NET_RAW"}), 0)
    (only,) = refused(Policy(identity=Identity(user_namespace=True)), held)
    assert only.sentence == "Run outside the user namespace, and hold NET_RAW"
    assert "against another" in only.effect


def test_what_the_process_gave_up_itself_no_policy_gives_back() -> None:
    (only,) = refused(Policy(), held=None)
    assert (only.helps, only.toggle) == (False, None)
    assert "its own doing" in only.effect
    dropped = refused(Policy(capabilities=Capabilities(drop=("NET_RAW",))), held=None)
    assert dropped[0].sentence == "Hold NET_RAW"


def test_any_alternative_does() -> None:
    hold, other, *_ = refused(Policy(), call="bpf", capability="BPF", alternatives=("SYS_ADMIN", "BPF"), checks=())
    assert (hold.sentence, other.sentence) == ("Hold BPF", "Hold SYS_ADMIN")
    assert "Any one of CAP_BPF or CAP_SYS_ADMIN would do" in hold.effect


def test_what_was_only_inferred_stays_so() -> None:
    hold = refused(Policy(), evidence=Evidence.INFERRED, checks=())[0]
    assert hold.evidence is Evidence.INFERRED
    assert hold.effect.startswith("The check that socket makes")


# ── the rest ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_file_permissions() -> None:
    denied = event("openat", Gate.OTHER, Outcome.DENIED, errno="EACCES", alternatives=("DAC_OVERRIDE", "DAC_READ_SEARCH"))
    sentences = [sentence for helps, sentence in told(found(denied, Policy())) if helps]
    assert sentences == ["Hold DAC_OVERRIDE", "Hold DAC_READ_SEARCH", "Run as root", "Change the file's owner, group or mode"]


def test_no_capability_helps_a_call_that_asks_as_the_real_user() -> None:
    denied = event("access", Gate.OTHER, Outcome.DENIED, errno="EACCES", alternatives=("DAC_OVERRIDE", "DAC_READ_SEARCH"))
    assert [sentence for helps, sentence in told(found(denied, Policy())) if helps] == [
        "Run as root",
        "Change the file's owner, group or mode",
    ]


def test_file_permissions_that_no_capability_overrides() -> None:
    denied = event("execve", Gate.OTHER, Outcome.DENIED, errno="EACCES")
    denied = dataclasses.replace(denied, verdict=dataclasses.replace(denied.verdict, reason=wording.not_executable(-13, "/etc/x")))
    assert told(found(denied, Policy())) == [(True, "Change the file's owner, group or mode")]


def test_landlock_may_be_to_blame() -> None:
    denied = event("openat", Gate.OTHER, Outcome.DENIED, errno="EACCES")
    (only,) = found(denied, Policy(paths=Paths(read=("/usr",))))
    assert (only.sentence, only.evidence) == ("Switch Landlock off", Evidence.UNKNOWN)


def test_a_refusal_without_a_name() -> None:
    (only,) = found(event("openat", Gate.OTHER, Outcome.DENIED), Policy())
    assert not only.helps


def test_what_worked_would_fail_without_its_capability() -> None:
    granted = dataclasses.replace(CHECK, granted=True, decisive=False)
    worked = event("socket", Gate.NONE, Outcome.OK, errno=None, checks=(granted,))
    (drop,) = found(worked, Policy(), Holding(frozenset({"NET_RAW", "KILL"}), 0))
    assert (drop.sentence, drop.evidence) == ("Drop NET_RAW", Evidence.COMPUTED)
    unseen = event("socket", Gate.NONE, Outcome.OK, errno=None)
    (inferred,) = found(unseen, Policy(), Holding(frozenset({"NET_RAW"}), 0))
    assert (inferred.sentence, inferred.evidence) == ("Drop NET_RAW", Evidence.INFERRED)


def test_where_another_capability_does_in_its_place() -> None:
    check = Check("DAC_READ_SEARCH", granted=True, decisive=False, namespace=1, stack=("capable_wrt_inode_uidgid", "generic_permission"))
    opened = event("openat", Gate.NONE, Outcome.OK, errno=None, checks=(check,))
    (alone,) = found(opened, Policy(), Holding(frozenset({"DAC_READ_SEARCH"}), 0))
    (both,) = found(opened, Policy(), Holding(frozenset({"DAC_READ_SEARCH", "DAC_OVERRIDE"}), 0))
    assert (alone.helps, both.helps) == (True, False)
    assert "DAC_OVERRIDE, which the process holds too" in both.effect


def test_an_ordinary_errno_is_nobody_s_doing() -> None:
    (only,) = found(event("openat", Gate.OTHER, Outcome.FAILED, errno="ENOENT"), Policy())
    assert (only.helps, only.effect) == (False, "No gate said no: the call ran, and failed by itself.")


# ── proofs ────────────────────────────────────────────────────────────────────────────────────────────────────────

OK = event("socket", Gate.NONE, Outcome.OK, errno=None)
BY_SECCOMP = event("socket", Gate.SECCOMP, Outcome.DENIED)
BY_CAPABILITY = event("socket", Gate.CAPABILITY, Outcome.DENIED, capability="NET_RAW", checks=(CHECK,))
BY_OTHER = event("socket", Gate.OTHER, Outcome.DENIED)


@pytest.mark.parametrize(("before", "kind", "after", "standing", "word"), [
    (BY_CAPABILITY, ChangeKind.CAPABILITY, OK, Standing.CONFIRMED, "succeeded (3), instead of EPERM"),
    (BY_CAPABILITY, ChangeKind.CAPABILITY, BY_OTHER, Standing.REFUTED, "EPERM all the same"),
    (BY_CAPABILITY, ChangeKind.MODE, BY_CAPABILITY, Standing.CONFIRMED, "nothing else came of it"),
    (BY_CAPABILITY, ChangeKind.MODE, OK, Standing.REFUTED, "succeeded"),
    (BY_SECCOMP, ChangeKind.RULE, OK, Standing.CONFIRMED, "succeeded"),
    (BY_SECCOMP, ChangeKind.RULE, BY_CAPABILITY, Standing.CONFIRMED, "came further"),
    (BY_SECCOMP, ChangeKind.RULE, BY_SECCOMP, Standing.REFUTED, "all the same"),
])  # fmt: skip
def test_what_the_second_run_says(before: CallEvent, kind: ChangeKind, after: CallEvent, standing: Standing, word: str) -> None:
    rules = (NO_RAW,) if before is BY_SECCOMP else ()
    policy = Policy(capabilities=Capabilities(drop=("NET_RAW",)), seccomp=Seccomp(mode="filter", rules=rules))
    change = next(change for change in found(before, policy) if change.kind is kind)
    proof = judge_flip(change, before, after)
    assert proof.standing is standing
    assert word in proof.sentence
    assert proof.after is after
