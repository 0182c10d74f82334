"""How far a live view is behind its target: from the moment at which a call returns to the moment at which its verdict is in the recording."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from core.headless import HeadlessRun, stdio_streams
from core.observer.abilities import engine_abilities
from core.observer_command import observer_command
from core.plan import Terminal, make_plan
from core.policy.file import decode
from core.session import Progress, Session

LIMIT_MS: Final = 250
ROUNDS: Final = 3
SECONDS: Final = 3

LOOP: Final = """
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static long now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000L + t.tv_nsec; }
int main(void)
{
	long start = now(), calls = 0;
	for (; now() - start < SECONDS * 1000000000L; calls++) {
		syscall(SYS_getppid);
		while (now() - start < calls * 10000)
			;
	}
	return 0;
}
"""
"""100,000 calls a second, or as many as the machine lets it make."""

POLICY: Final = '[seccomp]\nmode = "filter"\n[[seccomp.rules]]\nsyscalls = ["ptrace", "mount"]\naction = "errno:EPERM"\n'


def main() -> None:
    """Prints calls a second and the lag: at the median of the deliveries, and the worst of all."""
    console = Console()
    problem = engine_abilities()["ebpf"]
    if problem is not None:
        console.print(f"the lag is that of eBPF, which does not work here: {problem}")
        return
    table = Table(title=f"behind the target, ms (limit: {LIMIT_MS} at 100,000 calls a second)", title_justify="left")
    for column in ("", "calls", "calls a second", "median", "worst"):
        table.add_column(column, justify="left" if not column else "right")
    with tempfile.TemporaryDirectory() as folder:
        source, loop = Path(folder, "loop.c"), Path(folder, "loop")
        source.write_text(LOOP.replace("SECONDS", str(SECONDS)))
        subprocess.run(["gcc", "-O2", "-o", loop, source], check=True)
        dd = ["dd", "if=/dev/zero", "of=/dev/null", "bs=1", "count=300000", "status=none"]
        for name, argv, limited in (("100,000 a second", [str(loop)], True), ("dd bs=1, as fast as it goes", dd, False)):
            for _ in range(ROUNDS):
                calls, rate, median, worst = _measured(argv)
                verdict = "" if not limited else f" {'≤' if worst <= LIMIT_MS else '[red]> limit'} {LIMIT_MS}"
                table.add_row(name, f"{calls:,.0f}", f"{rate:,.0f}", f"{median:.0f}", f"{worst:.0f}{verdict}")
    console.print(table)


def _measured(argv: list[str]) -> list[float]:
    # In a process of its own, as `gatescope run` is: it makes itself nicer than its target.
    done = subprocess.run([sys.executable, "-m", "tests.bench.lag", *argv], check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    return [float(word) for word in done.stdout.split()]


def _probe(argv: list[str]) -> None:
    session = Session(make_plan(decode(POLICY), argv, engine="ebpf", terminal=Terminal(stdio_streams())))
    lags: list[float] = []

    def on_progress(progress: Progress) -> None:
        if not progress.appended or session.recording is None:
            return
        now = time.monotonic_ns() - session.started_ns
        recording = session.recording
        for _, rows in recording.rows.slices(len(recording) - progress.appended, len(recording)):
            ends = rows["time_ns"] + np.maximum(rows["duration_ns"], 0)
            lags.append((now - int(ends.min())) / 1e6)

    HeadlessRun(session, observer_command(), on_progress).run()
    if session.failure or session.ending is None or session.recording is None:
        raise RuntimeError(session.failure or "the run has no end")
    calls = session.recording.summary().calls
    sys.stdout.write(f"{calls} {calls / session.ending.duration_ns * 1e9} {statistics.median(lags)} {max(lags)}\n")


if __name__ == "__main__":
    _probe(sys.argv[1:])
