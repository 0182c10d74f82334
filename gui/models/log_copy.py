"""Events as text for the clipboard: as the log shows them, as CSV, or as JSON Lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

from core.event import Event
from gui.models.log_columns import COLUMNS, Column, Row


def as_text(rows: Iterable[Row], columns: Sequence[Column]) -> str:
    """One line an event, the shown columns aligned by spaces."""
    table = [[row.cells[column] for column in columns] for row in rows]
    widths = [max((len(line[place]) for line in table), default=0) for place in range(len(columns))]
    lines = (
        "  ".join(
            cell.rjust(width) if COLUMNS[column].right else cell.ljust(width)
            for cell, width, column in zip(line, widths, columns, strict=True)
        )
        for line in table
    )
    return "\n".join(line.rstrip() for line in lines)


def as_csv(rows: Iterable[Row], columns: Sequence[Column]) -> str:
    """The shown columns with their titles, as RFC 4180 has it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([COLUMNS[column].title for column in columns])
    writer.writerows([row.cells[column] for column in columns] for row in rows)
    return text.getvalue()


def as_json(events: Iterable[Event]) -> str:
    """All fields of the events, one JSON object a line, as the command line writes them."""
    return "\n".join(json.dumps(event.to_json()) for event in events)
