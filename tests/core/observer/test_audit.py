"""What the observer forwards of the kernel's audit log: the target's records, and nobody else's."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from core.observer import native, records, wire
from core.observer.audit import AuditLog
from core.observer.run import Run
from core.observer.wire import FilterSpec, FrameKind, ProcessKind
from tests.core.observer.driver import Observer
from tests.support.privilege import require

LOG, ALLOW = 0x7FFC0000, 0x7FFF0000
GETPPID = 110
PR_SET_NO_NEW_PRIVS = 38


def _filter(action: int) -> bytes:
    words = [(0x20, 0, 0, 0), (0x15, 0, 1, GETPPID), (6, 0, 0, action), (6, 0, 0, ALLOW)]
    return b"".join(struct.pack("<HBBI", *word) for word in words)


@pytest.fixture
def log() -> Iterator[AuditLog]:
    """The log of our own process's tree."""
    try:
        found = AuditLog(os.getpid())
    except OSError as err:
        require(False, f"the kernel's audit log cannot be read: {err.strerror}")
        raise
    yield found
    found.close()


def _logged_child() -> int:
    pid = os.fork()
    if pid == 0:
        native.prctl(PR_SET_NO_NEW_PRIVS, 1)
        native.load_filter(_filter(LOG), 0)
        os.getppid()
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


def _texts(payload: bytes) -> Iterator[str]:
    start = wire.AUDIT_OFFSET.size
    while start < len(payload):
        _, length = wire.AUDIT_RECORD.unpack_from(payload, start)
        start += wire.AUDIT_RECORD.size
        yield payload[start : start + length].decode()
        start += length


class Emitted:
    """Collects frames."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []

    def __call__(self, kind: FrameKind, payload: memoryview | bytes | bytearray) -> None:
        assert kind is FrameKind.AUDIT
        self.payloads.append(bytes(payload))

    @property
    def text(self) -> str:
        return "".join(text for payload in self.payloads for text in _texts(payload))


def test_a_process_is_told_of_once_it_is_known_to_be_ours(log: AuditLog) -> None:
    emitted = Emitted()
    ours, stranger = _logged_child(), _logged_child()
    log.finish(emitted)
    assert emitted.payloads == []
    log.note(records.process(ProcessKind.FORK, 1, os.getpid(), os.getpid(), other=ours, pid_of_other=ours))
    log.forward(emitted)
    assert f" pid={ours} " in emitted.text
    assert f" pid={stranger} " not in emitted.text
    assert f"syscall={GETPPID} " in emitted.text
    again = len(emitted.payloads)
    log.forward(emitted)
    assert len(emitted.payloads) == again


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("engine", ["ptrace", "ebpf"], indirect=True)
def test_a_run_s_log(observe: Callable[..., Observer], engine: str) -> None:
    observer = observe()
    program = FilterSpec(_filter(LOG))
    code = "import os; pid = os.fork() or os.getppid(); pid and os.wait()"
    observer.launch("/usr/bin/python3", "-I", "-S", "-c", code, engine=engine, filters=(program,), no_new_privs=True)
    stranger = _logged_child()
    observer.read_all()
    first, *rest = [frame.payload for frame in observer.frames if frame.kind is FrameKind.AUDIT]
    assert len(first) == wire.AUDIT_OFFSET.size
    text = "".join(text for payload in rest for text in _texts(payload))
    (fork,) = observer.process_records(ProcessKind.FORK)
    assert f" pid={fork['pid_of_other']} " in text
    assert f" pid={stranger} " not in text


def test_without_privilege_there_is_none(nobody: Observer) -> None:
    nobody.launch("/bin/true")
    nobody.read_all()
    assert not [frame for frame in nobody.frames if frame.kind is FrameKind.AUDIT]


def test_what_the_log_says_goes_before_the_flush_that_it_belongs_to() -> None:
    """Else the reader would keep every call back for one flush more."""
    sent: list[FrameKind] = []

    class Log:
        def forward(self, emit: Callable[[FrameKind, bytes], None]) -> None:
            emit(FrameKind.AUDIT, b"")

    run: Any = Run.__new__(Run)
    run.engine, run._lost, run._audit = SimpleNamespace(lost=dict), {}, Log()
    run._writer = SimpleNamespace(emit=lambda kind, _payload: sent.append(kind))
    run._emit(FrameKind.FLUSH, b"")
    assert sent == [FrameKind.AUDIT, FrameKind.FLUSH]
