"""How long the window lets its user wait: until it is shown, and from pressing Run to the first event."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from typing import Final

from pyvirtualdisplay.display import Display
from rich.console import Console
from rich.table import Table

from tests.bench.window_probe import RUNS

ROUNDS: Final = 5
LIMITS: Final = {"start to the window shown": 1500, "Run to the first event": 500, "Run again to the first event": 500}
"""Milliseconds, warm."""
_START: Final = "import gc, sys; gc.disable(); from tests.bench.window_probe import main; sys.exit(main())"  # as gui.__main__ starts it


def main() -> None:
    """Prints a table; the first round, which warms the caches, does not count."""
    with ExitStack() as stack:
        if not os.environ.get("DISPLAY"):
            stack.enter_context(Display(visible=False, size=(1440, 900)))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        rounds = [_round(folder) for _ in range(ROUNDS + 1)][1:]
    table = Table(title=f"the window, {ROUNDS} rounds, ms", title_justify="left")
    for column in ("", "median", "worst", "limit"):
        table.add_column(column, justify="left" if not column else "right")
    for (name, limit), values in zip(LIMITS.items(), zip(*rounds, strict=True), strict=True):
        median = statistics.median(values)
        table.add_row(name, f"{median:.0f}", f"{max(values):.0f}", f"{'≤' if median <= limit else '[red]> limit'} {limit}")
    Console().print(table)


def _round(folder: str) -> list[float]:
    environment = {**os.environ, "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # warm as a user has it, with the compiled modules on disk
    command = [sys.executable, "-c", _START, str(time.monotonic_ns())]
    lines = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, timeout=120).stdout.split()
    if len(lines) != 1 + RUNS:
        raise RuntimeError(f"the window's probe printed {len(lines)} times instead of {1 + RUNS}")
    return [float(line) for line in lines]
