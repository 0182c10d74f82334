"""What a recorded target wrote, fit for a terminal."""

from __future__ import annotations

import msgspec
import pytest

from core.recording.recording import Recording
from gui.recorded_output import recorded_command, recorded_output, recorded_sentence
from tests.core.recording.test_recording import HEADER


@pytest.mark.parametrize(
    ("stdio", "shown"),
    [
        (("pty", "pty", "pty"), [b"one\r\n", b"two\n"]),
        (("pipe", "pipe", "pty"), [b"one\r\r\n", b"two\n"]),
        (("pty", "pty", "pipe"), [b"one\r\n", b"two\r\n"]),
        ((), [b"one\r\n", b"two\n"]),  # of an older version
    ],
)
def test_only_what_came_through_a_pipe_lacks_carriage_returns(stdio: tuple[str, ...], shown: list[bytes]) -> None:
    recording = Recording(msgspec.structs.replace(HEADER, stdio=stdio))
    recording.append_output(1, b"one\r\n")
    recording.append_output(2, b"two\n")
    assert list(recorded_output(recording)) == shown


def test_words_for_what_is_shown(recording: Recording) -> None:
    assert recorded_command(recording) == "ls '-l\ufffd'"
    assert recorded_sentence(recording).startswith("Recorded output of the run of 19")  # 1970, or the year before it west of Greenwich
    assert recorded_sentence(Recording(HEADER)).startswith("The target wrote nothing in the run of 19")
