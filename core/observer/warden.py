"""The warden: a small process between the observer and the target, so that the target's tree ends even when the observer is killed.

The target is the warden's child, and the warden is a child subreaper: daemons of the tree come to it, not to init. It lives as long as
the tree does. When the observer goes, however it goes, the pipe between them closes and the warden kills the tree. Should the warden be
killed instead, the tree moves up to the observer, which is a child subreaper too.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import struct
from collections.abc import Callable
from typing import Final, NoReturn

import prctl

from core.observer import native, tree

_REPORT: Final = struct.Struct("<cI")
_STARTED, _ENDED = b"s", b"e"
_ROUND: Final = 20
"""Milliseconds after which the killing goes round again, should nobody have died meanwhile."""


class Warden:
    """The observer's side of it."""

    def __init__(self, pid: int, control: int, reports: int) -> None:
        self.pid = pid
        """The warden's own."""
        self._control = control
        self._reports = reports
        self.target = self._first_report()
        """The first process of the tree."""

    @classmethod
    def start(cls, child: Callable[[], NoReturn]) -> Warden:
        """Fork the warden, which forks again and runs `child` there. Raises OSError where a process cannot be made."""
        control_read, control_write = os.pipe2(os.O_CLOEXEC)
        report_read, report_write = os.pipe2(os.O_CLOEXEC)
        pid = os.fork()
        if pid == 0:
            _run(child, control_read, report_write, (control_write, report_read))
        os.close(control_read)
        os.close(report_write)
        try:
            return cls(pid, control_write, report_read)
        except OSError:
            os.close(control_write)
            os.close(report_read)
            os.waitpid(pid, 0)
            raise

    def _first_report(self) -> int:
        data = os.read(self._reports, _REPORT.size)
        kind, number = _REPORT.unpack(data) if len(data) == _REPORT.size else (_ENDED, 0)
        if kind != _STARTED:
            raise OSError(number, os.strerror(number))
        return int(number)

    def kill_tree(self) -> None:
        """Have every process of the tree killed; the warden ends when all are gone."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._control, b"k")

    def status(self) -> int | None:
        """The first process's wait status, once the warden has ended; None where it was killed before it could tell."""
        data = os.read(self._reports, _REPORT.size)
        return _REPORT.unpack(data)[1] if data else None

    def close(self) -> None:
        """Let go of it: a warden that still lives kills the tree."""
        os.close(self._control)
        os.close(self._reports)


def _run(child: Callable[[], NoReturn], control: int, reports: int, others: tuple[int, int]) -> NoReturn:
    # From here on we are the warden. Nothing may leave by an exception: the observer's code stands above us on the stack.
    try:
        for fd in others:
            os.close(fd)
        os.setsid()
        prctl.set_child_subreaper(1)
        pid = os.fork()
        if pid == 0:
            os.close(control)
            os.close(reports)
            child()
        _keep_only(control, reports)
        os.write(reports, _REPORT.pack(_STARTED, pid))
        _watch_over(pid, control, reports)
    except OSError as err:
        with contextlib.suppress(OSError):
            os.write(reports, _REPORT.pack(_ENDED, err.errno or 0))
    finally:
        os._exit(0)


def _keep_only(control: int, reports: int) -> None:
    # An inherited copy of the observer's stdout would hide its end from the reader.
    null = os.open("/dev/null", os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    low, high = sorted((control, reports))
    os.closerange(3, low)
    os.closerange(low + 1, high)
    os.closerange(high + 1, os.sysconf("SC_OPEN_MAX"))


def _watch_over(target: int, control: int, reports: int) -> None:
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    changes = native.signal_fd([signal.SIGCHLD])
    poll = select.poll()
    poll.register(changes, select.POLLIN)
    poll.register(control, select.POLLIN)
    ending = False
    status = 0
    while True:
        ready = {fd for fd, _ in poll.poll(_ROUND if ending else None)}
        native.pending_signals(changes)
        if control in ready and not ending:
            ending = True
            poll.unregister(control)
        if ending:
            tree.kill_descendants(os.getpid())
        try:
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == target:
                    status = ended[1]
        except ChildProcessError:
            with contextlib.suppress(BrokenPipeError):
                os.write(reports, _REPORT.pack(_ENDED, status))
            return
