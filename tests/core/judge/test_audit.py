"""The kernel's audit log as evidence: records as Linux 6.18 (seccomp, Landlock), SELinux and AppArmor wrote them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from core.judge.audit import AuditEvent, AuditRecord, parse_audit
from core.judge.collect import Collector
from core.judge.judge import Judge
from core.judge.judged import Judged
from core.judge.records import Capture, Records
from core.judge.verdict import Evidence, Gate, Outcome
from core.observer import wire
from core.observer.wire import AUDIT_ARCH_X86_64, CallFlag, Frame, FrameKind
from tests.core.judge.transcript import STOPPED_ENTRY, batch, call, check, context, filter_of, install, judging, policy, rule, symbols

OFFSET = 1_795_600_000 * 10**9
"""Wall clock minus CLOCK_MONOTONIC."""
IP = 0x7F9C2D38D4F7

SECCOMP = (
    'audit(1795600868.301:708): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=100 comm="python" exe="/usr/bin/python3.11" '
    "sig={sig} arch=c000003e syscall=110 compat=0 ip=0x7f9c2d38d4f7 code={code:#x}"
)
LANDLOCK = (
    (1423, 'audit(1795600868.301:722): domain=1637aafb6 blockers=fs.read_file path="/etc/passwd" dev="vda" ino=1196045'),
    (1424, 'audit(1795600868.301:722): domain=1637aafb6 status=allocated mode=enforcing pid=8752 uid=0 exe="/usr/bin/python3.11" comm="python"'),
    (
        1300,
        'audit(1795600868.301:722): arch=c000003e syscall=257 success=no exit=-13 a0=ffffff9c a1=7ffcccc57a61 a2=0 a3=0 items=0 ppid=8749 pid=100 comm="cat"',
    ),
)  # fmt: skip
PORT = "audit(1795600868.301:723): domain=1637aafb6 blockers=net.connect_tcp daddr=127.0.0.1 dest=80"
SELINUX = (
    'audit(1795600868.301:900): avc:  denied  {{ read }} for  pid=100 comm="cat" name="shadow" dev="vda" ino=12 '
    "scontext=user_u:user_r:user_t:s0 tcontext=system_u:object_r:shadow_t:s0 tclass=file permissive={permissive}"
)
APPARMOR = (
    'audit(1795600868.301:901): apparmor="{word}" operation="open" class="file" profile="/usr/bin/man" name="/etc/shadow" pid=100 comm="man" '
    'requested_mask="r" denied_mask="r" fsuid=0 ouid=0'
)
END = 868_301_000_000 + 3_000_000
"""When the call came to its end, in the run's clock: somewhat behind the record's coarse time."""


def frame(*records: tuple[int, str]) -> Frame:
    packed = b"".join(wire.AUDIT_RECORD.pack(kind, len(text.encode())) + text.encode() for kind, text in records)
    return Frame(FrameKind.AUDIT, wire.AUDIT_OFFSET.pack(OFFSET) + packed)


def parsed(*records: tuple[int, str]) -> tuple[AuditRecord, ...]:
    return tuple(parse_audit(frame(*records).payload))


def told(*records: tuple[int, str]) -> AuditEvent:
    event = AuditEvent(0)
    for record in parsed(*records):
        event.take(record)
    return event


def heard(judge: Judge, *given: Records | Capture, audit: tuple[AuditRecord, ...]) -> Judged:
    return judge.judge(dataclasses.replace(batch(*given), watermark=END, audit=audit), symbols())


def getppid(ret: int | str = 110, flags: int = STOPPED_ENTRY) -> Records:
    return call("getppid", ret, flags, at=END - 10, instruction_pointer=IP)


def seccomp(code: int, sig: int = 0) -> tuple[AuditRecord, ...]:
    return parsed((1326, SECCOMP.format(code=code, sig=sig)))


class TestRecords:
    """What they say."""

    def test_seccomp(self) -> None:
        (record,) = seccomp(0x80000000)
        assert (record.serial, record.time_ns) == (708, 868_301_000_000)
        event = told((1326, SECCOMP.format(code=0x80000000, sig=31)))
        assert (event.pid, event.arch, event.nr, event.instruction_pointer, event.code) == (100, AUDIT_ARCH_X86_64, 110, IP, 0x80000000)

    def test_landlock(self) -> None:
        event = told(*LANDLOCK)
        assert (event.pid, event.nr, event.ret, event.code) == (100, 257, -13, None)
        assert event.refusal == "Landlock refused fs.read_file on /etc/passwd"
        assert told((1423, PORT)).refusal == "Landlock refused net.connect_tcp on port 80"

    def test_selinux(self) -> None:
        words = "SELinux refused read on a file (user_u:user_r:user_t:s0 to system_u:object_r:shadow_t:s0)"
        assert told((1400, SELINUX.format(permissive=0))).refusal == words
        assert told((1400, SELINUX.format(permissive=1))).refusal == ""

    def test_apparmor(self) -> None:
        assert told((1400, APPARMOR.format(word="DENIED"))).refusal == "AppArmor's profile /usr/bin/man refused open of /etc/shadow"
        assert told((1400, APPARMOR.format(word="ALLOWED"))).refusal == ""

    def test_names_in_hexadecimal(self) -> None:
        text = LANDLOCK[0][1].replace('"/etc/passwd"', b"/a b".hex().upper())
        assert told((1423, text)).refusal == "Landlock refused fs.read_file on /a b"

    def test_text_that_is_none_is_passed_over(self) -> None:
        assert parsed((1326, "nothing"), (1300, "audit(x)")) == ()

    @pytest.mark.parametrize("cut", [3, 12, 40])
    def test_a_cut_frame_is_refused(self, cut: int) -> None:
        with pytest.raises(wire.WireError, match=r"audit record|AUDIT frame"):
            tuple(parse_audit(frame((1326, SECCOMP.format(code=0, sig=31))).payload[:cut]))


class TestSeccomp:
    """What was computed is observed where the log says so."""

    @pytest.mark.parametrize(
        ("action", "code", "ret", "outcome", "reason"),
        [
            ("kill-process", 0x80000000, 110, Outcome.KILLED, "seccomp rule 1 killed the process at getppid"),
            ("trap", 0x30000, 110, Outcome.TRAPPED, "seccomp rule 1 trapped getppid with SIGSYS before it ran"),
            ("errno:EPERM", 0x50000, -1, Outcome.DENIED, "seccomp rule 1 refused getppid with EPERM before it ran"),
        ],
    )
    def test_stops(self, action: str, code: int, ret: int, outcome: Outcome, reason: str) -> None:
        judge = Judge(context(policy(rule("getppid", action)), "ptrace"))
        found = heard(judge, judging(), getppid(ret), audit=seccomp(code)).verdict(0)
        assert (found.gate, found.outcome, found.evidence, found.rule) == (Gate.SECCOMP, outcome, Evidence.OBSERVED, 1)
        assert found.reason == f"{reason}; the kernel's audit log says so"

    def test_log(self) -> None:
        judge = Judge(context(policy(rule("getppid", "log")), "ptrace"))
        found = heard(judge, judging(), getppid(1), audit=seccomp(0x7FFC0000)).verdict(0)
        assert (found.outcome, found.reason) == (
            Outcome.OK,
            "seccomp rule 1 logged getppid and let it pass; the kernel's audit log says so",
        )

    def test_a_filter_that_is_not_known(self) -> None:
        judge = Judge(context(engine="ptrace"))
        found = heard(judge, *install(b"", STOPPED_ENTRY), getppid(-13), audit=seccomp(0x50000)).verdict(1)
        assert (found.gate, found.outcome, found.evidence) == (Gate.SECCOMP, Outcome.DENIED, Evidence.OBSERVED)
        assert (
            found.reason == "a seccomp filter that is not known refused getppid with EACCES before it ran; the kernel's audit log says so"
        )

    def test_each_record_speaks_of_one_call(self) -> None:
        judge = Judge(context(policy(rule("getppid", "kill-process")), "ptrace"))
        found = heard(judge, judging(), getppid(), getppid(), audit=seccomp(0x80000000))
        assert sorted(found.evidence.tolist()) == [Evidence.OBSERVED, Evidence.COMPUTED]

    def test_the_record_of_a_kill_is_not_of_a_refusal_before_it(self) -> None:
        judge = Judge(context(engine="ptrace"))
        refusing = install(filter_of("getppid", "errno:EACCES"), STOPPED_ENTRY, at=100)
        killing = install(filter_of("getppid", "kill-process"), STOPPED_ENTRY, at=END - 50)
        refused, killed = getppid(-13), getppid()
        refused["entered_ns"], refused["exited_ns"] = END - 80, END - 70
        found = heard(judge, *refusing, refused, *killing, killed, audit=seccomp(0x80000000, 31))
        assert [(found.verdict(row).outcome, found.verdict(row).evidence) for row in (1, 3)] == [
            (Outcome.DENIED, Evidence.COMPUTED),
            (Outcome.KILLED, Evidence.OBSERVED),
        ]

    def test_which_of_two_filters_refused_is_not_told_by_a_record_that_does_not_say(self) -> None:
        judge = Judge(context(engine="ptrace"))
        first = install(filter_of("getppid", "errno:EACCES"), STOPPED_ENTRY, at=100)
        second = install(filter_of("getppid", "errno:ENOENT"), STOPPED_ENTRY, at=END - 50)
        one, other = getppid(-13), getppid(-2)
        one["entered_ns"], one["exited_ns"] = END - 80, END - 70
        found = heard(judge, *first, one, *second, other, audit=seccomp(0x50000))
        assert [found.verdict(row).evidence for row in (1, 3)] == [Evidence.COMPUTED, Evidence.COMPUTED]

    @pytest.mark.parametrize(
        "other", [{"pid": 7}, {"instruction_pointer": 5}, {"entered_ns": END + 10**9, "exited_ns": END + 10**9}, {"nr": 39}]
    )
    def test_not_of_another_call(self, other: dict[str, int]) -> None:
        judge = Judge(context(policy(default="kill-process"), "ptrace"))
        stranger = getppid()
        for field, value in other.items():
            stranger[field] = value
        assert "audit log" not in heard(judge, judging(), stranger, audit=seccomp(0x80000000)).verdict(0).reason

    def test_a_record_may_come_before_its_call(self) -> None:
        judge = Judge(context(policy(rule("getppid", "kill-process")), "ptrace"))
        heard(judge, judging(), audit=seccomp(0x80000000))
        assert heard(judge, getppid(), audit=()).verdict(0).evidence is Evidence.OBSERVED


class TestModules:
    """Refusals of security modules."""

    def refused(self, *records: tuple[int, str], ret: str = "EACCES") -> Judged:
        openat = call("openat", ret, at=END - 10)
        return heard(Judge(context()), openat, audit=parsed(*records))

    @pytest.mark.parametrize("records", [LANDLOCK, ((1400, SELINUX.format(permissive=0)),), ((1400, APPARMOR.format(word="DENIED")),)])
    def test_are_observed(self, records: tuple[tuple[int, str], ...]) -> None:
        found = self.refused(*records).verdict(0)
        assert (found.gate, found.outcome, found.evidence) == (Gate.OTHER, Outcome.DENIED, Evidence.OBSERVED)
        assert found.reason == f"EACCES: {told(*records).refusal}; the kernel's audit log says so"

    def test_an_ordinary_errno_stays_one(self) -> None:
        assert self.refused((1400, SELINUX.format(permissive=0)), ret="ENOENT").verdict(0).outcome is Outcome.FAILED

    def test_a_refused_capability_stays_one(self) -> None:
        socket = call("socket", "EPERM", at=END - 10)
        refused = check(socket, "NET_RAW", "inet_create")
        found = heard(Judge(context()), socket, refused, audit=parsed((1400, SELINUX.format(permissive=0)))).verdict(0)
        assert found.gate is Gate.CAPABILITY


def test_calls_wait_for_what_the_log_says_of_them() -> None:
    """Until a flush whose watermark is 2 ms later, before which the observer has read the log again."""
    collector = Collector()
    collector.feed(Frame(FrameKind.AUDIT, wire.AUDIT_OFFSET.pack(OFFSET)))
    collector.feed(Frame(FrameKind.CALLS, getppid().tobytes()))
    first = collector.feed(Frame(FrameKind.FLUSH, wire.FLUSH.pack(END + 10**6)))
    collector.feed(frame((1326, SECCOMP.format(code=0, sig=31))))
    second = collector.feed(Frame(FrameKind.FLUSH, wire.FLUSH.pack(END + 2 * 10**8)))
    assert first is not None
    assert second is not None
    assert (len(first.calls), len(second.calls), len(second.audit)) == (0, 1, 1)
    assert collector.finish().audit == ()
    assert np.all(second.calls["flags"] & CallFlag.EXITED)
