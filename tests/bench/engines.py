"""What watching costs: each target untraced, under both engines and under strace, in turn, as ratios of wall time."""

from __future__ import annotations

import collections
import dataclasses
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from core.event import CallEvent, ProcessEvent
from core.observer.abilities import engine_abilities
from core.observer.wire import Engine
from core.recording.recording import Recording
from tests.support.run import recording_of, run

ROUNDS = 5
STRACE_ROUNDS = 2  # the rest is slow, and steady
FAST = ("untraced", "ebpf")
C_FILES = 8


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """A target, and what may be claimed of it."""

    name: str
    shell: str
    limits: dict[str, float]
    prepare: str = ""
    """Run before each round, untimed."""

    @property
    def argv(self) -> list[str]:
        return ["/bin/sh", "-c", self.shell]


CASES = (
    Case(
        "find /usr/share",
        "exec find /usr/share >/dev/null",
        {"ebpf/untraced": 1.6, "ebpf/strace": 0.05, "ptrace/strace": 0.35, "ptrace/strace 1 CPU": 1.5},
    ),
    Case("make -j2, 8 files", "exec make -s -j2", {"ebpf/untraced": 1.5}, prepare="make -s clean"),
    Case(
        "dd bs=1, 600k calls", "exec dd if=/dev/zero of=/dev/null bs=1 count=300000 2>/dev/null", {"ebpf/untraced": 8, "ebpf/strace": 0.05}
    ),
)

Seconds = dict[str, list[float]]


def main() -> None:
    """Prints a table a target: medians, ratios, the limits of the claims, lost records."""
    console = Console()
    ebpf = engine_abilities()["ebpf"]
    if ebpf is not None:
        console.print(f"without eBPF: {ebpf}")
    with _project() as folder:
        for case in CASES:
            measured = _Measurements(case, folder)
            measured.run(_ways(ebpf is None))
            _print(console, case, measured)
        _compare_counts(console, folder)


def _ways(with_ebpf: bool) -> list[str]:
    ways = ["untraced", "ebpf", "ptrace", "strace", "strace 1 CPU"]
    return [way for way in ways if (way != "ebpf" or with_ebpf) and ("strace" not in way or shutil.which("strace"))]


@contextmanager
def _project() -> Iterator[Path]:
    """A small C project in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(C_FILES):
            (folder / f"f{number}.c").write_text(
                f'#include <stdio.h>\nint f{number}(void) {{ return printf("{number}"); }}\n', encoding="ascii"
            )
        objects = " ".join(f"f{number}.o" for number in range(C_FILES))
        (folder / "Makefile").write_text(f"all: {objects}\nclean:\n\trm -f *.o\n", encoding="ascii")
        yield folder


class _Measurements:
    """One target, run in every way in turn."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.calls = self.lost = 0
        self.seconds: Seconds = collections.defaultdict(list)
        self._case = case
        self._folder = folder

    def run(self, ways: Sequence[str]) -> None:
        for round_number in range(ROUNDS):
            for way in ways:
                if round_number < STRACE_ROUNDS or way in FAST:
                    subprocess.run(["/bin/sh", "-c", self._case.prepare], cwd=self._folder, check=True)
                    self.seconds[way].append(self._run(way))

    def _run(self, way: str) -> float:
        if way in ("ebpf", "ptrace"):
            return self._gatescope(way)
        strace = ["strace", "-f", "-o", str(self._folder / "strace.out")]
        one_cpu = ["taskset", "-c", str(min(os.sched_getaffinity(0)))]
        before: dict[str, list[str]] = {"untraced": [], "strace": strace, "strace 1 CPU": [*one_cpu, *strace]}
        start = time.perf_counter()
        subprocess.run([*before[way], *self._case.argv], cwd=self._folder, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - start

    def _gatescope(self, engine: str) -> float:
        path = self._folder / "run.arrow"
        command = [
            sys.executable,
            "-m",
            "core.cli",
            "run",
            "--engine",
            engine,
            "--only",
            "killed",
            "--output",
            "/dev/null",
            "--record",
            str(path),
        ]
        quiet = subprocess.DEVNULL
        subprocess.run([*command, "--", *self._case.argv], cwd=self._folder, check=True, stdin=quiet, stdout=quiet, stderr=quiet)
        recording = Recording.open(path)
        summary = recording.summary()
        self.calls, self.lost = summary.calls, self.lost + summary.lost
        return _wall(recording)


def _wall(recording: Recording) -> float:
    """Seconds from the target's execve to its exit, by the records' own clock."""
    first = recording.event(0)
    ends = (event for event in recording.events() if isinstance(event, ProcessEvent) and event.event == "exit" and event.tid == first.pid)
    return (next(ends).time_ns - first.time_ns) / 1e9


def _print(console: Console, case: Case, measured: _Measurements) -> None:
    medians = {way: statistics.median(values) for way, values in measured.seconds.items()}
    table = Table(title=f"{case.name}: {measured.calls:,} calls, {measured.lost} lost", title_justify="left")
    for column in ("", "seconds (median)", "over untraced", "over strace -f", "over strace -f, 1 CPU"):
        table.add_column(column, justify="left" if not column else "right")
    for way, value in medians.items():
        cells = [_ratio(case, way, base, medians) for base in ("untraced", "strace", "strace 1 CPU")]
        table.add_row(way, f"{value:.3f}", *cells)
    console.print(table)


def _ratio(case: Case, way: str, base: str, medians: dict[str, float]) -> str:
    if base not in medians or way == base:
        return ""
    ratio, limit = medians[way] / medians[base], case.limits.get(f"{way}/{base}")
    if limit is None:
        return f"{ratio:.3f}"
    return f"{ratio:.3f} {'≤' if ratio <= limit else '[red]> limit'} {limit}"


def _compare_counts(console: Console, folder: Path) -> None:
    """Every call that strace counts must be in the recording, name by name."""
    # The target's stdout is the same in all runs: a terminal, a pipe and a file are asked different things.
    argv = ["/bin/sh", "-c", "exec ls -lR /usr/share/doc >/dev/null"]
    trace = folder / "counts"
    subprocess.run(["strace", "-f", "-o", str(trace), *argv], check=True, stdout=subprocess.DEVNULL)
    strace = collections.Counter(match[1] for match in re.finditer(r"^\d+ +(\w+)\(", trace.read_text(errors="replace"), re.MULTILINE))
    engines: tuple[Engine, ...] = ("ebpf", "ptrace")
    for engine in engines:
        if engine_abilities()[engine] is None:
            session = run(argv, engine=engine)
            ours = collections.Counter(event.syscall for event in recording_of(session).events() if isinstance(event, CallEvent))
            different = {name: (strace[name], ours[name]) for name in strace | ours if strace[name] != ours[name]}
            console.print(f"ls -lR /usr/share/doc under {engine}: {ours.total():,} calls; differs from strace in {different or 'nothing'}")
