"""What leads around a whole filter: io_uring, other processes, other call tables."""

from __future__ import annotations

import dataclasses
import functools
import tomllib
from collections.abc import Iterator
from typing import Final

import msgspec

from core.lint.edit import decide, with_filter
from core.lint.finding import Finding, Fix
from core.lint.subject import Part, Subject, refuses, series
from core.policy.action import Action
from core.policy.architectures import NATIVE
from core.resources import resource_path

_ALSO_RUN: Final = {"x86_64": ("x86", "x32"), "x32": ("x86_64", "x86")}
# Call tables beside the native one that a kernel of this machine may serve.
_ABI_NAMES: Final = {"x86": "32-bit x86 (int 0x80)", "x32": "x32 (numbers with bit 30)", "x86_64": "x86_64"}


@dataclasses.dataclass(frozen=True, slots=True)
class Way:
    """One way round (resources/lint/ways_round.toml)."""

    code: str
    calls: tuple[str, ...]
    close: tuple[str, ...]
    action: str
    round: tuple[str, ...]
    why: str
    source: str


@functools.cache
def ways() -> tuple[Way, ...]:
    """All of them, in the data file's order."""
    return tuple(msgspec.convert(tomllib.loads(resource_path("lint/ways_round.toml").read_text(encoding="utf-8"))["way"], list[Way]))


def check(subject: Subject) -> Iterator[Finding]:
    """The ways that the filters leave open, where they refuse something that those lead around."""
    if subject.refuses_something:
        for way in ways():
            yield from _way(subject, way)


def _way(subject: Subject, way: Way) -> Iterator[Finding]:
    tables = tuple(subject.tables())
    left = [call for call in way.calls if any(subject.may_run(table, call) for table in tables)]
    if not left:
        return
    refused = [call for call in way.round if any(subject.is_refused(table, call) for table in tables)]
    if refused or way.round == ("*",):
        what = "What this filter refuses" if not refused else f"What it refuses of {series(_few(refused))}"
        fix = _closing(subject, way)
        yield Finding(way.code, "warning", None, f"{series(left)} is left open. {what} can be got around by it: {_lower(way.why)}", fix)


def _closing(subject: Subject, way: Way) -> Fix:
    part = next((part for part in subject.filters if refuses(part.default)), subject.filters[0])
    action = part.layer.filter.default if refuses(part.default) else way.action
    return Fix(f"Answer {series(way.close)} with {action}.", decide(subject.policy, part.layer.number, way.close, action))


def check_tables(part: Part) -> Iterator[Finding]:
    """The call tables that a filter does not cover and lets run, where it refuses something."""
    covered = {table for _, table in part.tables()}
    left = [table for table in _ALSO_RUN.get(NATIVE, ()) if table not in covered and _runs(part.subject, table)]
    if left and part.refuses_something and not refuses(Action.from_value(part.meaning.bad_arch)):
        yield Finding(
            "architecture-open",
            "error",
            None,
            f"{part.prefix}The calls of {series([_ABI_NAMES[table] for table in left])} are not covered and get {part.layer.filter.bad_arch}: any "
            "program can make them without being another kind of program, so everything that is refused can be had with other numbers.",
            Fix('Set bad_arch = "kill-process".', with_filter(part.policy, part.layer.number, bad_arch="kill-process")),
        )


def _runs(subject: Subject, table: str) -> bool:
    answer = subject.answer(table, "getpid")
    return answer is not None and not refuses(answer)


def _few(names: list[str]) -> list[str]:
    return names if len(names) <= 4 else [*names[:3], f"{len(names) - 3} more"]


def _lower(sentence: str) -> str:
    first = sentence.split(maxsplit=1)[0]
    return sentence if "_" in first else f"{sentence[0].lower()}{sentence[1:]}"
