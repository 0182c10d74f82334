"""How traced threads come, change and go: everything but their system call stops."""

from __future__ import annotations

import contextlib
import os
import signal
import struct
import time
from typing import Final

from core.observer import native, records, tracee
from core.observer.executable import exec_facts, read_executable
from core.observer.ptrace.log import Log
from core.observer.ptrace.thread import Thread
from core.observer.tracee import TraceeGone
from core.observer.wire import CallFlag, ProcessKind

_SYS_SECCOMP_CODE: Final = 1
"""si_code of a SIGSYS that a filter sent."""
_TWO_ARGUMENTS: Final = struct.Struct("<QQ")
_PATIENCE_NS: Final = 100_000_000


class Lifecycle:
    """The threads of the tree, and the records of what happens to them."""

    def __init__(self, log: Log) -> None:
        self.threads: dict[int, Thread] = {}
        self.special: dict[int, Thread] = {}
        """Threads whose next system call stop means more than usual: before the first execve, and at an execve's return."""
        self._log = log
        self._killed: set[int] = set()  # processes that a filter has killed
        self._early: dict[int, int] = {}  # new threads that stopped before their parent told of them, and when

    def find(self, tid: int) -> Thread | None:
        """The thread, special or not."""
        return self.threads.get(tid) or self.special.get(tid)

    def event_stop(self, tid: int, number: int) -> None:
        """A stop without a signal to deliver: the first one of a new thread, or a job-control stop or its end."""
        if number in tracee.STOP_SIGNALS:
            tracee.request(tracee.LISTEN, tid)
        elif self.find(tid) is not None:
            tracee.request(tracee.SYSCALL, tid)
        else:
            self._early[tid] = time.monotonic_ns()

    def signalled(self, tid: int, number: int) -> None:
        """A signal is about to be delivered."""
        thread = self.find(tid)
        if thread is None:
            return
        _, error, code = tracee.signal_info(tid)
        if number == signal.SIGSYS and code == _SYS_SECCOMP_CODE:
            thread.trapped_after = thread.last
        self._log.processes += records.process(
            ProcessKind.SIGNAL, time.monotonic_ns(), thread.pid, tid, other=code, pid_of_other=error, status=number, comm=thread.comm
        )

    def created(self, tid: int, event: int) -> None:
        """The thread has made another one, or a process."""
        child = tracee.event_message(tid)
        parent = self.find(tid)
        if parent is None:
            return
        pid = parent.pid if event == tracee.EVENT_CLONE and _in_group(parent.pid, child) else child
        parent.comm = records.read_comm(tid) or parent.comm
        self.threads[child] = Thread(pid, parent.comm, parent.securebits)
        call = parent.call[0] if parent.call else 0
        self._log.processes += records.process(
            ProcessKind.FORK, time.monotonic_ns(), parent.pid, tid, call=call, other=child, pid_of_other=pid, comm=parent.comm
        )
        if self._early.pop(child, None) is not None:
            tracee.request(tracee.SYSCALL, child)

    @property
    def waiting(self) -> bool:
        """New threads wait for their parent to tell of them."""
        return bool(self._early)

    def release_early(self, now: int) -> None:
        """Let new threads go whose parent was killed before it could tell of them."""
        for tid, since in list(self._early.items()):
            if now - since > _PATIENCE_NS:
                del self._early[tid]
                self.threads[tid] = Thread(records.read_thread_group(tid), records.read_comm(tid))
                with contextlib.suppress(TraceeGone):
                    tracee.request(tracee.SYSCALL, tid)

    def about_to_exec(self, tid: int, thread: Thread) -> None:
        """The thread has called execve or execveat."""
        assert thread.call is not None
        self._log.processes += records.process(
            ProcessKind.BEFORE_EXEC,
            time.monotonic_ns(),
            thread.pid,
            tid,
            call=thread.call[0],
            comm=thread.comm,
            credentials=records.read_credentials(tid, thread.securebits),
        )

    def prctl_succeeded(self, thread: Thread, arguments: bytes) -> None:
        """The thread's prctl with these packed arguments returned 0."""
        option, value = _TWO_ARGUMENTS.unpack_from(arguments)
        if option == native.PR_SET_SECUREBITS:
            thread.securebits = value
        elif option == native.PR_SET_KEEPCAPS:
            thread.securebits = thread.securebits & ~native.SECBIT_KEEP_CAPS | (native.SECBIT_KEEP_CAPS if value else 0)

    def executed(self, tid: int) -> None:
        """The process runs a new program; its other threads are gone, and the one that called execve has the leader's tid now."""
        now = time.monotonic_ns()
        former = tracee.event_message(tid)
        thread = self.threads.pop(former, None) or self.special.pop(former, None) or Thread(tid)
        replaced = self.threads.pop(tid, None)
        if replaced is not None:
            self._log.finish_call(tid, replaced, now, 0, CallFlag.ENTRY_STOP)
        self.special[tid] = thread
        thread.securebits &= ~native.SECBIT_KEEP_CAPS
        thread.comm = records.read_comm(tid)
        call = thread.call[0] if thread.call else 0
        self._log.processes += records.process(
            ProcessKind.EXEC,
            now,
            thread.pid,
            tid,
            call=call,
            other=former,
            comm=thread.comm,
            credentials=records.read_credentials(tid, thread.securebits),
            executable=read_executable(tid),
        )
        self._log.facts(call, exec_facts(tid))

    def ended(self, tid: int, status: int) -> bool:
        """The thread is gone; False where it was none of ours."""
        thread = self.threads.pop(tid, None) or self.special.pop(tid, None)
        self._early.pop(tid, None)
        if thread is None:
            return False
        now = time.monotonic_ns()
        nr = self._killed_at(thread, status)
        flags = CallFlag.ENTRY_STOP
        if nr is not None:
            flags |= CallFlag.CUT_SHORT if thread.call is not None else 0
            self._log.processes += records.process(ProcessKind.KILLED_BY_SECCOMP, now, thread.pid, tid, other=nr, comm=thread.comm)
        self._log.finish_call(tid, thread, now, 0, flags)
        self._log.processes += records.process(ProcessKind.EXIT, now, thread.pid, tid, status=status, comm=thread.comm)
        return True

    def _killed_at(self, thread: Thread, status: int) -> int | None:
        # The number of the call at which a filter killed this thread. A filter that kills the process leaves the call's number as its result
        # (there was an exit stop); one that kills a thread of several leaves nothing. Threads that die with a killed one have calls under way.
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGSYS:
            return None
        if thread.call is None:
            if not _refused(thread) or thread.last is None or thread.last is thread.trapped_after:
                return None
            self._killed.add(thread.pid)
            return thread.last[0]
        others = (other for other in self.threads.values() if other.pid == thread.pid)
        return None if thread.pid in self._killed or any(_refused(other) for other in others) else thread.call[4]

    def finish(self) -> None:
        """Record the calls that are still under way as unfinished."""
        now = time.monotonic_ns()
        for tid, thread in (*self.threads.items(), *self.special.items()):
            self._log.finish_call(tid, thread, now, 0, CallFlag.ENTRY_STOP)
        self.threads.clear()
        self.special.clear()


def _refused(thread: Thread) -> bool:
    # A filter that traps or kills leaves the call's number as its result.
    return thread.call is None and thread.last is not None and thread.last[0] == thread.last[1]


def _in_group(pid: int, tid: int) -> bool:
    try:
        native.tgkill(pid, tid, 0)
    except OSError:
        return False
    return True
