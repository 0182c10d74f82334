"""The child between fork and exec: set up as the spec says, in the only order that works, with nothing but system calls.

Everything that can be prepared is prepared before the fork. The child tells the observer by a pipe that closes at exec:
`_ABOUT` before its last steps, `_NAMESPACE` when it waits for its id maps, or the number of the step that failed and its errno.
"""

from __future__ import annotations

import errno
import fcntl
import functools
import os
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NoReturn

import prctl

from core.observer import landlock, native
from core.observer.stdio import Stdio
from core.observer.wire import LaunchSpec, Stage

_MESSAGE: Final = struct.Struct("<cIQ")
_NAMESPACE, _ABOUT, _FAILED = b"n", b"a", b"f"

Step = tuple[Stage, Callable[[], object]]


class LaunchError(Exception):
    """A stage of the launch failed; `errno` is 0 where no system call did."""

    def __init__(self, stage: Stage, number: int, detail: str | None = None) -> None:
        super().__init__(f"{stage}: {detail or os.strerror(number)}")
        self.stage = stage
        self.errno = number
        self.detail = detail
        """A sentence where the errno does not say all."""
        self.path: str | None = None
        """What the failed step was about, where there are several of its kind."""


class Launch:
    """One child, from before the fork until it has called execve (or failed to)."""

    def __init__(self, spec: LaunchSpec, stdio: Stdio) -> None:
        """Prepare everything. Raises OSError where pipes cannot be made."""
        self._spec = spec
        self._go_read, self._go_write = (_high(fd) for fd in os.pipe2(os.O_CLOEXEC))
        self.progress, self._progress_write = (_high(fd) for fd in os.pipe2(os.O_CLOEXEC))
        """Readable when `advance` has something to do."""
        self._steps = tuple(self._prepare(stdio))
        self.about_to_exec_ns: int | None = None
        """CLOCK_MONOTONIC when the child had only the filters to load and execve to call."""

    # ── the observer's side ──

    def forked(self) -> None:
        """The child exists: leave it its ends of the pipes."""
        os.close(self._go_read)
        os.close(self._progress_write)

    def go(self) -> None:
        """Let the child begin, or go on: it waits at the start, and for its id maps."""
        os.write(self._go_write, b"g")

    def advance(self, pid: int) -> bool:
        """Take the child's next word; True when there will be no other: it runs the target now, or has died.

        Raises `LaunchError` where the child could not be set up.
        """
        data = os.read(self.progress, _MESSAGE.size)
        if not data:
            return True
        kind, number, value = _MESSAGE.unpack(data)
        if kind == _FAILED:
            raise self._failure(number, value)
        if kind == _ABOUT:
            self.about_to_exec_ns = value
        else:
            self._write_maps(pid)
            self.go()
        return False

    def _failure(self, number: int, errno_: int) -> LaunchError:
        stage, step = self._steps[number]
        error = LaunchError(stage, errno_)
        if isinstance(step, landlock.PathRule):
            error.path = step.path
        return error

    def _write_maps(self, pid: int) -> None:
        try:
            if self._spec.uid_map:
                _write_map(pid, "uid_map", self._spec.uid_map)
            if self._spec.gid_map:
                try:
                    _write_map(pid, "gid_map", self._spec.gid_map)
                except PermissionError:
                    # An unprivileged writer has to give setgroups up first.
                    Path(f"/proc/{pid}/setgroups").write_text("deny")
                    _write_map(pid, "gid_map", self._spec.gid_map)
        except OSError as err:
            raise LaunchError(Stage.USER_NAMESPACE, err.errno or 0) from err

    def close(self) -> None:
        """Give the pipes back; a child that still waits ends."""
        os.close(self._go_write)
        os.close(self.progress)

    # ── the child's side ──

    def child(self) -> NoReturn:
        """Run the steps and become the target; never returns, never raises."""
        number = 0
        try:
            os.close(self._go_write)
            os.close(self.progress)
            for number, (_, step) in enumerate(self._steps):  # noqa: B007  # read below, when a step fails
                step()
        except OSError as err:
            os.write(self._progress_write, _MESSAGE.pack(_FAILED, number, err.errno or 0))
        finally:
            os._exit(127)

    def _wait_for_go(self) -> None:
        if not os.read(self._go_read, 1):
            os._exit(127)  # the observer is gone

    def _tell(self, kind: bytes) -> None:
        os.write(self._progress_write, _MESSAGE.pack(kind, 0, time.monotonic_ns()))

    def _prepare(self, stdio: Stdio) -> Iterator[Step]:
        spec = self._spec
        yield Stage.FORK, self._wait_for_go
        yield Stage.STDIO, os.setsid
        if stdio.controlling:
            yield Stage.STDIO, functools.partial(fcntl.ioctl, stdio.streams[0], termios.TIOCSCTTY, 0)
        for number, fd in enumerate(stdio.streams):
            yield Stage.STDIO, functools.partial(os.dup2, fd, number)
        yield Stage.DIRECTORY, functools.partial(os.chdir, os.fsencode(spec.directory))
        if spec.user_namespace:
            yield Stage.USER_NAMESPACE, functools.partial(native.unshare, native.CLONE_NEWUSER)
            yield Stage.USER_NAMESPACE, functools.partial(self._tell, _NAMESPACE)
            yield Stage.USER_NAMESPACE, self._wait_for_go
        yield from _identity(spec)
        yield from _capabilities(spec)
        if spec.no_new_privs:
            yield Stage.NO_NEW_PRIVS, functools.partial(prctl.set_no_new_privs, 1)
        yield from _signals()
        if spec.landlock is not None:
            yield from ((Stage.LANDLOCK, step) for step in landlock.steps(spec.landlock))
        yield Stage.EXEC, functools.partial(self._tell, _ABOUT)
        if spec.judge_from == "execve":
            for one in spec.filters:
                yield Stage.SECCOMP, functools.partial(native.load_filter, one.program, one.flags)
        yield Stage.EXEC, _execve(spec)


def _write_map(pid: int, name: str, lines: tuple[tuple[int, int, int], ...]) -> None:
    # One write(2): the kernel takes no second one.
    Path(f"/proc/{pid}/{name}").write_text("".join(f"{inside} {outside} {count}\n" for inside, outside, count in lines))


def _high(fd: int) -> int:
    if fd > 2:
        return fd
    copy = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(fd)
    return copy


def _identity(spec: LaunchSpec) -> Iterator[Step]:
    if spec.uid is not None:
        yield Stage.KEEP_CAPS, functools.partial(prctl.set_keepcaps, True)
    if spec.groups is not None:
        yield Stage.GROUPS, functools.partial(os.setgroups, spec.groups)
    if spec.gid is not None:
        yield Stage.GID, functools.partial(os.setresgid, spec.gid, spec.gid, spec.gid)
    if spec.uid is not None:
        yield Stage.UID, functools.partial(os.setresuid, spec.uid, spec.uid, spec.uid)
        yield Stage.RAISE, _raise_effective


def _raise_effective() -> None:
    # setresuid away from 0 has cleared the effective set; KEEPCAPS has kept the permitted one.
    _, permitted, inheritable = native.capget()
    native.capset(permitted, permitted, inheritable)


def _capabilities(spec: LaunchSpec) -> Iterator[Step]:
    sets = spec.capabilities
    if sets.bounding is not None:
        yield Stage.BOUNDING, functools.partial(_drop_bounding, sets.bounding, native.last_capability())
    if spec.securebits is not None:
        # Not through python-prctl, which refuses the two bits about the ambient set.
        yield Stage.SECUREBITS, functools.partial(native.prctl, native.PR_SET_SECUREBITS, spec.securebits)
    if (sets.effective, sets.permitted, sets.inheritable) != (None, None, None):
        yield Stage.CAPSET, functools.partial(_set_capabilities, sets.effective, sets.permitted, sets.inheritable)
    if sets.ambient is not None:
        yield Stage.AMBIENT, functools.partial(native.prctl, native.PR_CAP_AMBIENT, native.PR_CAP_AMBIENT_CLEAR_ALL)
        for number in _bits(sets.ambient):
            yield Stage.AMBIENT, functools.partial(native.prctl, native.PR_CAP_AMBIENT, native.PR_CAP_AMBIENT_RAISE, number)


def _drop_bounding(keep: int, last: int) -> None:
    for number in range(last + 1):
        if not keep >> number & 1 and native.prctl(native.PR_CAPBSET_READ, number):
            if number <= prctl.CAP_LAST_CAP:
                prctl.capbset_drop(number)
            else:
                native.prctl(native.PR_CAPBSET_DROP, number)


def _set_capabilities(effective: int | None, permitted: int | None, inheritable: int | None) -> None:
    now_effective, now_permitted, now_inheritable = native.capget()
    permitted = now_permitted if permitted is None else permitted
    native.capset(
        now_effective & permitted if effective is None else effective,
        permitted,
        now_inheritable if inheritable is None else inheritable,
    )


def _bits(mask: int) -> Iterator[int]:
    return (number for number in range(64) if mask >> number & 1)


def _signals() -> Iterator[Step]:
    for number in sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}):
        yield Stage.STDIO, functools.partial(signal.signal, number, signal.SIG_DFL)
    for reserved in native.LIBRARY_SIGNALS:
        yield Stage.STDIO, functools.partial(native.reset_signal, reserved)
    yield Stage.STDIO, functools.partial(signal.pthread_sigmask, signal.SIG_SETMASK, ())


def _execve(spec: LaunchSpec) -> Callable[[], object]:
    environment = {os.fsencode(name): os.fsencode(value) for name, value in spec.environment}
    return functools.partial(os.execve, os.fsencode(spec.executable), [os.fsencode(word) for word in spec.argv], environment)


def check_spec(spec: LaunchSpec) -> None:
    """What can be said without trying. Raises `LaunchError`."""
    if spec.strict and spec.judge_from == "execve":
        raise LaunchError(
            Stage.SECCOMP,
            errno.EINVAL,
            "strict mode allows read, write, exit and sigreturn only, so it would kill the launcher at its own execve: judge from entry or main.",
        )
