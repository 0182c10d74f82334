"""Seccomp from a later moment than execve: at that moment the target itself is made to load the filters.

The process is stopped there by ptrace and calls seccomp(2) through its own registers. This needs no privilege beyond tracing it, leaves its
code as it is, and its registers and memory as they were.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Final

from core.observer import native, tracee
from core.observer.launch import LaunchError
from core.observer.tracee import Held, TraceeGone
from core.observer.wire import FilterSpec, LaunchSpec, Stage

_RED_ZONE: Final = 128
_PAGE: Final = 4096
_MAX_STEPS: Final = 400
_MAX_CALLS: Final = 3
_TSYNC: Final = 1
_MAP: Final = (3, 0x22, 2**64 - 1, 0)
"""PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, no file."""


class Injection:
    """Takes one process to the moment from which the filter judges, then has it load the filters."""

    def __init__(self, spec: LaunchSpec, mute: Callable[[int], None], unmute: Callable[[int], None]) -> None:
        self._spec = spec
        self._mute, self._unmute = mute, unmute
        self._address: int | None = None
        self._reached: Callable[[Held], bool] = self._load
        self.pending = needed(spec)
        """The moment is still to come."""

    def at_exec_return(self, pid: int) -> None:
        """The process stands at the return of its execve. Raises `LaunchError`, `TraceeGone`."""
        self._work(pid, self._begin)

    def at_trap(self, pid: int) -> bool:
        """The process stands at a SIGTRAP: True where that was ours, and is dealt with. Raises `LaunchError`, `TraceeGone`."""
        if self._address is None or tracee.registers(pid)["rip"] != self._address:
            return False
        tracee.set_breakpoint(pid, None)
        self._address = None
        self._work(pid, self._reached)
        return True

    def _work(self, pid: int, work: Callable[[Held], bool]) -> None:
        held = Held(pid)
        self._mute(pid)
        try:
            self.pending = not work(held)
        except OSError as err:
            raise LaunchError(Stage.INJECT, err.errno or 0, f"the target could not be prepared for its filter: {err}") from err
        finally:
            self._unmute(pid)
            held.release()

    def _begin(self, held: Held) -> bool:
        values = tracee.registers(held.pid)
        if not tracee.is_64_bit(values):
            raise _refuse("is a 32-bit program, in which filters cannot be loaded from outside yet: judge from execve")
        if self._spec.judge_from == "first-instruction":
            return self._load(held)
        entry = tracee.auxiliary_vector(held.pid)[tracee.AT_ENTRY]
        return self._stop_at(held, entry, self._load if self._spec.judge_from == "entry" else self._find_main)

    def _stop_at(self, held: Held, address: int, then: Callable[[Held], bool]) -> bool:
        if tracee.registers(held.pid)["rip"] == address:
            return then(held)
        tracee.set_breakpoint(held.pid, address)
        self._address, self._reached = address, then
        return False

    def _find_main(self, held: Held) -> bool:
        return self._stop_at(held, main_address(held), self._load)

    def _load(self, held: Held) -> bool:
        instruction = tracee.syscall_instruction(held.pid)
        try:
            if self._spec.strict:
                _check(held.call(instruction, native.SYS_SECCOMP, native.SECCOMP_SET_MODE_STRICT, 0, 0), 0)
            for one in self._spec.filters:
                _load_filter(held, instruction, one)
        except TraceeGone as gone:
            if gone.status is None:
                raise
            raise _refuse(
                "was killed while its filters were being loaded: an earlier filter kills the seccomp call of a later one"
            ) from gone
        return True


def needed(spec: LaunchSpec) -> bool:
    """Whether this launch loads its filters by injection."""
    return spec.judge_from != "execve" and bool(spec.filters or spec.strict)


def _refuse(what: str, number: int = 0) -> LaunchError:
    return LaunchError(Stage.INJECT, number, f"The target {what}.")


def _load_filter(held: Held, instruction: int, one: FilterSpec) -> None:
    size = len(one.program) + 16
    address, mapped = _room(held, instruction, size)
    try:
        before = b"" if mapped else tracee.read_memory(held.pid, address, size)
        tracee.write_memory(held.pid, address, native.sock_fprog(one.program, address + 16) + one.program)
        _check(held.call(instruction, native.SYS_SECCOMP, native.SECCOMP_SET_MODE_FILTER, one.flags, address), one.flags)
        if before:
            tracee.write_memory(held.pid, address, before)
    finally:
        if mapped:
            held.call(instruction, native.SYS_MUNMAP, address, mapped)


def _room(held: Held, instruction: int, size: int) -> tuple[int, int]:
    # Below the stack pointer, beyond the red zone, nothing is anybody's; where the stack has no room, a mapping that goes away again.
    top = tracee.registers(held.pid)["rsp"] - _RED_ZONE
    address = (top - size) & ~15
    if any(start <= address and top <= end and "w" in permissions for start, end, permissions in tracee.mappings(held.pid)):
        return address, 0
    length = -(-size // _PAGE) * _PAGE
    answer = held.call(instruction, native.SYS_MMAP, 0, length, *_MAP)
    if -4096 < answer < 0:
        raise OSError(-answer, os.strerror(-answer))
    return answer, length


def _check(answer: int, flags: int) -> None:
    if answer < 0:
        raise LaunchError(Stage.INJECT, -answer)
    if answer and flags & _TSYNC:
        raise _refuse(f"has a thread ({answer}) with other filters, which TSYNC cannot bring in line: leave TSYNC off", errno.ESRCH)


def main_address(held: Held) -> int:
    """Single-step from the program's entry to the call of __libc_start_main, whose first argument is main.

    Raises `LaunchError` where the program has no such call.
    """
    text = _program_text(held.pid)
    calls = 0
    for _ in range(_MAX_STEPS):
        values = tracee.registers(held.pid)
        code = _code(held.pid, values["rip"])
        if code.startswith(b"\x0f\x05"):
            break
        if _is_call(code) or _is_jump_away(code):
            if any(start <= values["rdi"] < end for start, end in text):
                return values["rdi"]
            calls += _is_call(code)
            if calls == _MAX_CALLS:
                break
        held.step()
    raise _refuse("does not start as C programs do (it may be written in Go or in assembly), so its main cannot be found: judge from entry")


def _code(pid: int, address: int) -> bytes:
    try:
        return tracee.read_memory(pid, address, 3)
    except OSError:
        return b""


def _is_call(code: bytes) -> bool:
    # call rel32; call r/m64 (ff /2); either behind the prefixes that linkers pad relaxed calls with.
    code = code.lstrip(b"\x67\x3e\x2e\x48\x40\x41")
    return code[:1] == b"\xe8" or (code[:1] == b"\xff" and len(code) > 1 and code[1] >> 3 & 7 == 2)


def _is_jump_away(code: bytes) -> bool:
    # jmp rel32; jmp r/m64 (ff /4): a tail call, as musl's start code makes it.
    code = code.lstrip(b"\x67\x3e\x2e\x48\x40\x41")
    return code[:1] == b"\xe9" or (code[:1] == b"\xff" and len(code) > 1 and code[1] >> 3 & 7 == 4)


def _program_text(pid: int) -> list[tuple[int, int]]:
    # The executable mappings of the file that holds the program's headers.
    entry = tracee.auxiliary_vector(pid)[tracee.AT_ENTRY]
    return [(start, end) for start, end, permissions in tracee.mappings(pid) if "x" in permissions and start <= entry < end]
