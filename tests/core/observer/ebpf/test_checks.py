from collections.abc import Callable
from pathlib import Path

import pytest

from core.knowledge.noise import asking_function
from core.observer import native
from core.observer.ebpf import loader
from core.observer.ebpf.libbpf import Libbpf
from core.observer.ebpf.loader import Programs
from core.observer.wire import FrameKind
from tests.core.observer.ebpf.recorded import Check, Recorded
from tests.core.observer.ebpf.watching import SMALL, require_ebpf, under_filter, watch

CAP_NET_RAW, CAP_SYS_ADMIN = 13, 21
SOCKET = 41
ERRNO_EPERM = 0x50001

Target = Callable[[str], str]


def _drop_net_raw() -> None:
    effective, permitted, inheritable = native.capget()
    native.prctl(native.PR_CAPBSET_DROP, CAP_NET_RAW)
    keep = ~(1 << CAP_NET_RAW)
    native.capset(effective & keep, permitted & keep, inheritable & keep)


def _raw_socket_checks(recorded: Recorded) -> list[Check]:
    (call,) = recorded.calls_of(SOCKET)
    return [check for check in recorded.checks if check.call == call.id]


def test_a_granted_check_names_its_place_in_the_kernel(target: Target) -> None:
    recorded = watch([target("raw_socket")], symbols=True)
    (check,) = _raw_socket_checks(recorded)
    assert (check.capability, check.granted) == (CAP_NET_RAW, True)
    assert "inet_create" in check.callers
    assert asking_function(check.callers) == "inet_create"
    assert check.namespace == check.own_namespace == Path("/proc/self/ns/user").stat().st_ino
    assert recorded.calls_of(SOCKET)[0].ret >= 0


def test_the_asking_function_is_found_whoever_else_watches(target: Target) -> None:
    # With a second program on the tracepoint the kernel goes through one function more.
    require_ebpf()
    others = Programs(Libbpf(), SMALL, only=loader.CHECK_PROGRAM)
    recorded = watch([target("raw_socket")], symbols=True)
    others.close()
    (check,) = _raw_socket_checks(recorded)
    assert asking_function(check.callers) == "inet_create"


def test_a_refused_check(target: Target) -> None:
    recorded = watch([target("raw_socket")], symbols=True, before_exec=_drop_net_raw)
    (check,) = _raw_socket_checks(recorded)
    assert (check.capability, check.granted) == (CAP_NET_RAW, False)
    assert "inet_create" in check.callers
    assert recorded.calls_of(SOCKET)[0].ret == -1


def test_a_call_that_seccomp_refused_asks_for_nothing(target: Target) -> None:
    recorded = watch([target("raw_socket")], symbols=True, before_exec=under_filter(SOCKET, ERRNO_EPERM))
    assert _raw_socket_checks(recorded) == []
    assert recorded.calls_of(SOCKET)[0].ret == -1


def test_without_the_tracepoint_probes_serve(target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    types = tmp_path / "vmlinux"
    types.write_bytes(b"\0btf_trace_sys_enter\0")
    monkeypatch.setattr(loader, "KERNEL_TYPES", types)
    recorded = watch([target("raw_socket")], symbols=True)
    assert recorded.calls_of(SOCKET)[0].ret >= 0
    notes = recorded.joined(FrameKind.NOTE).decode()
    if "capability checks are not seen" in notes:
        assert recorded.checks == []  # a kernel without kprobes
    else:
        (check,) = _raw_socket_checks(recorded)
        assert (check.capability, check.granted) == (CAP_NET_RAW, True)
        assert "inet_create" in check.callers


def test_checks_inside_the_launchers_execve_are_its_own(target: Target) -> None:
    recorded = watch([target("sequence")], symbols=True)
    execve = recorded.calls[0]
    assert CAP_SYS_ADMIN in {check.capability for check in recorded.checks if check.call == execve.id}


def test_a_check_against_another_namespace(target: Target) -> None:
    def enter_own_namespace() -> None:
        native.unshare(native.CLONE_NEWUSER)

    recorded = watch([target("raw_socket")], symbols=True, before_exec=enter_own_namespace)
    (check,) = _raw_socket_checks(recorded)
    assert check.namespace == Path("/proc/self/ns/user").stat().st_ino != check.own_namespace
    assert not check.granted
