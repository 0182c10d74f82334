"""The command line of an observer: each prefix, what it is given, and what cannot carry one."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest

from core import observer_command as module
from core.observer_command import FAR_COMMAND, PrefixError, is_elsewhere, observer_command, own_command, root_prefix

OWN = [sys.executable, "-I", "-m", "core.observer"]


@pytest.fixture(autouse=True)
def _programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All prefixes are installed, and nothing asks for passwords."""
    for name in ("sudo", "pkexec", "ssh", "podman", "nice", "kubectl"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    for variable in ("SUDO_ASKPASS", "SSH_ASKPASS"):
        monkeypatch.delenv(variable, raising=False)


def names(command: list[str]) -> list[str]:
    return [Path(command[0]).name, *command[1:]]


def test_none_is_this_installations_own() -> None:
    assert observer_command() == own_command() == OWN


@pytest.mark.parametrize(
    ("prefix", "terminal", "expected"),
    [
        ("sudo", True, ["sudo", "--", *OWN]),
        ("sudo", False, ["sudo", "-n", "--", *OWN]),
        ("pkexec", False, ["pkexec", *OWN]),
        ("nice -n 5", False, ["nice", "-n", "5", *OWN]),
        ("ssh host", True, ["ssh", "host", FAR_COMMAND]),
        ("ssh -p 2222 me@host", False, ["ssh", "-o", "BatchMode=yes", "-p", "2222", "me@host", FAR_COMMAND]),
        ("podman exec -i box", False, ["podman", "exec", "-i", "box", FAR_COMMAND]),
        ("kubectl exec -i pod --", False, ["kubectl", "exec", "-i", "pod", "--", FAR_COMMAND]),
        ("ssh 'a host'", True, ["ssh", "a host", FAR_COMMAND]),
    ],
)
def test_prefixes(prefix: str, terminal: bool, expected: list[str]) -> None:
    assert names(observer_command(prefix, terminal=terminal)) == expected


def test_the_observers_command_behind_a_prefix() -> None:
    assert names(observer_command("sudo", "/opt/observer --quiet", terminal=True)) == ["sudo", "--", "/opt/observer", "--quiet"]
    assert observer_command("none", "/opt/observer") == ["/opt/observer"]


def test_a_shell_over_there_gets_one_quoted_word() -> None:
    command = observer_command("ssh host", "'/opt/my observer' -v", terminal=True)
    assert shlex.split(command[-1]) == ["/opt/my observer", "-v"]
    assert command[-1] == "'/opt/my observer' -v"


def test_askpass_programs_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("SUDO_ASKPASS", "/usr/bin/askpass")
    monkeypatch.setenv("SSH_ASKPASS", "/usr/bin/askpass")
    assert names(observer_command("sudo", terminal=False))[:2] == ["sudo", "-A"]
    assert names(observer_command("ssh host", terminal=False)) == ["ssh", "host", FAR_COMMAND]


@pytest.mark.parametrize(
    ("prefix", "far_command", "sentence"),
    [
        ("", "", "is empty"),
        ("ssh 'host", "", "close the quotation mark"),
        ("none", "'observer", "the observer's command"),
        ("doas", "", "doas is not installed"),
        ("ssh -t host", "", "leave -t out"),
        ("ssh -tt host", "", "leave -t out"),
        ("podman exec box", "", "podman exec -i NAME"),
        ("podman exec -it box", "", "say -i alone"),
        ("podman exec --interactive --tty box", "", "say -i alone"),
    ],
)
def test_what_cannot_carry_an_observer(prefix: str, far_command: str, sentence: str) -> None:
    with pytest.raises(PrefixError, match=sentence):
        observer_command(prefix, far_command, terminal=True)


@pytest.mark.parametrize(
    ("prefix", "elsewhere"),
    [
        ("none", False),
        ("sudo", False),
        ("pkexec", False),
        ("", False),
        ("nice -n 5", False),
        ("/usr/bin/ssh h", True),
        ("podman exec -i b", True),
    ],
)
def test_elsewhere(prefix: str, elsewhere: bool) -> None:
    assert is_elsewhere(prefix) == elsewhere


def test_the_way_to_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert root_prefix(graphical=True) == "none"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert (root_prefix(graphical=True), root_prefix(graphical=False)) == ("pkexec", "sudo")
    (tmp_path / "pkexec").unlink()
    assert root_prefix(graphical=True) == "sudo"
    (tmp_path / "sudo").unlink()
    with pytest.raises(PrefixError, match="install one of them"):
        root_prefix(graphical=False)


def test_an_installation_of_the_system_is_started_by_the_path_that_polkit_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "bin" / "gatescope-observer"
    script.parent.mkdir()
    script.touch()
    installed = tmp_path / "usr-bin-observer"
    installed.symlink_to(script)
    monkeypatch.setattr(module, "INSTALLED", installed.with_name("gatescope-observer"))
    installed.rename(installed.with_name("gatescope-observer"))
    monkeypatch.setattr(sys, "executable", str(script.with_name("python")))
    assert own_command() == [str(tmp_path / "gatescope-observer")]
