"""One target, from its launch to its end."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from core.observer import inject, native, records, tracee, tree
from core.observer.attachment import Attachment
from core.observer.audit import AuditLog, audit_offset
from core.observer.engine import Engine, EngineError
from core.observer.frames import FrameWriter
from core.observer.launch import Launch, LaunchError, check_spec
from core.observer.ptrace.engine import PtraceEngine
from core.observer.stdio import Stdio
from core.observer.tracee import TraceeGone
from core.observer.warden import Warden
from core.observer.wire import FrameKind, LaunchSpec, ProcessKind, Stage

T = TypeVar("T")

_CAP_SYS_PTRACE = 19
_SIGSYS_DEATH = 31


class Run:
    """The target, its engine and its streams. The observer's loop calls; frames go out through `writer`."""

    def __init__(self, spec: LaunchSpec, writer: FrameWriter) -> None:
        """Launch: the child exists and sets itself up. Raises `LaunchError`, with nothing left behind."""
        check_spec(spec)
        self.spec = spec
        self._writer = writer
        self.tracer: PtraceEngine | None = None
        """The engine, where it is ptrace."""
        self.stdio: Stdio
        self.launching = True
        """The child has not called execve yet; `launch.progress` is to be polled."""
        self.ended = False
        """The tree is gone."""
        self._attachment: Attachment | None = None
        self._audit: AuditLog | None = None
        self._lost: dict[str, int] = {}
        self._status: int | None = None
        with contextlib.ExitStack() as undo:
            self.engine = self._make_engine()
            undo.callback(self.engine.close)
            _at(Stage.ENGINE, self.engine.start, spec)
            self.stdio = _at(Stage.STDIO, Stdio, spec)
            undo.callback(self.stdio.close, writer.emit)
            self.launch = _at(Stage.STDIO, Launch, spec, self.stdio)
            undo.callback(self.launch.close)
            self.warden = _at(Stage.FORK, Warden.start, self.launch.child)
            undo.callback(self._abandon)
            self.pid = self.warden.target
            self._audit = _audit_log(self.pid)
            undo.callback(self._close_audit)
            self.launch.forked()
            self.stdio.close_theirs()
            _at(Stage.WATCH, self._watch)
            self.launch.go()
            undo.pop_all()

    def _make_engine(self) -> Engine:
        if self.spec.engine == "ptrace":
            self.tracer = PtraceEngine(self._child_ended, self.note)
            return self.tracer
        try:
            from core.observer.ebpf.engine import EbpfEngine  # a run under ptrace does not pay for it, nor need libbpf
        except ImportError as err:
            raise LaunchError(Stage.ENGINE, 0, f"The eBPF engine cannot be loaded: {err}.") from err
        return EbpfEngine()

    def _watch(self) -> None:
        self.engine.watch(self.pid)
        if self.tracer is not None:
            if self.spec.same_cpu:
                self.tracer.placement.pin(self.pid)
        elif inject.needed(self.spec):
            self._attachment = Attachment(self.spec, self.engine, self.pid)

    def _abandon(self) -> None:
        self.warden.close()
        tree.end_own_tree()

    # ── what the loop calls ──

    def note(self, text: str) -> None:
        """A sentence for the user."""
        self._writer.emit_json(FrameKind.NOTE, {"text": text})

    def advance(self) -> None:
        """The launching child has something to say, or has said all (`launching`). Raises `LaunchError`."""
        if self.launch.advance(self.pid):
            self.launching = False
            self.launch.close()
            self._announce()

    def reap(self) -> None:
        """Children have changed their state (not under ptrace, whose engine waits itself). Raises `LaunchError`."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG | tracee.WALL)
                if pid == 0:
                    return
                if os.WIFSTOPPED(status):
                    self._attached_stop(status)
                else:
                    self._child_ended(pid)

    def drain(self) -> int:
        """Forward what the engine has, once the target has started; how many bytes of records that were."""
        if self.launching:
            return 0
        return self.engine.drain(self._emit)

    def kill(self) -> None:
        """SIGKILL to the whole tree; it ends when all are gone."""
        self.warden.kill_tree()

    def finish(self) -> None:
        """The tree is gone: forward all that is left, and the end. Raises `LaunchError` where it never became the target."""
        while self.launching:
            self.advance()
        self._explain_end()
        self.engine.finish(self._emit)
        if self._audit is not None:
            self._audit.finish(self._writer.emit)
        self._tell_losses()
        self.stdio.close(self._writer.emit)
        self.engine.close()
        self._close_audit()
        self._writer.emit_json(FrameKind.ENDED, {"status": self._status or 0, "monotonic_ns": time.monotonic_ns()})

    def discard(self) -> None:
        """End the tree and wait for that, without a word."""
        if self.launching:
            self.launch.close()
        self.warden.close()
        tree.end_own_tree()
        self.engine.close()
        self._close_audit()

    # ── inside ──

    def _emit(self, kind: FrameKind, payload: memoryview | bytes | bytearray) -> None:
        if kind == FrameKind.PROCESSES and self._audit is not None:
            self._audit.note(payload)
        if kind == FrameKind.FLUSH:
            # Before it, so that the reader knows of a gap in what the flush completes, and has what the log says of the calls that it does.
            self._tell_losses()
            if self._audit is not None:
                self._audit.forward(self._writer.emit)
        self._writer.emit(kind, payload)

    def _close_audit(self) -> None:
        if self._audit is not None:
            self._audit.close()

    def _announce(self) -> None:
        now = time.monotonic_ns()
        start = self.launch.about_to_exec_ns or now
        self._writer.emit_json(
            FrameKind.STARTED,
            {
                "pid": self.pid,
                "engine": self.spec.engine,
                "monotonic_ns": start,
                "realtime_ns": time.time_ns() - (now - start),
                "pinned": self.tracer is not None and self.tracer.placement.pinned,
            },
        )
        if self._audit is not None:
            self._writer.emit(FrameKind.AUDIT, audit_offset())
        if self.spec.judge_from == "execve" and self.spec.filters:
            self._judging(start)
        elif self.tracer is not None:
            self._note_privileges()

    def _judging(self, time_ns: int) -> None:
        record = records.process(ProcessKind.JUDGING, time_ns, self.pid, self.pid, comm=records.read_comm(self.pid))
        self._writer.emit(FrameKind.PROCESSES, record)

    def _note_privileges(self) -> None:
        if not native.capget()[0] >> _CAP_SYS_PTRACE & 1 and _gives_privilege(self.spec.executable):
            self.note(
                f"{self.spec.executable} is setuid, setgid or has file capabilities, but gets none of that privilege under an unprivileged "
                "tracer: run the observer as root to see it as it is."
            )

    def _attached_stop(self, status: int) -> None:
        if self._attachment is None:
            return
        stopped_ns = time.monotonic_ns()  # `handle` lets it run on, and what it calls then is already judged
        with contextlib.suppress(TraceeGone):
            if self._attachment.handle(status):
                self._attachment = None
                self._judging(stopped_ns)

    def _child_ended(self, pid: int) -> None:
        if pid == self.warden.pid:
            self._status = self.warden.status()
            if self._status is None:
                # It was killed; the tree has moved up to us.
                tree.end_own_tree()
                self._status = 9
                self.note("The process between observer and target was killed, so the target's tree was ended.")
            self.ended = True

    def _explain_end(self) -> None:
        if self._attachment is not None or (self.tracer is not None and self.tracer.injection is not None):
            self.note(f"The target ended before it reached the moment from which its filter judges ({self.spec.judge_from}).")
        if self.spec.judge_from == "execve" and self._status is not None and self._status & 0x7F == _SIGSYS_DEATH:
            self.note(
                "The filter judges from execve, so it also judges the launcher's own execve and the program's start-up: to spare them, judge from entry or main."
            )

    def _tell_losses(self) -> None:
        lost = dict(self.engine.lost())
        if lost != self._lost and any(lost.values()):
            self._writer.emit_json(FrameKind.LOST, lost)
        self._lost = lost


def _at(stage: Stage, act: Callable[..., T], *arguments: object) -> T:
    try:
        return act(*arguments)
    except EngineError as err:
        raise LaunchError(stage, err.errno, err.detail) from err
    except OSError as err:
        raise LaunchError(stage, err.errno or 0) from err


def _audit_log(pid: int) -> AuditLog | None:
    try:
        return AuditLog(pid)
    except OSError:
        return None  # it takes CAP_AUDIT_READ in the initial user namespace, and what it tells is not needed


def _gives_privilege(executable: str) -> bool:
    try:
        if Path(executable).stat().st_mode & 0o6000:
            return True
        return bool(os.getxattr(executable, "security.capability"))
    except OSError:
        return False
