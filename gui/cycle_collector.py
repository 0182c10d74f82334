"""Python's collection of cycles, kept in the window's own thread.

The interpreter collects in whichever thread happens to allocate, and what it frees may be widgets: destroyed in a worker's thread they take
Qt's locks while they wait for the interpreter's, and the window stands still for ever.
"""

from __future__ import annotations

import gc
from typing import Final

from PySide6.QtCore import QObject, QTimer

_LOOK_MS: Final = 500


class CycleCollector(QObject):
    """While it lives, only its timer collects, by the interpreter's own thresholds."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        gc.freeze()  # what is there by now, the modules, stays: each look through it would hold the window up
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.timeout.connect(self._on_look)
        self._look.start()

    def stop(self) -> None:
        """Leaves collecting to the interpreter again: the window is gone."""
        self._look.stop()
        gc.unfreeze()
        gc.enable()

    def _on_look(self) -> None:
        counts = zip(gc.get_count(), gc.get_threshold(), strict=True)
        due = [generation for generation, (count, threshold) in enumerate(counts) if count > threshold]
        if due:
            gc.collect(due[-1])
