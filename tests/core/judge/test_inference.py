"""What is inferred under ptrace, where the kernel's checks are not seen."""

import pytest

from core.judge.judge import Judge
from core.judge.records import Records
from core.judge.verdict import Evidence, Gate, Outcome, Verdict
from core.observer.wire import ProcessKind
from tests.core.judge.transcript import HERE, INITIAL, STOPPED_ENTRY, batch, call, context, process, symbols, verdict

ALL, NONE = 2**41 - 1, 0


def exec_with(effective: int, namespace: int = INITIAL, at: int = 10) -> Records:
    return process(ProcessKind.EXEC, at=at, other=100, effective=effective, user_namespace=namespace)


def found(*records: Records) -> Verdict:
    return verdict(context(engine="ptrace"), *records)


def raw_socket(at: int = 1000) -> Records:
    return call("socket", "EPERM", STOPPED_ENTRY, args=(2, 0x80003), at=at)


def test_a_privileged_call_without_the_capability() -> None:
    one = found(exec_with(NONE), raw_socket())
    assert (one.gate, one.outcome, one.evidence, one.capability) == (Gate.CAPABILITY, Outcome.DENIED, Evidence.INFERRED, "NET_RAW")
    assert one.reason == "EPERM: socket asks for CAP_NET_RAW, which the process does not hold"


def test_with_the_capability_it_was_something_else() -> None:
    one = found(exec_with(ALL), raw_socket())
    assert (one.gate, one.outcome, one.evidence, one.capability) == (Gate.OTHER, Outcome.DENIED, Evidence.INFERRED, None)


def test_in_a_user_namespace_of_its_own() -> None:
    one = found(exec_with(ALL, HERE), call("mknod", "EPERM", STOPPED_ENTRY, args=(0, 0x2180)))
    assert (one.gate, one.capability) == (Gate.CAPABILITY, "MKNOD")
    assert "user namespace of its own" in one.reason


def test_what_is_asked_for_in_the_own_namespace_and_held_there_was_not_it() -> None:
    """setgroups may be switched off there."""
    one = found(exec_with(ALL, HERE), call("setgroups", "EPERM", STOPPED_ENTRY))
    assert (one.gate, one.outcome, one.evidence, one.capability) == (Gate.OTHER, Outcome.DENIED, Evidence.INFERRED, None)
    assert one.reason.startswith("EPERM: setgroups asks for CAP_SETGID, which the process holds: ")


def test_arguments_decide() -> None:
    one = found(exec_with(NONE), call("socket", "EPERM", STOPPED_ENTRY, args=(2, 1)))
    assert (one.gate, one.evidence) == (Gate.OTHER, Evidence.UNKNOWN)


def test_alternatives() -> None:
    one = found(exec_with(NONE), call("bpf", "EPERM", STOPPED_ENTRY))
    assert (one.capability, one.alternatives) == ("SYS_ADMIN", ("SYS_ADMIN", "BPF"))


def test_unknown_sets_make_it_probable() -> None:
    assert found(raw_socket()).reason == "EPERM: socket asks for CAP_NET_RAW, which the process probably does not hold"


def test_changed_credentials_make_the_sets_unknown() -> None:
    changed = call("setresuid", 0, STOPPED_ENTRY, args=(1000, 1000, 1000), at=500)
    assert "probably" in found(exec_with(ALL), changed, raw_socket()).reason
    before = found(exec_with(NONE), call("setuid", 0, STOPPED_ENTRY, at=2000), raw_socket())
    assert "probably" not in before.reason


def test_a_child_holds_what_its_maker_held() -> None:
    fork = process(ProcessKind.FORK, at=20, other=200, pid_of_other=200)
    child = call("socket", "EPERM", STOPPED_ENTRY, args=(2, 3), pid=200, tid=200)
    assert "does not hold" in found(exec_with(NONE), fork, child).reason


def test_sets_are_remembered_between_batches() -> None:
    one = Judge(context(engine="ptrace"))
    one.judge(batch(exec_with(NONE)), symbols())
    assert one.judge(batch(raw_socket()), symbols()).verdict(0).capability == "NET_RAW"


def test_file_permissions() -> None:
    one = found(exec_with(NONE), call("openat", "EACCES", STOPPED_ENTRY))
    assert (one.gate, one.outcome, one.evidence) == (Gate.OTHER, Outcome.DENIED, Evidence.INFERRED)
    assert one.alternatives == ("DAC_OVERRIDE", "DAC_READ_SEARCH")
    assert found(exec_with(ALL), call("openat", "EACCES", STOPPED_ENTRY)).alternatives == ()


@pytest.mark.parametrize(("name", "errno", "gate", "outcome"), [
    ("mlock", "ENOMEM", Gate.CAPABILITY, Outcome.DENIED),
    ("brk", "ENOMEM", Gate.OTHER, Outcome.FAILED),
    ("openat", "ENOENT", Gate.OTHER, Outcome.FAILED),
])  # fmt: skip
def test_other_errnos(name: str, errno: str, gate: Gate, outcome: Outcome) -> None:
    one = found(exec_with(NONE), call(name, errno, STOPPED_ENTRY))
    assert (one.gate, one.outcome, one.evidence) == (gate, outcome, Evidence.INFERRED)


def test_permissions_in_a_user_namespace_of_its_own() -> None:
    one = found(exec_with(ALL, HERE), call("mkdir", "EACCES", STOPPED_ENTRY))
    assert (one.gate, one.outcome, one.evidence, one.alternatives) == (Gate.OTHER, Outcome.DENIED, Evidence.INFERRED, ())
    assert one.reason.startswith(
        "EACCES: probably file permissions; CAP_DAC_OVERRIDE would override them, but is held in a user namespace of its own"
    )


@pytest.mark.parametrize(
    ("name", "args", "overriding"),
    [
        ("openat", (0, 0, 0), ("DAC_OVERRIDE", "DAC_READ_SEARCH")),
        ("openat", (0, 0, 0o1), ("DAC_OVERRIDE",)),
        ("mkdirat", (), ("DAC_OVERRIDE",)),
        ("unlink", (), ("DAC_OVERRIDE",)),
        ("access", (0, 4), ("DAC_OVERRIDE", "DAC_READ_SEARCH")),
        ("faccessat2", (0, 0, 2), ("DAC_OVERRIDE",)),
    ],
)
def test_what_overrides_file_permissions(name: str, args: tuple[int, ...], overriding: tuple[str, ...]) -> None:
    one = found(exec_with(NONE), call(name, "EACCES", STOPPED_ENTRY, args=args))
    assert (one.gate, one.alternatives) == (Gate.OTHER, overriding)


@pytest.mark.parametrize(
    ("name", "args", "real"), [("access", (0, 4), True), ("faccessat2", (0, 0, 4, 0), True), ("faccessat2", (0, 0, 4, 0x200), False)]
)
def test_as_whom_access_asks(name: str, args: tuple[int, ...], real: bool) -> None:
    one = found(exec_with(NONE), call(name, "EACCES", STOPPED_ENTRY, args=args))
    assert one.reason.endswith("but access asks as the real user, of whom capabilities count only if that is root") is real
