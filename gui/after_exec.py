"""What the target will hold once it runs: `core.predict` asked for the command line as it stands, from a worker's thread."""

from __future__ import annotations

import dataclasses
import os
import shlex
from pathlib import Path
from typing import Final

import msgspec

from core.observer.records import read_credentials
from core.observer.wire import Engine
from core.policy.error import PolicyError
from core.policy.held import Held
from core.policy.identity import Caller, User
from core.policy.model import Policy, Seccomp
from core.policy.target import Target
from core.predict.forecast import Forecast, forecast, root_observer
from core.predict.program import Program, read_program
from core.target import TargetError, resolve_target
from core.users import find_group, find_user, invoking_user
from gui.ways import WINDOW
from gui.words import sentence

_NO_TARGET: Final = Target("/", ("",), {}, "/")
_ORDINARY: Final = Program("an ordinary program")


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """A launch that may be made."""

    policy: Policy
    command: str
    """As the target bar has it, perhaps unfinished."""
    caller: Caller
    elsewhere: bool = False
    """Whether the observer runs on another machine or in a container, whose files cannot be looked at from here."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What it would come to."""

    forecast: Forecast | None = None
    """None: it cannot be made."""
    problem: str = ""
    """Why it cannot be made."""

    @property
    def counts(self) -> str:
        """ "permitted 0 → 1 · effective 0 → 1 · ambient 0"."""
        changes = self.forecast.changes if self.forecast is not None else ()
        return " · ".join(change.counts for change in changes if change.name in ("permitted", "effective", "ambient"))

    @property
    def lines(self) -> tuple[str, ...]:
        """The gist: how many, by which rule where exec changes the permitted set, and whether more can be regained."""
        if self.forecast is None:
            return ()
        regain = self.forecast.regain
        if regain is None:
            return (*self.forecast.notes, *(rule.sentence for rule in self.forecast.prediction.rules[-1:]))
        rules = next((change.rules[:1] for change in self.forecast.changes if change.name == "permitted" and change.changed), ())
        return (*self.forecast.notes, self.counts, *rules, regain.gist)


def own_caller(*, as_root: bool) -> Caller:
    """This process as the one that launches; `as_root`: through an observer that runs as root."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text(encoding="ascii"))
    mine = read_credentials(os.getpid(), securebits=0)
    held = Held(mine.bounding, mine.permitted, mine.effective, mine.inheritable, mine.ambient, ways=WINDOW)
    observer = User(os.getuid(), os.getgid(), tuple(os.getgroups()))
    caller = Caller(invoking_user(), observer, held, last, find_user, find_group)
    return root_observer(caller) if as_root else caller


def answer(question: Question) -> Answer:
    """Looks at the file, and computes; may take as long as a file system does."""
    # Neither of these changes what exec does; whether they can be had is said where they are made.
    policy = msgspec.structs.replace(question.policy, seccomp=Seccomp(), paths=None)
    target, program, notes = _elsewhere() if question.elsewhere else _program(question.command)
    engine: Engine = "ebpf" if question.caller.may_set_ids else "ptrace"
    try:
        return Answer(forecast(policy, target, program, question.caller, engine=engine, notes=notes))
    except PolicyError as err:
        return Answer(problem=str(err))


def _elsewhere() -> tuple[Target, Program, tuple[str, ...]]:
    note = "The observer runs elsewhere. Below as for an ordinary program, and for root as it is on this machine:"
    return _NO_TARGET, _ORDINARY, (note,)


def _program(command: str) -> tuple[Target, Program, tuple[str, ...]]:
    # Where there is none, any ordinary program serves.
    try:
        words = shlex.split(command)
    except ValueError as err:
        why = f"The command line cannot be split: {err}"
    else:
        try:
            target = resolve_target(words, os.environ, str(Path.cwd()))
            return target, read_program(target.executable), ()
        except (TargetError, OSError) as err:
            why = str(err)
    return _NO_TARGET, _ORDINARY, (f"{sentence(why)} Below as for an ordinary program:",) if command.strip() else ()
