"""Whatever a policy's path leads to, reading it ends, and with a sentence."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from core.policy import reading
from core.policy.error import PolicyError
from core.policy.model import Policy
from core.policy.reading import read_policy


def _large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 30)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.symlink_to("/dev/zero"), "not an ordinary file"),
        (Path.mkdir, "not an ordinary file"),
        (os.mkfifo, "this pipe is empty, and nobody writes to it"),
        (_large, "larger than 1 MiB"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "not UTF-8 text. Choose a TOML file"),
    ],
)
def test_what_is_no_policy_is_said(tmp_path: Path, make: Callable[[Path], object], words: str) -> None:
    path = tmp_path / "policy.toml"
    make(path)
    with pytest.raises(PolicyError, match=words):
        read_policy(path, pipes=True)


def test_what_cannot_be_read_is_the_systems_error(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        for unreadable in (path, tmp_path / "missing.toml", Path("/proc/self/mem")):
            with pytest.raises(OSError, match=r"."):
                read_policy(unreadable, pipes=True)


def test_a_pipe_is_read_to_its_end_where_that_is_wanted() -> None:
    command = ["sh", "-c", """sleep 0.05; echo 'name = "A"'; sleep 0.05; echo 'description = "B"'"""]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        path = Path(f"/dev/fd/{writer.stdout.fileno()}")
        with pytest.raises(PolicyError, match="not an ordinary file"):
            read_policy(path)
        assert read_policy(path, pipes=True) == Policy(name="A", description="B")


def test_a_silent_pipe_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_PATIENCE", 0.01)
    read, write = os.pipe()
    try:
        with pytest.raises(PolicyError, match="nothing has come from this pipe"):
            read_policy(Path(f"/dev/fd/{read}"), pipes=True)
    finally:
        os.close(read)
        os.close(write)
