"""Seccomp filters that the target installs itself: found among its calls, and what they answer, computed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Final

from core.bpf.emulate import Emulator
from core.bpf.program import ProgramError
from core.judge.computed import Answer, strict_answer
from core.judge.records import Capture
from core.observer.wire import CaptureKind

INSTALLERS: Final = ("seccomp", "prctl")
"""The calls by which a thread puts itself under seccomp."""

_SET_MODE_STRICT, _SET_MODE_FILTER = 0, 1  # operations of seccomp(2)
_PR_SET_SECCOMP, _MODE_STRICT, _MODE_FILTER = 22, 1, 2  # of prctl(2)
_TSYNC, _NEW_LISTENER = 1, 8  # SECCOMP_FILTER_FLAG_*
_INT: Final = 0xFFFFFFFF

_MOST: Final = 256
# Emulators remembered: a target can install as many different filters as it likes.


@dataclasses.dataclass(frozen=True, slots=True)
class Installed:
    """What a successful call put on its thread."""

    program: bytes
    """The filter's instructions; empty where they could not be read."""
    strict: bool = False
    """Seccomp mode 1; it has no program."""
    flags: int = 0
    """SECCOMP_FILTER_FLAG_*."""

    @property
    def for_all_threads(self) -> bool:
        """Whether the process's other threads have it too."""
        return bool(self.flags & _TSYNC)


def installed(call: str, args: Sequence[int], ret: int, captures: Iterable[Capture]) -> Installed | None:
    """What a call that ran and did not fail has installed; None: nothing. `args`: six; `captures`: the call's."""
    first, second = args[0] & _INT, args[1]
    if call == "prctl":
        mode, flags = (second if first == _PR_SET_SECCOMP else None), 0
    else:
        mode, flags = {_SET_MODE_STRICT: _MODE_STRICT, _SET_MODE_FILTER: _MODE_FILTER}.get(first), second & _INT
    if mode == _MODE_STRICT:
        return Installed(b"", strict=True)
    # TSYNC answers with the number of a thread that could not be brought in line, unless a listener was asked for.
    if mode != _MODE_FILTER or (ret and flags & _TSYNC and not flags & _NEW_LISTENER):
        return None
    return Installed(_program(captures), flags=flags)


def _program(captures: Iterable[Capture]) -> bytes:
    pieces = {capture.argument: capture for capture in captures if capture.kind == CaptureKind.PROGRAM}
    whole = [pieces.get(number) for number in range(len(pieces))]
    if not all(
        piece is not None and not piece.failed and piece.truncated == (number < len(pieces) - 1) for number, piece in enumerate(whole)
    ):
        return b""
    return b"".join(piece.data for piece in whole if piece is not None)


class OwnFilters:
    """The filters of one run that the target installed itself, by number."""

    def __init__(self) -> None:
        self._filters: list[Installed] = []
        self._answers: dict[bytes, Answer | None] = {}

    def add(self, one: Installed) -> int:
        """Its number, from 1."""
        self._filters.append(one)
        return len(self._filters)

    def __getitem__(self, number: int) -> Installed:
        return self._filters[number - 1]

    def answer(self, number: int) -> Answer | None:
        """What computes the filter's answers; None: its program is not known."""
        one = self[number]
        if one.strict:
            return strict_answer
        if one.program not in self._answers:
            if len(self._answers) >= _MOST:
                self._answers.clear()
            self._answers[one.program] = _answer(one.program)
        return self._answers[one.program]


def _answer(program: bytes) -> Answer | None:
    try:
        return Emulator([program]).values if program else None
    except ProgramError:
        return None  # the kernel took another one: the target wrote over it while it was read
