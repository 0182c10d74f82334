"""Rows as Arrow record batches and back: the columns of a recording on disk.

The columns carry the names of the JSON Lines events, so that pandas, Polars or DuckDB read the same words; `flags`, `instruction_pointer`
and `captures` are what re-judging and re-decoding need. Beside events a recording holds the target's output and what was lost.
"""

from __future__ import annotations

import functools
import itertools
import json
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.ma  # Arrow asks of every array whether it is a masked one: loaded here, it does not come into a run's first batch
import pyarrow as pa
from numpy.typing import NDArray

from core.judge.records import Capture
from core.judge.verdict import Check, Evidence, Gate, Outcome
from core.knowledge.capabilities import capability_name, capability_names
from core.knowledge.errnos import MAX_ERRNO, errno_name
from core.knowledge.syscalls import ARCHES, arch_name, name
from core.recording.header import METADATA_KEY, RecordingError, RunHeader
from core.recording.rows import CALL_ROW, ROW_DTYPE, Details, Interner, Rows, returns

_WORD: Final = pa.dictionary(pa.int32(), pa.string())

SCHEMA: Final = pa.schema(
    [
        ("kind", _WORD),  # call, process, output, lost
        ("seq", pa.uint64()),
        ("time_ns", pa.int64()),
        ("pid", pa.uint32()),
        ("tid", pa.uint32()),
        ("comm", _WORD),
        ("syscall", _WORD),
        ("nr", pa.uint32()),
        ("arch", _WORD),
        ("args", pa.list_(pa.uint64(), 6)),
        ("ret", pa.int64()),
        ("errno", _WORD),
        ("duration_ns", pa.int64()),
        ("gate", _WORD),
        ("outcome", _WORD),
        ("evidence", _WORD),
        ("reason", _WORD),
        ("rule", pa.int16()),
        ("own_filter", pa.int16()),
        ("capability", _WORD),
        ("alternatives", pa.list_(pa.string())),
        ("conflict", pa.bool_()),
        (
            "checks",
            pa.list_(
                pa.struct(
                    [
                        ("capability", pa.string()),
                        ("granted", pa.bool_()),
                        ("decisive", pa.bool_()),
                        ("namespace", pa.uint32()),
                        ("stack", pa.list_(pa.string())),
                    ]
                )
            ),
        ),
        (
            "captures",
            pa.list_(
                pa.struct(
                    [
                        ("argument", pa.uint8()),
                        ("kind", pa.uint8()),
                        ("truncated", pa.bool_()),
                        ("failed", pa.bool_()),
                        ("data", pa.binary()),
                    ]
                )
            ),
        ),
        ("flags", pa.uint8()),  # wire.CallFlag, and rows.UNJUDGED
        ("instruction_pointer", pa.uint64()),
        ("event", pa.string()),  # fork, exec, exit
        ("data", pa.string()),  # a process event's, as JSON; a lost row's counts
        ("output", pa.binary()),  # the target's bytes
        ("stream", pa.uint8()),  # 1 stdout or the terminal, 2 stderr
    ]
)

_KINDS: Final = ("call", "process", "output", "lost")
_CAPABILITY_WORDS: Final = tuple(capability_name(number) for number in range(64))
_KIND_TEXTS, _CAPABILITY_TEXTS, _GATES, _OUTCOMES, _EVIDENCES = (
    pa.array(words, pa.string())
    for words in (_KINDS, _CAPABILITY_WORDS, *([member.word for member in members] for members in (Gate, Outcome, Evidence)))
)
_CHECK_FIELDS: Final = operator.attrgetter("capability", "granted", "decisive", "namespace", "stack")
_CAPTURE_FIELDS: Final = operator.attrgetter("argument", "kind", "truncated", "failed", "data")


def check_columns(schema: pa.Schema) -> None:
    """Raises `RecordingError` where a file's columns are not those that `read_events` reads."""
    for field in SCHEMA:
        if schema.get_field_index(field.name) < 0 or schema.field(field.name).type != field.type:
            raise RecordingError(
                f"its column {field.name!r} is missing or of another type than a recording has: it is damaged, or a Gatescope in development wrote it"
            )


def schema_of(header: RunHeader) -> pa.Schema:
    """The schema with the run's header in its metadata."""
    return SCHEMA.with_metadata({METADATA_KEY: header.encode()})


def _words(codes: NDArray[Any], words: pa.StringArray, absent: NDArray[np.bool_] | None = None) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32), mask=absent), words)


def _sparse(count: int, found: Mapping[int, Any], kind: pa.DataType) -> pa.Array:
    """A column that has a value for few rows."""
    if not found:
        return pa.nulls(count, kind)
    values: list[Any] = [None] * count
    for index, value in found.items():
        values[index] = value
    return pa.array(values, kind)


class TableWriter:
    """Turns rows into record batches; the dictionaries of names only grow, so that an unchanged one is not written again."""

    def __init__(self, header: RunHeader, names: Interner) -> None:
        """`names`: what comm and reason of the rows to come index."""
        self.schema = schema_of(header)
        self._syscalls = Interner("")
        self._arches = Interner("", *ARCHES)
        self._texts = {interner: pa.array((), pa.string()) for interner in (names, self._syscalls, self._arches)}
        self._names = names

    def events(self, rows: Rows, start: int, details: Details) -> pa.RecordBatch:
        """The batch of event rows; `start` is the number of the first, from which `details` count."""
        count = len(rows)
        other = rows["kind"] != CALL_ROW
        syscalls, arches = self._called(rows)
        returned = returns(rows)
        names = self._grown(self._names)
        columns = {
            "kind": _words(rows["kind"], _KIND_TEXTS),
            "seq": pa.array(np.arange(start + 1, start + count + 1, dtype=np.uint64)),
            "time_ns": pa.array(rows["time_ns"]),
            "pid": pa.array(rows["pid"]),
            "tid": pa.array(rows["tid"]),
            "comm": _words(rows["comm"], names),
            "syscall": _words(syscalls, self._grown(self._syscalls), other),
            "nr": pa.array(rows["nr"], mask=other),
            "arch": _words(arches, self._grown(self._arches), other),
            "args": pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(rows["args"]).reshape(-1)), 6),
            "ret": pa.array(rows["ret"], mask=~returned),
            "errno": _errnos(rows, returned),
            "duration_ns": pa.array(rows["duration_ns"], mask=other | (rows["duration_ns"] < 0)),
            "gate": _words(rows["gate"], _GATES, other | (rows["gate"] == Gate.NONE)),
            "outcome": _words(rows["outcome"], _OUTCOMES, other),
            "evidence": _words(rows["evidence"], _EVIDENCES, other),
            "reason": _words(rows["reason"], names, other),
            "rule": pa.array(rows["rule"], mask=other | (rows["rule"] == 0)),
            "own_filter": pa.array(rows["own_filter"], mask=other | (rows["own_filter"] == 0)),
            "capability": _words(np.maximum(rows["capability"], 0), _CAPABILITY_TEXTS, other | (rows["capability"] < 0)),
            "alternatives": _sparse(count, _alternatives(rows), SCHEMA.field("alternatives").type),
            "conflict": pa.array(rows["conflict"], mask=other),
            "checks": _nested(count, details.checks, SCHEMA.field("checks").type, _CHECK_FIELDS),
            "captures": _nested(count, details.captures, SCHEMA.field("captures").type, _CAPTURE_FIELDS),
            "flags": pa.array(rows["flags"], mask=other),
            "instruction_pointer": pa.array(rows["instruction_pointer"], mask=other),
            "event": _sparse(count, {index: event for index, (event, _) in details.process.items()}, pa.string()),
            "data": _sparse(count, {index: json.dumps(data) for index, (_, data) in details.process.items()}, pa.string()),
        }
        return self._batch(columns, count)

    def output(self, stream: int, data: bytes) -> pa.RecordBatch:
        """One row of the target's output."""
        return self._batch({"kind": _one_word("output"), "stream": pa.array([stream], pa.uint8()), "output": pa.array([data])}, 1)

    def lost(self, counts: Mapping[str, int]) -> pa.RecordBatch:
        """One row that says how many records are lost so far."""
        return self._batch({"kind": _one_word("lost"), "data": pa.array([json.dumps(dict(counts))])}, 1)

    def _batch(self, columns: Mapping[str, pa.Array], count: int) -> pa.RecordBatch:
        arrays = [columns[field.name] if field.name in columns else _absent(field.type, count) for field in self.schema]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _grown(self, interner: Interner) -> pa.StringArray:
        if len(self._texts[interner]) != len(interner.texts):
            self._texts[interner] = pa.array(interner.texts, pa.string())
        return self._texts[interner]

    def _called(self, rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For each row the codes of its syscall's and its architecture's name; 0 for rows that are no calls."""
        pairs = (rows["arch"].astype(np.uint64) << np.uint64(32)) | rows["nr"]
        unique, inverse = np.unique(pairs, return_inverse=True)
        split = [(int(pair) >> 32, int(pair) & 0xFFFFFFFF) for pair in unique]
        syscalls = np.array([self._syscalls.number(name(arch, nr)) if arch else 0 for arch, nr in split], np.int64)
        arches = np.array([self._arches.number(arch_name(arch, nr)) if arch else 0 for arch, nr in split], np.int64)
        return syscalls[inverse.reshape(-1)], arches[inverse.reshape(-1)]


@functools.lru_cache(maxsize=128)
def _absent(kind: pa.DataType, count: int) -> pa.Array:
    # A row of output is nearly all of these, and a run that writes much has thousands of them.
    return _words(np.zeros(count), pa.array([""]), np.ones(count, np.bool_)) if pa.types.is_dictionary(kind) else pa.nulls(count, kind)


def _one_word(word: str) -> pa.DictionaryArray:
    return _words(np.array([_KINDS.index(word)]), _KIND_TEXTS)


def _errnos(rows: Rows, returned: NDArray[np.bool_]) -> pa.DictionaryArray:
    failed = returned & (rows["ret"] < 0) & (rows["ret"] >= -MAX_ERRNO)
    numbers, codes = np.unique(np.where(failed, -rows["ret"], 0), return_inverse=True)
    words = pa.array([errno_name(int(number)) if number else "" for number in numbers], pa.string())
    return _words(codes.reshape(-1), words, ~failed)


def _alternatives(rows: Rows) -> dict[int, list[str]]:
    return {int(index): list(capability_names(int(rows["alternatives"][index]))) for index in np.flatnonzero(rows["alternatives"])}


def _nested(count: int, found: Mapping[int, Sequence[Any]], kind: pa.DataType, fields: Callable[[Any], tuple[Any, ...]]) -> pa.Array:
    """A column of lists of structures of `fields`; made field by field, for there may be some in every row."""
    if not found:
        return pa.nulls(count, kind)
    lengths = np.zeros(count + 1, np.int32)
    rows = sorted(found)
    lengths[np.array(rows) + 1] = [len(found[row]) for row in rows]
    columns = zip(*map(fields, itertools.chain.from_iterable(found[row] for row in rows)), strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, kind.value_type, strict=True)]
    values = pa.StructArray.from_arrays(arrays, fields=list(kind.value_type))
    # A row without any begins nowhere, and so is null. (A mask would say the same, but costs the import of pyarrow.compute, 0.1 s, of a run.)
    offsets = pa.array(np.cumsum(lengths, dtype=np.int32), mask=np.append(lengths[1:] == 0, False))
    return pa.ListArray.from_arrays(offsets, values, type=kind)


def _read_captures(column: pa.ListArray) -> dict[int, tuple[Capture, ...]]:
    if column.null_count == len(column):
        return {}
    values = column.values
    flat = list(map(Capture._make, zip(itertools.repeat(0), *(values.field(index).to_pylist() for index in range(values.type.num_fields)))))
    offsets = column.offsets.to_pylist()
    return {
        index: tuple(flat[offsets[index] : offsets[index + 1]])
        for index in np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False)).tolist()
    }


def read_events(batch: pa.RecordBatch, names: Interner) -> tuple[Rows, Details]:
    """The rows and details of a batch of events, with comm and reason interned in `names`."""
    rows: Rows = np.zeros(batch.num_rows, ROW_DTYPE)
    rows["kind"] = _codes(batch, "kind", {word: number for number, word in enumerate(_KINDS)})
    for name_of in ("time_ns", "pid", "tid", "nr", "ret", "rule", "own_filter", "flags", "instruction_pointer"):
        rows[name_of] = batch.column(name_of).fill_null(0).to_numpy(zero_copy_only=False)
    rows["conflict"] = batch.column("conflict").fill_null(False).to_numpy(zero_copy_only=False)
    rows["duration_ns"] = batch.column("duration_ns").fill_null(-1).to_numpy(zero_copy_only=False)
    rows["args"] = batch.column("args").flatten().to_numpy(zero_copy_only=False).reshape(-1, 6)
    arches = batch.column("arch").dictionary.to_pylist()
    rows["arch"] = _codes(batch, "arch", {None: 0, "": 0, **{word: ARCHES.get(word) or int(word, 16) for word in arches if word}})
    rows["gate"] = _codes(batch, "gate", {gate.word: gate for gate in Gate})
    rows["outcome"] = _codes(batch, "outcome", {None: 0, **{outcome.word: outcome for outcome in Outcome}})
    rows["evidence"] = _codes(batch, "evidence", {None: 0, **{evidence.word: evidence for evidence in Evidence}})
    rows["capability"] = _codes(batch, "capability", {None: -1, **{word: number for number, word in enumerate(_CAPABILITY_WORDS)}})
    for name_of in ("comm", "reason"):
        rows[name_of] = _interned(batch, name_of, names)
    return rows, _read_details(batch, rows)


def _codes(batch: pa.RecordBatch, column: str, numbers: Mapping[Any, int]) -> NDArray[np.int64]:
    """A dictionary column as numbers; a null as `numbers[None]`. Raises RecordingError for a word that is not known."""
    array = batch.column(column)
    try:
        known = [numbers[word] for word in array.dictionary.to_pylist()]
        null = numbers[None] if array.null_count else 0
    except KeyError as err:
        raise RecordingError(f"its column {column!r} holds {err.args[0]!r}, which this version does not know") from err
    indices = array.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
    codes: NDArray[np.int64] = np.array([*known, null], np.int64)[indices]
    return codes


def _interned(batch: pa.RecordBatch, column: str, names: Interner) -> NDArray[np.int64]:
    array = batch.column(column)
    numbers = {word: names.number(word) for word in array.dictionary.to_pylist()}
    return _codes(batch, column, {None: 0, **numbers})


def _read_details(batch: pa.RecordBatch, rows: Rows) -> Details:
    details = Details()
    for index, items in _present(batch, "checks"):
        details.checks[index] = tuple(Check(**{**item, "stack": tuple(item["stack"])}) for item in items)
    details.captures = _read_captures(batch.column("captures"))
    for index, words in _present(batch, "alternatives"):
        rows["alternatives"][index] = sum(1 << _CAPABILITY_WORDS.index(word) for word in words)
    events = dict(_present(batch, "event"))
    details.process = {index: (events[index], json.loads(data)) for index, data in _present(batch, "data") if index in events}
    return details


def _present(batch: pa.RecordBatch, column: str) -> Iterator[tuple[int, Any]]:
    """(index, value) of what is not null."""
    array = batch.column(column)
    if array.null_count < len(array):
        for index in np.flatnonzero(array.is_valid().to_numpy(zero_copy_only=False)):
            yield int(index), array[int(index)].as_py()
