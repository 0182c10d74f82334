"""What the target of a recorded run wrote, as the terminal shows it again."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.recording.recording import Recording


def recorded_command(recording: Recording) -> str:
    """The command line that ran; what is no text in it is replaced."""
    return os.fsencode(shlex.join(recording.header.argv)).decode(errors="replace")


def recorded_output(recording: Recording) -> Iterator[bytes]:
    """The target's bytes, part by part."""
    for stream, data in recording.output:
        # Into a pipe a target writes bare newlines; in a terminal of its own, the kernel has put the carriage returns before them.
        piped = recording.header.stdio[stream : stream + 1] == ("pipe",)
        yield data.replace(b"\n", b"\r\n") if piped else data


def recorded_sentence(recording: Recording) -> str:
    """For the line below the output: what it is of."""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(recording.header.started_ns / 1e9))
    return f"Recorded output of the run of {when}" if recording.output else f"The target wrote nothing in the run of {when}"
