"""A filter's instructions as lines for people."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text

from core.bpf.disassemble import Line


def listing(lines: Iterable[Line]) -> Text:
    """Label, index, instruction and comment of each, in columns; lines joined by newlines."""
    return Text("\n").join(_line(line) for line in lines)


def _line(line: Line) -> Text:
    label = f"{', '.join(line.labels)}:" if line.labels else ""
    text = Text(f"{label:>6} {line.index:4}  ", style="dim")
    if not line.comment:
        return text.append(line.text, style="not dim")
    return text.append(f"{line.text:<28}", style="not dim").append(f"  ; {line.comment}", style="cyan not dim")
