"""Reading an executable as exec sees it: scripts, and names that mean something else than a program."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from core.predict.program import read_program, script_words
from tests.support.privilege import require_root


def script(folder: Path, content: bytes) -> Path:
    path = folder / "script"
    path.write_bytes(content)
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"#!/bin/sh\n", ["/bin/sh"]),
        (b"#! \t/bin/sh -e  x\n", ["/bin/sh", "-e", "x"]),
        (b"#!/bin/sh", ["/bin/sh"]),
        (b"#!/bin/sh\r\n", ["/bin/sh\r"]),  # the kernel takes the carriage return for a part of the name
        (b"#!/bin/sh\0 more", ["/bin/sh"]),
        (b"#!\n", []),
        (b"text", []),
        (b"", []),
    ],
)
def test_the_first_line(tmp_path: Path, content: bytes, words: list[str]) -> None:
    path = script(tmp_path, content)
    assert script_words(str(path)) == words
    if words:  # the kernel is the judge: it runs the interpreter, or there is none of that name
        interpreter_exists = Path(words[0]).exists()
        try:
            subprocess.run([path], check=False, stdin=subprocess.DEVNULL, capture_output=True)
        except FileNotFoundError:
            assert not interpreter_exists
        else:
            assert interpreter_exists


def test_an_interpreter_that_is_a_script(tmp_path: Path) -> None:
    inner = script(tmp_path, b"#!/bin/sh\n")
    outer = tmp_path / "outer"
    outer.write_text(f"#!{inner}\n")
    read = read_program(str(outer))
    assert (read.path, read.script, read.inode) == ("/bin/sh", str(outer), Path("/bin/sh").stat().st_ino)


def test_a_pipe_and_a_device_are_not_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (str(pipe), "/dev/tty", str(tmp_path)):
        with pytest.raises(OSError, match="it is not a regular file"):
            read_program(path)


def test_a_program_that_may_be_run_and_not_read() -> None:
    require_root("it takes another user to be kept from reading")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        program = script(Path(folder), b"#!/bin/sh\n")
        program.chmod(0o711)
        read, write = os.pipe()
        if os.fork() == 0:
            try:
                os.setresuid(65534, 65534, 65534)
                os.write(write, repr(script_words(str(program))).encode())
            finally:
                os._exit(0)
        os.close(write)
        with os.fdopen(read) as answer:
            assert answer.read() == "[]"
        os.wait()
