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


def test_a_killed_window_leaves_no_target_and_no_observer(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", _WINDOW], env=environment, stdout=subprocess.PIPE) as window:
        assert window.stdout is not None
        targets = [int(pid) for pid in window.stdout.readline().split()]
        observers = [int(pid) for pid in Path(f"/proc/{window.pid}/task/{window.pid}/children").read_text().split()]
        window.send_signal(signal.SIGKILL)
    assert len(targets) == 2
    assert len(observers) == 1
    assert wait_gone([*targets, *observers]) == []
