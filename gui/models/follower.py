"""Hands a recording's events to whoever counts them, in slices between the window's frames."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from gui.models.slices import Slices

if TYPE_CHECKING:
    from core.recording.recording import Recording

_SHOW_EVERY: Final = 0.25
"""Seconds between two announcements while much is there to be counted."""


class Taker(Protocol):
    """What counts events."""

    def take(self, recording: Recording, start: int, stop: int) -> None:
        """Takes in the events of [start, stop), which follow those of the call before."""


class Follower(QObject):
    """Keeps one taker in step with one recording, whenever it is asked to."""

    advanced = Signal()
    """The taker knows more than it did; emitted a few times a second at most, and when it knows everything."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source: Recording | None = None
        self._taker: Taker | None = None
        self._done = 0
        self._shown_at = 0.0
        self._slices = Slices()
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._on_turn)

    def follow(self, source: Recording | None, taker: Taker) -> None:
        """A recording, or none, from its start, for a fresh taker."""
        self._timer.stop()
        self._source, self._taker, self._done = source, taker, 0

    def catch_up(self) -> None:
        """Hands over what came since."""
        if not self._timer.isActive():
            # A little is done at once, so that what is shown need not be shown again.
            self._timer.start()
            self._on_turn()

    def _on_turn(self) -> None:
        if self._source is None or self._taker is None or self._done >= len(self._source):
            self._timer.stop()
            return
        length = len(self._source)
        self._slices.begin_turn()
        going = True
        while going and self._done < length:
            stop = min(self._done + self._slices.begin(), length)
            self._taker.take(self._source, self._done, stop)
            self._done = stop
            going = self._slices.end()
        if self._done >= length:
            self._timer.stop()
        if self._done >= length or time.monotonic() > self._shown_at + _SHOW_EVERY:
            self._shown_at = time.monotonic()
            self.advanced.emit()
