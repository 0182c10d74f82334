"""Under the eBPF engine: ptrace on the first process, just until its filters are loaded."""

from __future__ import annotations

import os
import signal

from core.observer import tracee
from core.observer.engine import Engine, EngineError
from core.observer.inject import Injection
from core.observer.tracee import TraceeGone
from core.observer.wire import LaunchSpec

_SYSCALL_STOP = (signal.SIGTRAP | 0x80) << 8 | 0x7F


class Attachment:
    """Stops at the first process's exec and at the moment to judge from, and nowhere else; then lets go."""

    def __init__(self, spec: LaunchSpec, engine: Engine, pid: int) -> None:
        """Attach. Raises `EngineError`."""
        self.pid = pid
        self._injection = Injection(spec, engine.mute, engine.unmute)
        try:
            tracee.request(tracee.SEIZE, pid, 0, tracee.OPTION_EXITKILL | tracee.OPTION_SYSGOOD | tracee.OPTION_EXEC)
        except (OSError, TraceeGone) as err:
            raise EngineError(
                f"The target cannot be attached to ({err}), so its filters cannot be loaded later than execve: judge from execve.",
                getattr(err, "errno", None) or 0,
            ) from err

    def handle(self, status: int) -> bool:
        """Deal with a stop of the process; True once the filters are loaded and it is on its own.

        Raises `LaunchError`, and `TraceeGone` where it was killed meanwhile.
        """
        number = os.WSTOPSIG(status)
        event = status >> 16
        if status == _SYSCALL_STOP:
            self._injection.at_exec_return(self.pid)
            return self._go_on()
        if event == tracee.EVENT_EXEC:
            # To the return of this execve: there the set-up is complete, and the engine has seen the call end.
            tracee.request(tracee.SYSCALL, self.pid)
        elif event == tracee.EVENT_STOP:
            tracee.request(tracee.LISTEN if number in tracee.STOP_SIGNALS else tracee.CONT, self.pid)
        elif number == signal.SIGTRAP and self._injection.at_trap(self.pid):
            return self._go_on()
        else:
            tracee.request(tracee.CONT, self.pid, 0, number)
        return False

    def _go_on(self) -> bool:
        done = not self._injection.pending
        tracee.request(tracee.DETACH if done else tracee.CONT, self.pid)
        return done
