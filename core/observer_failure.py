"""Why an observer did not start, from what its prefix wrote to stderr and how it ended: a sentence with what to do."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

from core.ways import Ways


def start_failure(program: str, stderr: str, exit_code: int, ways: Ways) -> str:
    """The sentence. `program`: the first word of the command; `exit_code` negative: the signal that ended it."""
    if exit_code == -signal.SIGINT:
        return "interrupted before the observer had started"
    last = stderr.strip().splitlines()[-1] if stderr.strip() else ""
    cause = next((meaning for pattern, meaning in _causes(ways) if re.search(pattern, stderr)), None)
    if cause is None:
        cause = _by_status(Path(program).name, exit_code, ways)
    return f"the observer did not start: {cause}{f' ({last})' if last else ''}"


def _by_status(program: str, exit_code: int, ways: Ways) -> str:
    """Where the words are none that we know, in another language perhaps."""
    if exit_code < 0:
        return f"{program} was killed by {signal.Signals(-exit_code).name}"
    match program, exit_code:
        case "pkexec", 126:
            return "the question for the password was dismissed, so nothing was started: run again to be asked again"
        case "pkexec", 127:
            return "polkit did not let pkexec start it: check that an authentication agent runs, or choose sudo"
        case "ssh", 255:
            return "ssh could not connect: try the same by hand (ssh HOST true)"
        case _, 127:
            return f"there is no observer behind this prefix: {_install(ways)}"
        case _:
            return f"{program} ended with exit status {exit_code}"


def _causes(ways: Ways) -> Iterator[tuple[str, str]]:
    """What stderr has, and what it means and what to do; the first that matches counts."""
    install = _install(ways)
    yield from (
        (
            r"sudo: (a terminal is required|a password is required|no tty present|no password was provided)",
            "sudo wants a password, and there is no terminal to type it at: choose pkexec, set SUDO_ASKPASS, or give this user a NOPASSWD rule",
        ),
        (r"sudo: .*incorrect password", "sudo did not accept the password: try again"),
        (
            r"is not in the sudoers file|is not allowed to (execute|run sudo)|may not run sudo",
            f"sudo's rules do not let this user start the observer as root: ask whoever administers this machine, or run without root ({ways.own})",
        ),
        # pkexec(1): 126 when the dialog was dismissed, 127 when not authorised
        (r"Request dismissed", "the question for the password was dismissed, so nothing was started: run again to be asked again"),
        (
            r"No authentication agent found|Error creating textual authentication agent|Error opening current controlling terminal",
            "polkit has nobody to ask for the password: log in to a desktop, which has an authentication agent, start pkttyagent, or choose sudo",
        ),
        (
            r"Not authorized",
            f"polkit does not let this user start the observer as root: ask whoever administers this machine, or run without root ({ways.own})",
        ),
        (
            r"polkit authority|org\.freedesktop\.PolicyKit1|Could not connect: No such file or directory|dbus/system_bus_socket",
            "polkit does not run here, so pkexec cannot ask it: start the polkit service, or choose sudo",
        ),
        # ssh(1): 255 for its own failures
        (
            r"Connection refused|Connection timed out|No route to host|Network is unreachable",
            "the other machine does not answer ssh: check its name and port, and that sshd runs there",
        ),
        (r"Could not resolve hostname", "the other machine's name is not known: check its spelling, or give its address"),
        (
            r"Host key verification failed",
            "ssh does not know the other machine's key: connect once by hand (ssh HOST true), and compare the key that it shows",
        ),
        (
            r"Permission denied \(",
            "the other machine does not let this user in without a question: set up a key (ssh-copy-id HOST), or load it into ssh-agent",
        ),
        # podman and docker exec
        (
            r"no container with name or ID|[Nn]o such container|no such object",
            "there is no such container: see podman ps -a (or docker ps -a)",
        ),
        (
            r"container state improper|is not running|can only create exec sessions on running containers",
            "the container does not run: start it first",
        ),
        # whatever should have been the observer
        (r"No module named '?core|cannot import name|ModuleNotFoundError", f"what was started is no whole observer: {install}"),
        (
            r"command not found|not found in \$?PATH|executable file .*not found|No such file or directory|: not found",
            f"there is no observer behind this prefix: {install}",
        ),
    )


def _install(ways: Ways) -> str:
    return f"install the same version of Gatescope there, or name its path with {ways.command}"
