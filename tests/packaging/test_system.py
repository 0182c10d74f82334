"""packaging/system.sh: what is missing is named, with its reason, and installed or asked for with the exact command."""

import pytest

from tests.packaging.shell import Shell

NEED = "run | command frobnicate | frob-deb | frob-rpm frob-libs | frob-arch | frobnicates the widgets"
MANAGERS = {"apt": "apt-get", "dnf": "dnf", "pacman": "pacman"}
INSTALL = "python=python3; install_system_packages run && echo complete"

# A package manager, or sudo before one, that writes down its arguments and brings the command.
BRINGS = """echo "$@" >>"$HOME/asked"
case " $* " in *" install "*|*" -S"*) printf '#!/bin/bash' >"$HOME/bin/frobnicate"; /bin/chmod +x "$HOME/bin/frobnicate" ;; esac"""


@pytest.mark.parametrize(
    ("manager", "command"),
    [
        ("apt", "apt-get update && apt-get install --no-install-recommends frob-deb"),
        ("dnf", "dnf install frob-rpm frob-libs"),
        ("pacman", "pacman -S --needed frob-arch"),
    ],
)
def test_without_privilege_the_exact_command_is_said(shell: Shell, manager: str, command: str) -> None:
    """Neither root nor sudo: what is missing, why, and what an administrator would run."""
    shell.need(NEED)
    shell.add_command(MANAGERS[manager], "exit 1")
    result = shell.run(INSTALL)
    assert result.returncode == 1
    assert "frobnicate (frobnicates the widgets)" in result.stderr
    assert result.stderr.endswith(f"Ask an administrator to run: {command}\n")
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("manager", "asked"),
    [
        ("apt", "env DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends frob-deb"),
        ("dnf", "dnf install --quiet --assumeyes --setopt=install_weak_deps=False frob-rpm frob-libs"),
        ("pacman", "--needed --noconfirm frob-arch"),
    ],
)
def test_with_sudo_the_packages_are_installed(shell: Shell, manager: str, asked: str) -> None:
    """Through sudo, without a question, and then it goes on."""
    shell.need(NEED)
    shell.add_command(MANAGERS[manager], "exit 1")
    shell.add_command("sudo", BRINGS)
    result = shell.run(INSTALL)
    assert (result.stdout, result.returncode) == ("complete\n", 0), result.stderr
    assert asked in (shell.folder / "asked").read_text()


def test_a_failed_installation_ends_with_the_command(shell: Shell) -> None:
    """The package manager's own words stand above it."""
    shell.need(NEED)
    shell.add_command("dnf", "exit 1")
    shell.add_command("sudo", '[[ $2 == true ]] || { echo "no such package" >&2; exit 1; }')
    result = shell.run(INSTALL)
    assert result.returncode == 1
    assert "no such package" in result.stderr
    assert "install them yourself: dnf install frob-rpm frob-libs" in result.stderr


def test_what_the_packages_did_not_bring_is_said(shell: Shell) -> None:
    """An installation that succeeds and changes nothing is no success."""
    shell.need(NEED)
    shell.add_command("dnf", "exit 1")
    shell.add_command("sudo", "exit 0")
    result = shell.run(INSTALL)
    assert result.returncode == 1
    assert "still missing after installation: frobnicate" in result.stderr


def test_an_unknown_distribution_is_told_and_tried(shell: Shell) -> None:
    """Where no package manager is known, the probes may be wrong: say it and go on."""
    shell.need(NEED)
    result = shell.run(INSTALL)
    assert (result.stdout, result.returncode) == ("complete\n", 0)
    assert "frobnicate (frobnicates the widgets)" in result.stderr


def test_only_what_the_moment_needs_is_asked_for(shell: Shell) -> None:
    """The needs of tests do not burden those who run."""
    shell.need(NEED.replace("run ", "test ", 1))
    assert shell.run(INSTALL).stdout == "complete\n"


@pytest.mark.parametrize(("python", "package"), [("$system_python", "python3-dev"), ("/opt/bin/python3.12", "python3.12-dev")])
def test_packages_of_the_interpreter_in_use(shell: Shell, python: str, package: str) -> None:
    """Headers belong to one version of Python."""
    shell.need("build | command frobnicate | {python}-dev | x | x | headers")
    shell.add_command("apt-get", "exit 1")
    assert shell.run(f"python={python}; install_system_packages build").stderr.endswith(f" {package}\n")
