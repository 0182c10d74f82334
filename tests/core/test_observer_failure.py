"""Why an observer did not start: the prefix's words, or its exit status, become a sentence with what to do."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.observer_failure import start_failure
from core.ways import COMMAND_LINE
from gui.ways import WINDOW


@pytest.mark.parametrize(
    ("program", "stderr", "code", "sentence"),
    [
        ("sudo", "sudo: a password is required\n", 1, "choose pkexec, set SUDO_ASKPASS, or give this user a NOPASSWD rule"),
        ("sudo", "alice is not in the sudoers file.\n", 1, "ask whoever administers this machine"),
        ("pkexec", "Error executing command as another user: Not authorized\n", 127, "polkit does not let this user"),
        ("pkexec", "", 126, "run again to be asked again"),
        ("/usr/bin/pkexec", "", 127, "check that an authentication agent runs"),
        ("ssh", "ssh: connect to host h port 22: Connection refused\n", 255, "check its name and port"),
        ("ssh", "Host key verification failed.\n", 255, "connect once by hand"),
        ("ssh", "me@host: Permission denied (publickey).\n", 255, "ssh-copy-id"),
        ("ssh", "", 255, "try the same by hand"),
        ("ssh", "sh: 1: gatescope-observer: not found\n", 127, "there is no observer behind this prefix"),
        ("podman", 'Error: no container with name or ID "box" found\n', 125, "podman ps -a"),
        ("doas", "", 3, "doas ended with exit status 3"),
        ("doas", "", -signal.SIGKILL, "doas was killed by SIGKILL"),
    ],
)
def test_sentences(program: str, stderr: str, code: int, sentence: str) -> None:
    told = start_failure(program, stderr, code, COMMAND_LINE)
    assert told.startswith("the observer did not start: ")
    assert sentence in told
    if stderr:
        assert stderr.strip() in told


@pytest.mark.parametrize("stderr", ["alice is not in the sudoers file.", "Not authorized", "sh: 1: gatescope-observer: not found"])
def test_what_to_do_is_said_in_the_words_of_whoever_tells_it(stderr: str) -> None:
    assert re.search(r"--observer( none|-command)", start_failure("x", stderr, 1, COMMAND_LINE))
    in_window = start_failure("x", stderr, 1, WINDOW)
    assert "--" not in in_window
    assert "Run → Observer → " in in_window


def test_an_interrupt_is_no_failure() -> None:
    assert start_failure("sudo", "", -signal.SIGINT, COMMAND_LINE) == "interrupted before the observer had started"


def test_the_command_line_tells_by_the_prefix_that_was_used(tmp_path: Path) -> None:
    (tmp_path / "pkexec").write_text("#!/bin/sh\nexit 126\n")
    (tmp_path / "pkexec").chmod(0o755)
    command = [sys.executable, "-m", "core.cli", "run", "--observer", "pkexec", "--", "/bin/true"]
    done = subprocess.run(command, check=False, capture_output=True, env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert done.returncode == 1
    assert b"the question for the password was dismissed" in done.stderr
