"""`gatescope run`: from its options to a run, and to lines of events."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from core.complaint import FAILURE_STATUS, USAGE_STATUS, Complaint
from core.event import Event
from core.headless import HeadlessRun, line_end, stdio_streams, terminal_size
from core.observer_command import PrefixError, is_elsewhere, observer_command, root_prefix
from core.plan import Plan, Terminal, UsageProblem, make_plan
from core.policy.check import check
from core.policy.error import PolicyError
from core.policy.model import Policy
from core.policy.reading import read_policy
from core.recording.filter import Query, Term
from core.session import Progress, Session
from core.text import Paint, coloured, event_line, plain


def run(options: argparse.Namespace) -> int:
    """Returns the exit status. Raises `Complaint`."""
    plan = _plan(options)
    command = _observer(plan, options.observer, options.observer_command)
    session = Session(plan, options.record)
    with _event_stream(options.output) as out:
        printer = EventPrinter(session, out, options.format, options.only)
        HeadlessRun(session, command, printer.progress).run()
        printer.finish()
    if session.failure is not None:
        unasked = "" if options.observer or session.hello else _why_root(plan)
        raise Complaint(unasked + session.failure, USAGE_STATUS if session.refused else FAILURE_STATUS)
    return session.ending.exit_status if session.ending is not None else FAILURE_STATUS


class EventPrinter:
    """Writes a run's events as they come: lines for people, or JSON Lines."""

    def __init__(self, session: Session, out: TextIO, style: str, only: tuple[str, ...]) -> None:
        """`only`: words of outcomes and gates; empty for everything."""
        self._session = session
        self._out = out
        self._json = style == "jsonl"
        self._query = Query((Term("verdict", only),) if only else ())
        self._paint: Paint = coloured if _shows_colour(out) else plain
        self._printed = 0
        self._writing = True
        self._problem: str | None = None

    def progress(self, progress: Progress) -> None:
        """Writes what has come."""
        for note in progress.notes:
            self._note(note)
        recording = self._session.recording
        if recording is None:
            return
        start, self._printed = self._printed, len(recording)
        if self._query.terms:
            events: Iterable[Event] = (recording.event(int(index)) for index in self._query.matches(recording, start, self._printed))
        else:
            events = recording.events(start, self._printed)
        self._write(self._line(event, recording.header.machine) for event in events)
        if recording.problem != self._problem and recording.problem is not None:
            self._problem = recording.problem
            self._note(recording.problem)

    def finish(self) -> None:
        """Writes the summary, and how the target ended."""
        recording, ending = self._session.recording, self._session.ending
        if recording is None or ending is None:
            return
        summary = recording.summary()
        if self._json:
            self._write([json.dumps(summary.to_json())])
        else:
            self._write([f"{ending.sentence} · {summary.sentence}"])

    def _line(self, event: Event, native: str) -> str:
        return json.dumps(event.to_json()) if self._json else event_line(event, self._paint, native)

    def _note(self, sentence: str) -> None:
        """Beside the events, so that JSON Lines stay JSON."""
        with contextlib.suppress(OSError):  # where the events fill the disk under stderr, nobody is left to be told
            sys.stderr.write(f"gatescope: {sentence}{line_end(sys.stderr)}")

    def _write(self, lines: Iterable[str]) -> None:
        end = line_end(self._out)
        text = "".join(f"{line}{end}" for line in lines)
        if not text or not self._writing:
            return
        try:
            self._out.write(text)
            self._out.flush()
        except BrokenPipeError:
            raise  # nobody reads us any more: that ends the run, as it would end any program
        except OSError as err:
            self._writing = False
            self._note(f"{self._out.name}: events are no longer written there: {err.strerror}. The run goes on; make room, and run again")


def _shows_colour(out: TextIO) -> bool:
    """rich knows NO_COLOR, TERM=dumb and the rest; it takes long to load, so only a terminal asks it."""
    if not out.isatty():
        return False
    from rich.console import Console

    console = Console(file=out)
    return console.color_system is not None and not console.no_color


def _plan(options: argparse.Namespace) -> Plan:
    policy = load_policy(options.policy) if options.policy else Policy()
    try:
        return make_plan(
            policy,
            options.target,
            user=options.user,
            engine=options.engine,
            terminal=Terminal(stdio_streams(), *terminal_size()),
            elsewhere=is_elsewhere(options.observer or "none"),
            file=str(options.policy or ""),
        )
    except UsageProblem as err:
        raise Complaint(str(err)) from err


def load_policy(path: Path) -> Policy:
    """Reads a policy file and checks what it says. Raises `Complaint` that names the file."""
    try:
        policy = read_policy(path, pipes=True)
        check(policy)
        return policy
    except PolicyError as err:
        raise Complaint(f"{path}: {err}") from err
    except OSError as err:
        raise Complaint(f"{path}: cannot be read: {err.strerror}. Name a policy file (TOML) that you may read") from err


def _observer(plan: Plan, prefix: str | None, far_command: str) -> list[str]:
    unasked = "" if prefix else _why_root(plan)
    try:
        if prefix is None:
            prefix = root_prefix(graphical=False) if plan.needs_root else "none"
        return observer_command(prefix, far_command)
    except PrefixError as err:
        raise Complaint(f"{unasked}{err}") from err


def _why_root(plan: Plan) -> str:
    """Goes before a failure to become root where nobody asked for that: what wants it, and how to do without."""
    return f"{plan.why_root} That was tried: " if plan.needs_root else ""


@contextlib.contextmanager
def _event_stream(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stderr
        return
    try:
        file = path.open("w", encoding="utf-8", errors="backslashreplace")
    except OSError as err:
        raise Complaint(f"{path}: events cannot be written there: {err.strerror}. Choose another file with --output") from err
    try:
        yield file
    finally:
        with contextlib.suppress(OSError):  # what could not be written has been told
            file.close()
