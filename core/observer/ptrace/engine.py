"""The ptrace engine: every call of every thread of the tree stops twice, and each stop is read, recorded and resumed here.

Each stop costs what two switches between tracer and target cost, so `run`, which deals with the two stops of a call, is one function with
its names bound beforehand; all that is rarer is elsewhere.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import itertools
import os
import signal
import struct
import time
from collections.abc import Callable, Mapping
from typing import Final

from core.observer import landlock, native, records, tracee, wire
from core.observer.engine import LOST_KINDS, Emit, EngineError
from core.observer.inject import Injection
from core.observer.ptrace.capture import Plan, plans
from core.observer.ptrace.lifecycle import Lifecycle
from core.observer.ptrace.log import CALL, CALL_LENGTH, RETURNED, Log
from core.observer.ptrace.placement import Placement
from core.observer.ptrace.thread import Thread
from core.observer.tracee import TraceeGone
from core.observer.wire import FrameKind, LaunchSpec, ProcessKind

# Not OPTION_EXIT: the exit status comes by waiting anyway, and each stop costs.
_OPTIONS: Final = (
    tracee.OPTION_EXITKILL
    | tracee.OPTION_SYSGOOD
    | tracee.OPTION_FORK
    | tracee.OPTION_VFORK
    | tracee.OPTION_CLONE
    | tracee.OPTION_EXEC
)  # fmt: skip
_SYSCALL_STOP: Final = (signal.SIGTRAP | 0x80) << 8 | 0x7F
_ENTRY: Final = 1
_INFO: Final = struct.Struct("<B3xIQ8xq48s")
"""struct ptrace_syscall_info: op, arch, instruction pointer, (stack pointer), nr or rval, arguments."""
_INFO_SIZE: Final = 88


class PtraceEngine:
    """Watches as `core.observer.engine.Engine` says; its stops are dealt with by `run`."""

    def __init__(self, on_child: Callable[[int], None], note: Callable[[str], None]) -> None:
        """`on_child` gets the pid of each child that ended and was not traced; `note` a sentence for the user."""
        self.placement = Placement()
        self.injection: Injection | None = None
        """The filters' loading, while the moment for it is still to come."""
        self._on_child, self._note = on_child, note
        self._log = Log()
        self._tree = Lifecycle(self._log)
        self._securebits = 0
        self._first = 0
        self._plans: dict[tuple[int, int], Plan] = {}
        self._ids = itertools.count(1)
        self._ticked = False

    # ── what every engine does ──

    def start(self, spec: LaunchSpec) -> None:
        """Prepare. Raises `EngineError`."""
        machine = os.uname().machine
        if machine != "x86_64":
            raise EngineError(f"The ptrace engine knows the registers of x86_64 only so far, not those of {machine}.")
        self._plans = plans(spec.captures)
        self._log.capturer.landlock = spec.landlock and landlock.without_links(spec.landlock)
        self._securebits = _securebits_at_launch(spec)
        injection = Injection(spec, self.mute, self.unmute)
        self.injection = injection if injection.pending else None

    def watch(self, pid: int) -> None:
        """Trace the child. Raises `EngineError`."""
        try:
            tracee.request(tracee.SEIZE, pid, 0, _OPTIONS)
            tracee.request(tracee.INTERRUPT, pid)
        except (OSError, TraceeGone) as err:
            sentence = "another tracer has it, or the system restricts ptrace (kernel.yama.ptrace_scope, a container's seccomp profile)"
            raise EngineError(f"The target cannot be traced ({err}): {sentence}.", getattr(err, "errno", None) or 0) from err
        self._first = pid
        self._tree.special[pid] = Thread(pid, securebits=self._securebits)

    def mute(self, tid: int) -> None:
        """Nothing to do: the calls that `Injection` makes are waited for there, not in `run`."""

    def unmute(self, tid: int) -> None:
        """Nothing to do, as for `mute`."""

    def fileno(self) -> int | None:
        """None: stops come by wait(2)."""
        return None

    def drain(self, emit: Emit) -> int:
        """Forward all records, then FLUSH."""
        now = time.monotonic_ns()
        size = self._log.forward(emit)
        emit(FrameKind.FLUSH, wire.FLUSH.pack(now))
        self._tree.release_early(now)
        if self.placement.look(self._tree.threads):
            self._note("Two threads of the target are busy at once: they have all processors again, and each stop costs more from here on.")
        return size

    @property
    def restless(self) -> bool:
        """Whether `drain` has something to look at even while no stop comes."""
        return self._tree.waiting or (self.placement.pinned and len(self._tree.threads) > 1)

    def finish(self, emit: Emit) -> None:
        """Forward the calls that never returned as well."""
        self._tree.finish()
        self.drain(emit)

    def lost(self) -> Mapping[str, int]:
        """None, ever: the target waits for us."""
        return dict.fromkeys(LOST_KINDS, 0)

    def close(self) -> None:
        """Have our own processors back."""
        self.placement.release(())

    # ── stops ──

    def tick(self) -> None:
        """Make `run` return soon; a signal handler may call it."""
        self._ticked = True

    def run(self, block: bool) -> int:
        """Deal with the stops that wait; with `block`, and with all that come, until `tick`. Returns their number.

        Raises `LaunchError` where the filters could not be loaded.
        """
        wait4, ptrace = native.wait4, native.ptrace
        threads, entered_plans, calls = self._tree.threads, self._plans, self._log.calls
        monotonic_ns, next_id, unpack, pack = time.monotonic_ns, self._ids.__next__, _INFO.unpack_from, CALL.pack
        info, word = ctypes.create_string_buffer(_INFO_SIZE), ctypes.c_int()
        info_size, info_address, status_address = ctypes.c_void_p(_INFO_SIZE), ctypes.byref(info), ctypes.byref(word)
        info_view = memoryview(info)
        resume, get_info = tracee.SYSCALL, tracee.GET_SYSCALL_INFO
        options = tracee.WALL | (0 if block else os.WNOHANG)
        stops = 0
        self._ticked = False
        while not self._ticked:
            tid = wait4(-1, status_address, options, None)
            if tid <= 0:
                # A signal has interrupted it (go on), or there is nothing to wait for.
                if tid == 0 or ctypes.get_errno() == errno.ECHILD:
                    break
                continue
            stops += 1
            status = word.value
            if status != _SYSCALL_STOP:
                self._other_stop(tid, status)
                continue
            thread = threads.get(tid)
            if thread is None:
                self._special_stop(tid)
                continue
            now = monotonic_ns()
            if ptrace(get_info, tid, info_size, info_address) > 0:
                op, arch, ip, value, arguments = unpack(info_view)
                if op == _ENTRY:
                    plan = entered_plans.get((arch, value))
                    thread.call = (next_id(), now, arch, ip, value, arguments, plan)
                    if plan is not None:
                        if plan.execs:
                            self._tree.about_to_exec(tid, thread)
                        if plan.entry:
                            self._log.capture(tid, thread, 0, plan.entry)
                elif thread.call is not None:
                    call, entered, arch, ip, nr, arguments, plan = thread.call
                    calls += pack(
                        CALL_LENGTH, 0, call, entered, now, value, arguments, ip, thread.pid, tid, nr & 0xFFFFFFFF, arch, RETURNED, 0
                    )  # fmt: skip
                    if plan is not None:
                        if plan.prctl and value == 0:
                            self._tree.prctl_succeeded(thread, arguments)
                        if plan.exit:
                            self._log.capture(tid, thread, value, plan.exit)
                    thread.call = None
                    thread.last = (nr, value)
            ptrace(resume, tid, None, None)
        return stops

    def _special_stop(self, tid: int) -> None:
        # A thread that `run` does not know: the launcher's before its execve, or one at an execve's return.
        thread = self._tree.special.get(tid)
        info = ctypes.create_string_buffer(_INFO_SIZE)
        with contextlib.suppress(TraceeGone):
            tracee.request(tracee.GET_SYSCALL_INFO, tid, _INFO_SIZE, ctypes.addressof(info))
            op, arch, ip, value, arguments = _INFO.unpack_from(info)
            if thread is not None and op != _ENTRY and thread.call is not None:
                self._exec_returned(tid, thread, value)
            elif thread is not None and op == _ENTRY and (arch, value) == (wire.AUDIT_ARCH_X86_64, native.SYS_EXECVE):
                plan = self._plans[arch, value]
                thread.call = (next(self._ids), time.monotonic_ns(), arch, ip, value, arguments, plan)
                self._tree.about_to_exec(tid, thread)
                if plan.entry:
                    self._log.capture(tid, thread, 0, plan.entry)
            tracee.request(tracee.SYSCALL, tid)

    def _exec_returned(self, tid: int, thread: Thread, ret: int) -> None:
        self._log.finish_call(tid, thread, time.monotonic_ns(), ret, RETURNED)
        self._tree.threads[tid] = self._tree.special.pop(tid)
        if self.injection is not None and ret == 0 and tid == self._first:
            self.injection.at_exec_return(tid)
            self._check_injection(tid)

    def _check_injection(self, tid: int) -> None:
        if self.injection is not None and not self.injection.pending:
            self.injection = None
            self._log.processes += records.process(ProcessKind.JUDGING, time.monotonic_ns(), tid, tid, comm=self._tree.threads[tid].comm)

    def _other_stop(self, tid: int, status: int) -> None:
        if not os.WIFSTOPPED(status):
            if not self._tree.ended(tid, status):
                self._on_child(tid)
            return
        event, number = status >> 16, os.WSTOPSIG(status)
        with contextlib.suppress(TraceeGone):
            if event == 0:
                self._signal_stop(tid, number)
            elif event == tracee.EVENT_STOP:
                self._tree.event_stop(tid, number)
            else:
                if event == tracee.EVENT_EXEC:
                    self._tree.executed(tid)
                else:
                    self._tree.created(tid, event)
                tracee.request(tracee.SYSCALL, tid)

    def _signal_stop(self, tid: int, number: int) -> None:
        if number == signal.SIGTRAP and self.injection is not None and tid == self._first and self.injection.at_trap(tid):
            self._check_injection(tid)
            number = 0
        else:
            self._tree.signalled(tid, number)
        tracee.request(tracee.SYSCALL, tid, 0, number)


def _securebits_at_launch(spec: LaunchSpec) -> int:
    """Those with which the launcher calls execve: a user namespace begins with none, and taking on another uid needs keep-caps."""
    if spec.securebits is not None:
        return spec.securebits
    own = 0 if spec.user_namespace else native.prctl(native.PR_GET_SECUREBITS)
    return own if spec.uid is None else own | native.SECBIT_KEEP_CAPS
