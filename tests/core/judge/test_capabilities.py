"""Capability checks inside a call, and what they say about its result."""

import dataclasses

import pytest

from core.judge.collect import Gap
from core.judge.judge import Judge
from core.judge.verdict import Evidence, Gate, Outcome
from tests.core.judge.transcript import HERE, INITIAL, PASSED, batch, call, check, context, judge, symbols, verdict


def test_granted_is_told() -> None:
    socket = call("socket", 3)
    found = verdict(context(), socket, check(socket, "NET_RAW", "ns_capable", "inet_create", granted=True))
    assert (found.gate, found.outcome, found.evidence, found.capability) == (Gate.NONE, Outcome.OK, Evidence.OBSERVED, None)
    assert found.reason == "CAP_NET_RAW was asked for in inet_create, and granted"


def test_refused_decides() -> None:
    socket = call("socket", "EPERM")
    judged = judge(context(), socket, check(socket, "NET_RAW", "ns_capable", "inet_create", "__x64_sys_socket"))
    found = judged.verdict(0)
    assert (found.gate, found.outcome, found.evidence, found.capability) == (Gate.CAPABILITY, Outcome.DENIED, Evidence.OBSERVED, "NET_RAW")
    assert found.reason == "the kernel asked for CAP_NET_RAW in inet_create; the process does not hold it"
    (one,) = judged.checks[0]
    assert (one.capability, one.granted, one.decisive, one.namespace) == ("NET_RAW", False, True, INITIAL)
    assert one.stack == ("ns_capable", "inet_create", "__x64_sys_socket")


def test_soft_failure_is_no_refusal() -> None:
    """setuid(0) as uid 0 asks for SETUID, is refused, and succeeds."""
    setuid = call("setuid", 0)
    judged = judge(context(), setuid, check(setuid, "SETUID", "ns_capable", "__sys_setresuid"))
    found = judged.verdict(0)
    assert (found.gate, found.outcome, found.capability) == (Gate.NONE, Outcome.OK, None)
    assert (
        found.reason == "the kernel asked for CAP_SETUID in __sys_setresuid; the process does not hold it, but the call succeeded without"
    )
    assert not judged.checks[0][0].decisive


def test_file_permissions_are_another_gate() -> None:
    openat = call("openat", "EACCES")
    checks = [
        check(openat, name, "capable_wrt_inode_uidgid", "generic_permission", time_ns=at)
        for at, name in ((1, "DAC_READ_SEARCH"), (2, "DAC_OVERRIDE"))
    ]
    judged = judge(context(), openat, *checks)
    found = judged.verdict(0)
    assert (found.gate, found.outcome, found.evidence, found.capability) == (Gate.OTHER, Outcome.DENIED, Evidence.OBSERVED, None)
    assert found.alternatives == ("DAC_OVERRIDE", "DAC_READ_SEARCH")
    assert (
        found.reason
        == "EACCES: file permissions said no; CAP_DAC_READ_SEARCH or CAP_DAC_OVERRIDE would override them, which the process lacks"
    )
    assert [one.decisive for one in judged.checks[0]] == [False, True]


def test_alternatives_of_a_privileged_operation() -> None:
    opened = call("perf_event_open", "EACCES")
    found = verdict(context(), opened, *(check(opened, name, "capable", "perf_allow_kernel") for name in ("PERFMON", "SYS_ADMIN")))
    assert (found.gate, found.capability, found.alternatives) == (Gate.CAPABILITY, "SYS_ADMIN", ("SYS_ADMIN", "PERFMON"))
    assert found.reason == "the kernel asked for CAP_PERFMON or CAP_SYS_ADMIN in perf_allow_kernel; the process holds none of them"


def test_only_the_last_run_counts() -> None:
    """A directory on the way was opened by DAC_READ_SEARCH; the operation itself was refused for another reason."""
    mount = call("mount", "EPERM")
    way = check(mount, "DAC_READ_SEARCH", "capable_wrt_inode_uidgid", "generic_permission")
    found = verdict(context(), mount, way, check(mount, "SYS_ADMIN", "ns_capable", "path_mount"))
    assert (found.gate, found.capability, found.alternatives) == (Gate.CAPABILITY, "SYS_ADMIN", ())


def test_a_granted_last_check_leaves_the_errno_to_something_else() -> None:
    mount = call("mount", "EPERM")
    found = verdict(context(), mount, check(mount, "SYS_ADMIN", "ns_capable", "path_mount", granted=True))
    assert (found.gate, found.outcome, found.evidence) == (Gate.OTHER, Outcome.DENIED, Evidence.INFERRED)
    assert found.reason == "EPERM, although CAP_SYS_ADMIN was granted: file permissions, a security module or the arguments"


def test_mlock_says_enomem() -> None:
    mlock = call("mlock", "ENOMEM")
    assert verdict(context(), mlock, check(mlock, "IPC_LOCK", "capable", "do_mlock")).gate is Gate.CAPABILITY


def test_an_unrelated_refusal_does_not_explain_an_errno() -> None:
    openat = call("openat", "ENOENT")
    judged = judge(context(), openat, check(openat, "SYS_ADMIN", "capable", "inode_permission"))
    found = judged.verdict(0)
    assert (found.gate, found.outcome, found.capability) == (Gate.OTHER, Outcome.FAILED, None)
    assert found.reason.startswith("ENOENT: no such file or directory (CAP_SYS_ADMIN was refused in inode_permission too")
    assert not judged.checks[0][0].decisive


def test_noise_is_set_aside() -> None:
    mmap = call("mmap", "ENOMEM")
    judged = judge(context(), mmap, check(mmap, "SYS_ADMIN", "security_vm_enough_memory_mm"))
    assert judged.checks == {}
    assert judged.verdict(0).outcome is Outcome.FAILED


@pytest.mark.parametrize(("namespace", "words"), [(INITIAL, "against another user namespace"), (HERE, "the process does not hold it")])
def test_namespaces(namespace: int, words: str) -> None:
    mknod = call("mknod", "EPERM")
    refused = check(mknod, "MKNOD", "capable", "path_mount", namespace=namespace, own_namespace=HERE)
    assert words in verdict(context(), mknod, refused).reason


def test_checks_of_an_unfinished_call_are_kept() -> None:
    mount = call("mount", 0, PASSED & 1)
    judged = judge(context(), mount, check(mount, "SYS_ADMIN", "ns_capable", "path_mount"))
    assert judged.verdict(0).outcome is Outcome.UNFINISHED
    assert len(judged.checks[0]) == 1


class TestErrnos:
    """Failures that no check explains."""

    @pytest.mark.parametrize("errno", ["ENOENT", "EAGAIN", "EINVAL"])
    def test_ordinary(self, errno: str) -> None:
        found = verdict(context(), call("read", errno))
        assert (found.gate, found.outcome, found.evidence) == (Gate.OTHER, Outcome.FAILED, Evidence.OBSERVED)
        assert found.reason.startswith(f"{errno}: ")

    @pytest.mark.parametrize("errno", ["EPERM", "EACCES"])
    def test_refusal_without_a_check(self, errno: str) -> None:
        found = verdict(context(), call("openat", errno))
        assert (found.gate, found.outcome, found.evidence) == (Gate.OTHER, Outcome.DENIED, Evidence.INFERRED)
        assert found.reason == f"{errno}, but no capability was refused: file permissions, a security module or the arguments"

    def test_interrupted(self) -> None:
        assert verdict(context(), call("read", -512)).reason.startswith("interrupted by a signal")

    def test_a_large_address_is_no_errno(self) -> None:
        assert verdict(context(), call("mmap", -4096)).outcome is Outcome.OK

    def test_lost_checks_make_it_unknown(self) -> None:
        found = verdict(context(), call("openat", "EACCES"), lost={"checks": 3})
        assert (found.evidence, found.outcome) == (Evidence.UNKNOWN, Outcome.DENIED)
        assert found.reason == "unknown: 3 records lost here, so what refused this with EACCES cannot be told"

    @pytest.mark.parametrize(
        ("name", "errno", "args", "unknown"),
        [("mlock", "ENOMEM", (), True), ("prlimit64", "EPERM", (), True), ("brk", "ENOMEM", (), False), ("openat", "ENOENT", (), False)],
    )
    def test_lost_checks_open_every_errno_that_may_come_of_one(self, name: str, errno: str, args: tuple[int, ...], unknown: bool) -> None:
        found = verdict(context(), call(name, errno, args=args), lost={"checks": 1})
        assert (found.evidence is Evidence.UNKNOWN) is unknown
        assert found.reason.startswith("unknown: 1 record lost here") is unknown

    def test_a_granted_check_may_have_a_lost_one_behind_it(self) -> None:
        mount = call("mount", "EPERM")
        found = verdict(context(), mount, check(mount, "SYS_ADMIN", "path_mount", granted=True), lost={"checks": 1})
        assert found.evidence is Evidence.UNKNOWN

    def test_a_gap_reaches_only_the_calls_in_its_time(self) -> None:
        calls = [call("openat", "EACCES", at=at) for at in (100, 500, 900)]
        judged = Judge(context()).judge(dataclasses.replace(batch(*calls), gaps=(Gap(400, 600, {"checks": 2}),)), symbols())
        assert judged.evidence.tolist() == [Evidence.INFERRED, Evidence.UNKNOWN, Evidence.INFERRED]

    def test_lost_checks_do_not_touch_what_is_explained(self) -> None:
        socket = call("socket", "EPERM")
        assert verdict(context(), socket, check(socket, "NET_RAW", "inet_create"), lost={"checks": 3}).evidence is Evidence.OBSERVED
