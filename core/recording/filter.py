"""The log's filter: `syscall:socket,connect -process:sh verdict:denied raw`, over the rows of a recording.

Terms are joined by "and"; a comma inside a term means "or"; a leading minus excludes; a word without a field is looked for in every column.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from core.event import CallEvent
from core.judge.verdict import Evidence, Gate, Outcome
from core.knowledge.capabilities import capability_name, parse_capability
from core.knowledge.errnos import errno_number
from core.knowledge.syscalls import arch_name, name
from core.recording.rows import CALL_ROW, PROCESS_ROW, Rows, returns

if TYPE_CHECKING:
    from core.recording.recording import Recording

Mask = NDArray[np.bool_]

_TERM: Final = re.compile(r'\s*(?P<minus>-?)(?:(?P<field>[a-z]+):)?(?P<value>"[^"]*"|[^\s"]+)')


class QueryError(ValueError):
    """A filter that cannot be understood; `position` is where, in characters from 0."""

    def __init__(self, sentence: str, position: int) -> None:
        super().__init__(sentence)
        self.position = position


@dataclasses.dataclass(frozen=True, slots=True)
class Term:
    """One condition."""

    field: str
    """"" looks in every column."""
    values: tuple[str, ...]
    exclude: bool = False

    def __str__(self) -> str:
        text = ",".join(self.values)
        quoted = f'"{text}"' if re.search(r"\s", text) or not text else text
        return f"{'-' if self.exclude else ''}{self.field + ':' if self.field else ''}{quoted}"


@dataclasses.dataclass(frozen=True, slots=True)
class Query:
    """A parsed filter; without terms it matches everything."""

    terms: tuple[Term, ...] = ()

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))

    def with_term(self, field: str, value: str, exclude: bool = False) -> Query:
        """This filter, and one condition more."""
        term = Term(field, (value,), exclude)
        return self if term in self.terms else Query((*self.terms, term))

    def matches(self, recording: Recording, start: int, stop: int) -> NDArray[np.int64]:
        """The numbers of the matching rows in [start, stop), ascending. Work is linear; call it in slices to stay responsive."""
        found = [np.empty(0, np.int64)]
        for first, rows in recording.rows.slices(start, stop):
            mask = np.ones(len(rows), np.bool_)
            for term in self.terms:
                hit = _FIELDS[term.field].mask(_Slice(recording, first, rows, mask), term.values)
                mask &= ~hit if term.exclude else hit
            found.append(np.flatnonzero(mask) + first)
        return np.concatenate(found)


def parse_query(text: str) -> Query:
    """Raises `QueryError` that says what is wrong, and where."""
    terms, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None:
            raise QueryError("a quotation mark is not closed", position)
        terms.append(_term(match))
        position = match.end()
    return Query(tuple(terms))


def _term(match: re.Match[str]) -> Term:
    field, value = match["field"] or "", match["value"]
    position = match.start("field") if field else match.start("value")
    if field not in _FIELDS:
        close = difflib.get_close_matches(field, _FIELDS, 1)
        hint = f"; did you mean {close[0]}:?" if close else f"; there are {', '.join(filter(None, _FIELDS))}"
        raise QueryError(f"there is no field {field!r}{hint}", position)
    values = (value[1:-1],) if value.startswith('"') else tuple(filter(None, value.split(",")))
    check = _FIELDS[field].check
    try:
        for each in values:
            check(each)
    except ValueError as err:
        raise QueryError(str(err), match.start("value")) from err
    return Term(field, values, bool(match["minus"]))


@dataclasses.dataclass(frozen=True, slots=True)
class _Slice:
    """Some rows, their place in the recording, and which of them are still in question."""

    recording: Recording
    first: int
    rows: Rows
    open: Mask

    @property
    def calls(self) -> Mask:
        mask: Mask = self.rows["kind"] == CALL_ROW
        return mask


@dataclasses.dataclass(frozen=True, slots=True)
class _Field:
    mask: Callable[[_Slice, Sequence[str]], Mask]
    check: Callable[[str], object]


def _among(column: NDArray[np.generic], numbers: Iterable[int]) -> Mask:
    return np.isin(column, list(numbers))


def _contains(texts: Sequence[str], values: Sequence[str]) -> list[int]:
    lowered = [value.lower() for value in values]
    return [number for number, text in enumerate(texts) if any(value in text.lower() for value in lowered)]


def _syscall(part: _Slice, values: Sequence[str]) -> Mask:
    pairs = (part.rows["arch"].astype(np.uint64) << np.uint64(32)) | part.rows["nr"]
    unique, inverse = np.unique(pairs, return_inverse=True)
    hits = [_is_syscall(int(pair) >> 32, int(pair) & 0xFFFFFFFF, values) for pair in unique]
    return np.asarray(hits, np.bool_)[inverse.reshape(-1)] & part.calls


def _is_syscall(arch: int, nr: int, values: Sequence[str]) -> bool:
    """A `*` stands for anything; without one, the whole name is meant."""
    known = name(arch, nr) if arch else ""
    return any(re.fullmatch(re.escape(value).replace(r"\*", ".*"), known) is not None or value == str(nr) for value in values)


def _process(part: _Slice, values: Sequence[str]) -> Mask:
    return _among(part.rows["comm"], _contains(part.recording.names.texts, values))


def _reason(part: _Slice, values: Sequence[str]) -> Mask:
    return _among(part.rows["reason"], _contains(part.recording.names.texts, values)) & part.calls


def _number(column: str) -> _Field:
    return _Field(lambda part, values: _among(part.rows[column], map(int, values)), _whole_number)


def _whole_number(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None


def _rule(part: _Slice, values: Sequence[str]) -> Mask:
    """0: calls that no rule decided."""
    return _among(part.rows["rule"], [_whole_number(value) for value in values]) & part.calls


def _verdict(part: _Slice, values: Sequence[str]) -> Mask:
    outcomes = [outcome for outcome in Outcome if outcome.word in values]
    gates = [gate for gate in Gate if gate.word in values]
    return (_among(part.rows["outcome"], outcomes) | _among(part.rows["gate"], gates)) & part.calls


def check_verdict(text: str) -> None:
    """Raises ValueError unless `text` is an outcome's or a gate's word."""
    words = [*(outcome.word for outcome in Outcome), *(gate.word for gate in Gate if gate.word)]
    if text not in words:
        raise ValueError(f"{text!r} is no verdict; there are {', '.join(words)}")


def _gate(part: _Slice, values: Sequence[str]) -> Mask:
    return _among(part.rows["gate"], [gate for gate in Gate if (gate.word or "none") in values]) & part.calls


def _check_gate(text: str) -> None:
    words = [gate.word or "none" for gate in Gate]
    if text not in words:
        raise ValueError(f"{text!r} is no gate; there are {', '.join(words)}")


def _evidence(part: _Slice, values: Sequence[str]) -> Mask:
    return _among(part.rows["evidence"], [evidence for evidence in Evidence if evidence.word in values]) & part.calls


def _check_evidence(text: str) -> None:
    words = [evidence.word for evidence in Evidence]
    if text not in words:
        raise ValueError(f"{text!r} is no evidence; there are {', '.join(words)}")


def _errno(part: _Slice, values: Sequence[str]) -> Mask:
    return returns(part.rows) & _among(-part.rows["ret"], map(errno_number, values))


def _capability(part: _Slice, values: Sequence[str]) -> Mask:
    """Calls that were refused for it, or that asked for it."""
    numbers = {parse_capability(value) for value in values}
    names = {capability_name(number) for number in numbers}
    mask = _among(part.rows["capability"], numbers)
    for index in np.flatnonzero(part.calls & ~mask):
        checks = part.recording.details.checks.get(part.first + int(index), ())
        mask[index] = any(check.capability in names for check in checks)
    return mask


def _arch(part: _Slice, values: Sequence[str]) -> Mask:
    pairs = [arch_name(int(arch), int(nr)) in values for arch, nr in zip(part.rows["arch"], part.rows["nr"], strict=True)]
    return np.asarray(pairs, np.bool_) & part.calls


def _arguments(part: _Slice, values: Sequence[str]) -> Mask:
    return _by_event(part, values, lambda event: event.text)


def _by_event(part: _Slice, values: Sequence[str], text_of: Callable[[CallEvent], str]) -> Mask:
    """Decodes each row that is still in question: the dear way, for what is not a column."""
    mask = np.zeros(len(part.rows), np.bool_)
    lowered = [value.lower() for value in values]
    for index in np.flatnonzero(part.open & part.calls):
        event = part.recording.event(part.first + int(index))
        text = text_of(event).lower() if isinstance(event, CallEvent) else ""
        mask[index] = any(value in text for value in lowered)
    return mask


def _event(part: _Slice, values: Sequence[str]) -> Mask:
    mask = np.zeros(len(part.rows), np.bool_)
    for index in np.flatnonzero(part.rows["kind"] == PROCESS_ROW):
        mask[index] = part.recording.details.process[part.first + int(index)][0] in values
    return mask


def _anywhere(part: _Slice, values: Sequence[str]) -> Mask:
    patterns = [f"*{value}*" for value in values]
    mask = _syscall(part, patterns) | _process(part, values) | _reason(part, values) | _event(part, values)
    rest = dataclasses.replace(part, open=part.open & ~mask)
    return mask | _by_event(rest, values, lambda event: f"{event.text} {event.errno or event.ret}")


_FIELDS: Final[dict[str, _Field]] = {
    "": _Field(_anywhere, str),
    "syscall": _Field(_syscall, str),
    "process": _Field(_process, str),
    "pid": _number("pid"),
    "tid": _number("tid"),
    "rule": _Field(_rule, _whole_number),
    "verdict": _Field(_verdict, check_verdict),
    "gate": _Field(_gate, _check_gate),
    "evidence": _Field(_evidence, _check_evidence),
    "errno": _Field(_errno, errno_number),
    "capability": _Field(_capability, parse_capability),
    "reason": _Field(_reason, str),
    "args": _Field(_arguments, str),
    "arch": _Field(_arch, str),
    "event": _Field(_event, str),
}
