"""How to start an observer: as whoever we are, or behind a prefix that gives it more, or that puts it somewhere else."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from core.policy.error import quoted

PREFIXES: Final = ("none", "sudo", "pkexec")
"""The prefixes with a name; anything else is a command prefix of the user's own, such as `ssh host` or `podman exec -i box`."""

FAR_COMMAND: Final = "gatescope-observer"
"""What starts an observer elsewhere: the command that an installation of Gatescope has in PATH."""

INSTALLED: Final = Path("/usr/bin/gatescope-observer")
"""Where a system-wide installation has it; the polkit policy names this path."""

_SHELLS: Final = frozenset({"ssh", "autossh"})
"""Programs that hand their last arguments, joined, to a shell over there."""
_BOXES: Final = frozenset({"podman", "docker", "nerdctl"})
"""Programs that start commands in containers, whose `exec` gives no stdin unless told to."""
_ELSEWHERE: Final = frozenset({*_SHELLS, *_BOXES, "distrobox", "incus", "kubectl", "lxc", "machinectl", "toolbox", "vagrant"})
"""Programs behind which this installation's files are not to be expected."""


class PrefixError(ValueError):
    """The prefix cannot start anything here; the sentence says what to do."""


def observer_command(prefix: str = "none", far_command: str = "", *, terminal: bool | None = None) -> list[str]:
    """The command line of an observer. Raises `PrefixError` where the prefix cannot carry one.

    `far_command` takes the place of the observer's own command behind the prefix; by default that is this installation's, or for a prefix that
    leaves this machine (`is_elsewhere`) `FAR_COMMAND`. `terminal`: whether somebody can answer questions at /dev/tty; None: whether there is one.
    """
    behind = _split(far_command, "the observer's command") if far_command else own_command()
    terminal = _has_terminal() if terminal is None else terminal
    match prefix:
        case "none":
            return behind
        case "sudo":
            return [_program("sudo"), *_asking(terminal), "--", *behind]
        case "pkexec":
            return [_program("pkexec"), *behind]
        case _:
            return _custom(_split(prefix, "the observer's prefix"), far_command, behind, terminal)


def own_command() -> list[str]:
    """This installation's observer. As root it runs what whoever may write to the installation has written there.

    The interpreter is isolated (-I): nothing in the working directory or the environment decides what the observer imports.
    """
    script = Path(sys.executable).with_name(INSTALLED.name)
    if INSTALLED.exists() and script.exists() and INSTALLED.samefile(script):
        return [str(INSTALLED)]  # the path for which polkit has a policy
    return [sys.executable, "-I", "-m", "core.observer"]


def is_elsewhere(prefix: str) -> bool:
    """Whether an observer behind this prefix runs on another machine or in a container, where the target is to be found too."""
    words = prefix.split(None, 1)
    return bool(words) and prefix not in PREFIXES and Path(words[0]).name in _ELSEWHERE


def root_prefix(graphical: bool) -> str:
    """The prefix that makes an observer root's: none where we are root already."""
    if os.geteuid() == 0:
        return "none"
    order: Sequence[str] = ("pkexec", "sudo") if graphical else ("sudo", "pkexec")
    for name in order:
        if shutil.which(name):
            return name
    raise PrefixError(
        "neither sudo nor pkexec is installed, so the observer cannot be root's; install one of them, or run Gatescope as root"
    )


def _custom(words: list[str], far_command: str, behind: list[str], terminal: bool) -> list[str]:
    name = Path(words[0]).name
    _check_stdio(name, words)
    if name not in _ELSEWHERE:
        return [_program(words[0]), *words[1:], *behind]
    there = behind if far_command else [FAR_COMMAND]
    if name in _SHELLS:
        # One word for the shell over there, quoted for it. Nobody can answer a question without a terminal, so none may be asked.
        silent = [] if terminal or _has_askpass("SSH_ASKPASS") else ["-o", "BatchMode=yes"]
        return [_program(words[0]), *silent, *words[1:], shlex.join(there)]
    return [_program(words[0]), *words[1:], *there]


def _check_stdio(name: str, words: Sequence[str]) -> None:
    """The observer speaks bytes through stdin and stdout: neither may be missing or be a terminal."""
    flags = [word for word in words[1:] if word.startswith("-")]
    if name in _SHELLS and any(re.fullmatch("-t+", flag) for flag in flags):
        raise PrefixError(f"{name} -t makes a terminal, which would change the observer's bytes; leave -t out")
    if name not in _BOXES or "exec" not in words:
        return
    letters = "".join(flag[1:] for flag in flags if re.fullmatch("-[a-z]+", flag))
    if "t" in letters or "--tty" in flags:
        raise PrefixError(f"{name} exec -t makes a terminal, which would change the observer's bytes; say -i alone")
    if "i" not in letters and "--interactive" not in flags:
        raise PrefixError(f"{name} exec gives a command no stdin unless told to; say: {name} exec -i NAME")


def _asking(terminal: bool) -> list[str]:
    """How sudo is to ask for a password: at the terminal, else by the program that the user has for it, else not at all."""
    if terminal:
        return []
    return ["-A"] if _has_askpass("SUDO_ASKPASS") else ["-n"]


def _has_askpass(variable: str) -> bool:
    return bool(os.environ.get(variable)) and any(os.environ.get(display) for display in ("DISPLAY", "WAYLAND_DISPLAY"))


def _split(text: str, what: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as err:
        raise PrefixError(f"{what} {quoted(text)} cannot be split into words: {err}; close the quotation mark") from err
    if not words:
        raise PrefixError(f"{what} is empty; say none, sudo, pkexec or a command such as: ssh host")
    return words


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise PrefixError(f"{name} is not installed, so the observer cannot be started through it; install it, or choose another prefix")
    return path


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC))
    except OSError:
        return False
    return True
