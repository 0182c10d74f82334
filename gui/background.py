"""Work that takes longer than a frame: beside the window's own, after the user has paused."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer, Signal

_PAUSE_MS: Final = 150
_LOOK_MS: Final = 15


class Background(QObject):
    """Of many requests only the last one's result is told."""

    done = Signal(object)
    """What the work gave."""

    def __init__(self, work: Callable[[Any], object], parent: QObject | None = None) -> None:
        """`work` runs in a thread of its own, one request at a time: it must not touch the window."""
        super().__init__(parent)
        self._work = work
        self._wanted: Any = None
        self._job: Future[object] | None = None
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self.submit)
        # The result is looked for while a job is under way: a signal from the worker's thread could wait for a lock that Qt holds
        # while it waits for the interpreter's.
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.timeout.connect(self._on_look)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="background")

    @property
    def busy(self) -> bool:
        """Whether a result is still to come."""
        return self._pause.isActive() or self._job is not None

    def request(self, subject: object) -> None:
        """Works on this one unless another request comes within 150 ms; a job under way becomes stale at once."""
        self.cancel()
        self._wanted = subject
        self._pause.start()

    def submit(self) -> None:
        """Begins with the last request without waiting for the pause to end."""
        self._pause.stop()
        self._job = self._pool.submit(self._work, self._wanted)
        self._look.start()

    def cancel(self) -> None:
        """No result is told until the next request."""
        self._pause.stop()
        self._look.stop()
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _on_look(self) -> None:
        if self._job is not None and self._job.done():
            job, self._job = self._job, None
            self._look.stop()
            self.done.emit(job.result())
