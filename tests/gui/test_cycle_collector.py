"""Widgets that only cycles keep are freed in the window's thread, whatever other threads allocate."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from gui.cycle_collector import CycleCollector


class Knot(QObject):
    """An object that keeps itself; its end is told with the thread that it happens in."""

    def __init__(self, ended_in: list[int]) -> None:
        super().__init__()
        self.myself = self
        weakref.finalize(self, lambda: ended_in.append(threading.get_ident()))


def many_objects() -> list[list[int]]:
    """More than the interpreter waits for before it collects."""
    return [[number] for number in range(10 * gc.get_threshold()[0])]


def test_a_worker_frees_no_widget(qtbot: QtBot) -> None:
    ended_in: list[int] = []
    collector = CycleCollector()
    Knot(ended_in)
    worker = threading.Thread(target=many_objects)
    worker.start()
    worker.join()
    assert ended_in == []
    kept = many_objects()
    assert ended_in == []
    qtbot.waitUntil(lambda: ended_in == [threading.get_ident()])
    assert kept
    collector.stop()
    assert gc.isenabled()
    gc.disable()  # as the fixture of all the window's tests has it
