"""The window as a process: killed without a word, it leaves nothing running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.core.observer.driver import wait_gone

_WINDOW = """
from PySide6.QtCore import QTimer
from gui.app import make_application, run_window
from gui.main_window import MainWindow

def run():
    (window,) = (widget for widget in application.topLevelWidgets() if isinstance(widget, MainWindow))
    window.flow.engine = "ptrace"
    window.bar.set_command("sh -c 'sleep 1000 & echo $$ $!; wait'")
    window.flow.controller.output.connect(lambda _, data: print(data.decode(), flush=True))
    window.actions_.run.trigger()

application = make_application()
QTimer.singleShot(0, run)
run_window(application)
"""

_WAITING_WINDOW = """
from PySide6.QtCore import QTimer
from gui.app import make_application, run_window
from tests.support.processes import observers

def look():
    print(*observers(), flush=True)

application = make_application()
timer = QTimer(interval=50)
timer.timeout.connect(look)
timer.start()
run_window(application)
"""


def started(script: str, folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    return subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE)


def test_a_killed_window_leaves_no_target_and_no_observer(tmp_path: Path) -> None:
    with started(_WINDOW, tmp_path) as window:
        assert window.stdout is not None
        targets = [int(pid) for pid in window.stdout.readline().split()]
        observers = [int(pid) for pid in Path(f"/proc/{window.pid}/task/{window.pid}/children").read_text().split()]
        window.send_signal(signal.SIGKILL)
    assert len(targets) == 2
    assert len(observers) == 1
    assert wait_gone([*targets, *observers]) == []


def test_a_killed_window_leaves_no_observer_that_waits(tmp_path: Path) -> None:
    with started(_WAITING_WINDOW, tmp_path) as window:
        assert window.stdout is not None
        observer = next(int(line) for line in window.stdout if line.strip())
        window.send_signal(signal.SIGKILL)
    assert wait_gone([observer]) == []
