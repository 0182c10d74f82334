"""Builds the filter of a policy beside the window's own work, after the user has paused."""

from __future__ import annotations

import dataclasses
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from core.bpf.build import build
from core.bpf.disassemble import Line, disassemble
from core.policy.model import Seccomp

_PAUSE_MS: Final = 150
_LOOK_MS: Final = 15


@dataclasses.dataclass(frozen=True, slots=True)
class FilterReport:
    """A filter that was built, or why there is none."""

    lines: tuple[Line, ...] = ()
    problem: str = ""
    """Why it could not be built, as a sentence."""
    own_reason: str = ""
    """Why it was made by Gatescope's own generator and not by libseccomp; empty where libseccomp made it."""
    idle_rules: tuple[int, ...] = ()
    """Numbers of the rules that do what the default action does."""


def build_report(seccomp: Seccomp) -> FilterReport:
    """Builds and disassembles; what is wrong with the rules is in the report."""
    try:
        built = build(seccomp)
        return FilterReport(disassemble(built.program), own_reason=built.reason, idle_rules=built.idle_rules)
    except ValueError as err:
        return FilterReport(problem=str(err))


class FilterBuilder(QObject):
    """Of many requests only the last one's result is told."""

    built = Signal(object)
    """A `FilterReport`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wanted = Seccomp()
        self._build: Future[FilterReport] | None = None
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self.submit)
        # The result is looked for while a build is under way: a signal from the worker's thread could wait for a lock that Qt holds
        # while it waits for the interpreter's.
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.timeout.connect(self._on_look)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="filter")

    def request(self, seccomp: Seccomp) -> None:
        """Builds this one unless another request comes within 150 ms; a build under way becomes stale at once."""
        self.cancel()
        self._wanted = seccomp
        self._pause.start()

    def submit(self) -> None:
        """Builds the last request without waiting for the pause to end."""
        self._pause.stop()
        self._build = self._pool.submit(build_report, self._wanted)
        self._look.start()

    def cancel(self) -> None:
        """No result is told until the next request."""
        self._pause.stop()
        self._look.stop()
        if self._build is not None:
            self._build.cancel()
            self._build = None

    def _on_look(self) -> None:
        if self._build is not None and self._build.done():
            build, self._build = self._build, None
            self._look.stop()
            self.built.emit(build.result())
