"""A whole run from a test: a real observer, a session, its recording."""

from __future__ import annotations

import os
import subprocess
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


def run(
    argv: Sequence[str], policy_text: str = "", *, engine: EngineChoice = "auto", record: Path | None = None, directory: str | None = None
) -> Session:
    """Runs to the end with an empty stdin; the session's recording, ending or failure tell of it. Raises `UsageProblem` as `make_plan` does."""
    return run_plan(make_plan(decode(policy_text), argv, engine=engine, terminal=PIPES, directory=directory), record)


def run_plan(plan: Plan, record: Path | None = None) -> Session:
    """Runs a plan to its end with an empty stdin."""
    session = Session(plan, record)
    # Its stderr goes to a file: a pipe that nobody reads could fill.
    with (
        tempfile.TemporaryFile() as stderr,
        subprocess.Popen(observer_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr) as observer,
    ):
        assert observer.stdin is not None
        assert observer.stdout is not None
        while data := os.read(observer.stdout.fileno(), 1 << 20):
            commands = session.feed(data).commands
            if commands:
                observer.stdin.write(commands)
                observer.stdin.flush()
        observer.stdin.close()
        observer.wait(10)
        stderr.seek(0)
        session.finish(stderr.read().decode(errors="replace"), observer.returncode)
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
