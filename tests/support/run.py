"""A whole run from a test: a real observer, a session, its recording."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from core.event import CallEvent
from core.knowledge.syscalls import name
from core.observer_command import observer_command
from core.plan import EngineChoice, Plan, Terminal, make_plan
from core.policy.file import decode
from core.policy.model import Policy
from core.recording.recording import Recording
from core.session import Session

PIPES = Terminal(("pipe", "pipe", "pipe"))


def policy(text: str) -> Policy:
    """A policy from the text of its file."""
    return decode(text)


_AS_NOBODY = """import os, sys, prctl
from core.observer.__main__ import main  # all of the code is read before it is somebody who may not be allowed to read it
os.setgroups([]); os.setgid(65534); os.setuid(65534)
prctl.set_dumpable(1)  # else its children could not be traced: it has changed its user ids
sys.exit(main())
"""
UNPRIVILEGED_OBSERVER = (sys.executable, "-I", "-c", _AS_NOBODY)
"""An observer that gives up being root before it begins."""


def run(
    argv: Sequence[str],
    policy_text: str = "",
    *,
    engine: EngineChoice = "auto",
    record: Path | None = None,
    directory: str | None = None,
    observer: Sequence[str] = (),
) -> Session:
    """Runs to the end with an empty stdin; the session's recording, ending or failure tell of it. Raises `UsageProblem` as `make_plan` does."""
    return run_plan(make_plan(decode(policy_text), argv, engine=engine, terminal=PIPES, directory=directory), record, observer)


def run_plan(plan: Plan, record: Path | None = None, observer: Sequence[str] = ()) -> Session:
    """Runs a plan to its end with an empty stdin; `observer`: the command line of another one than our own."""
    session = Session(plan, record)
    # Its stderr goes to a file: a pipe that nobody reads could fill.
    with (
        tempfile.TemporaryFile() as stderr,
        subprocess.Popen(observer or observer_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        while data := os.read(process.stdout.fileno(), 1 << 20):
            commands = session.feed(data).commands
            if commands:
                process.stdin.write(commands)
                process.stdin.flush()
        process.stdin.close()
        process.wait(10)
        stderr.seek(0)
        session.finish(stderr.read().decode(errors="replace"), process.returncode)
    return session


def recording_of(session: Session) -> Recording:
    """The run's recording; fails with the session's sentence where there is none."""
    assert session.failure is None, session.failure
    assert session.recording is not None
    return session.recording


def calls_of(session: Session, *names: str) -> list[CallEvent]:
    """The calls with one of these names, or all calls; the others are not decoded, which takes longer than the run."""
    recording = recording_of(session)
    found = []
    for first, rows in recording.rows.slices(0, len(recording)):
        numbers = zip(rows["arch"].tolist(), rows["nr"].tolist(), strict=True)
        places = (place for place, (arch, nr) in enumerate(numbers) if not names or name(arch, nr) in names)
        found += [recording.event(first + place) for place in places]
    return [event for event in found if isinstance(event, CallEvent)]
