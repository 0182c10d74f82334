"""What goes to the clipboard."""

from __future__ import annotations

import csv
import io
import json

from core.recording.recording import Recording
from gui.models.log_columns import Column, row_of
from gui.models.log_copy import as_csv, as_json, as_text

COLUMNS = [Column.NUMBER, Column.SYSCALL, Column.ARGUMENTS]


def test_text_is_aligned(recording: Recording) -> None:
    lines = as_text([row_of(event) for event in recording.events()], COLUMNS).splitlines()
    assert [line.split()[:2] for line in lines] == [["1", "socket"], ["2", "openat"], ["3", "fork"]]
    assert lines[0].index("AF_INET") == lines[1].index("AT_FDCWD")


def test_csv_reads_back(recording: Recording) -> None:
    rows = list(csv.reader(io.StringIO(as_csv([row_of(event) for event in recording.events()], COLUMNS))))
    assert rows[0] == ["No.", "Syscall", "Arguments"]
    assert rows[1][1] == "socket"
    assert rows[1][2].startswith("AF_INET, SOCK_RAW")


def test_json_is_the_command_lines(recording: Recording) -> None:
    objects = [json.loads(line) for line in as_json(recording.events()).splitlines()]
    assert objects == [json.loads(json.dumps(event.to_json())) for event in recording.events()]
