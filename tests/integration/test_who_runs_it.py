"""An ordinary user runs the observer as himself, through sudo, through pkexec, and through ssh: whose the target is, and what is left behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.observer.abilities import engine_abilities
from tests.support.ordinary_user import OrdinaryUser
from tests.support.processes import wait_until_none
from tests.support.sshd import Sshd

IDS = ("sh", "-c", "id -u; id -g; id -G; grep NoNewPrivs /proc/self/status")
RAW_SOCKET = ("python3", "-c", "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)")
KEEP_NET_RAW = '[capabilities]\nkeep = ["NET_RAW"]\n'


def own_ids(user: OrdinaryUser) -> str:
    groups = user.run("id", "-G").stdout.decode()
    return f"{user.uid}\n{user.gid}\n{groups}NoNewPrivs:\t1\n"


def events(user: OrdinaryUser, *arguments: str, policy: str = "") -> tuple[list[dict[str, Any]], int]:
    """The events of a run as JSON has them, and its exit status."""
    for name, text in (("policy.toml", policy), ("events.jsonl", "")):
        (user.home / name).write_text(text)
        (user.home / name).chmod(0o666)
    done = user.gatescope("run", "--policy", "policy.toml", "--format", "jsonl", "--output", "events.jsonl", *arguments)
    lines = (user.home / "events.jsonl").read_text().splitlines()
    assert lines, done.stderr.decode()
    return [json.loads(line) for line in lines], done.returncode


def raw_sockets(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in found if event.get("syscall") == "socket" and event["args"][1] & 0xF == 3]


@pytest.fixture(autouse=True)
def _nothing_left(user: OrdinaryUser) -> Any:
    yield
    wait_until_none(user.uid, str(user.bin.parents[1]))


def test_as_himself(user: OrdinaryUser) -> None:
    done = user.gatescope("run", "--observer", "none", "--format", "jsonl", "--output", "/dev/null", "--", *IDS)
    assert done.stdout.decode() == own_ids(user)


# ── sudo ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("sudo")
def test_through_sudo_the_target_is_still_his(user: OrdinaryUser) -> None:
    done = user.gatescope("run", "--observer", "sudo", "--output", "/dev/null", "--", *IDS)
    assert done.stdout.decode() == own_ids(user), done.stderr.decode()
    assert done.returncode == 0


@pytest.mark.usefixtures("sudo")
def test_through_sudo_the_policy_says_who_it_is(user: OrdinaryUser) -> None:
    done = user.gatescope("run", "--as", "root", "--output", "/dev/null", "--", "id", "-u")
    assert done.stdout == b"0\n", done.stderr.decode()
    (user.home / "nobody.toml").write_text('[identity]\nuser = "nobody"\n')
    done = user.gatescope("run", "--policy", "nobody.toml", "--output", "/dev/null", "--", "id", "-un")
    assert done.stdout == b"nobody\n", done.stderr.decode()


@pytest.mark.usefixtures("sudo")
def test_through_sudo_checks_are_seen_and_capabilities_given(user: OrdinaryUser) -> None:
    found, _ = events(user, "--observer", "sudo", "--", *RAW_SOCKET)
    (refused,) = raw_sockets(found)
    assert (refused["gate"], refused["capability"], refused["errno"]) == ("capability", "NET_RAW", "EPERM")
    assert refused["evidence"] == ("observed" if engine_abilities()["ebpf"] is None else "inferred")
    found, status = events(user, "--observer", "sudo", "--", *RAW_SOCKET, policy=KEEP_NET_RAW)
    (granted,) = raw_sockets(found)
    assert (granted["errno"], status) == (None, 0)


@pytest.mark.usefixtures("sudo")
def test_the_rule_is_for_the_observer_alone(user: OrdinaryUser) -> None:
    assert user.run("sudo", "-n", "id").returncode != 0


def test_without_a_rule_sudo_says_what_to_do(user: OrdinaryUser) -> None:
    done = user.gatescope("run", "--observer", "sudo", "--", "true")
    assert done.returncode == 1
    assert b"sudo wants a password" in done.stderr or b"do not let this user" in done.stderr


# ── pkexec ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("polkit_service")
def test_through_pkexec_the_target_is_still_his(user: OrdinaryUser) -> None:
    observer = str(user.bin / "gatescope-observer")
    done = user.gatescope("run", "--observer", "pkexec", "--observer-command", observer, "--output", "/dev/null", "--", *IDS)
    assert done.stdout.decode() == own_ids(user), done.stderr.decode()
    done = user.gatescope(
        "run", "--observer", "pkexec", "--observer-command", observer, "--as", "root", "--output", "/dev/null", "--", "id", "-u"
    )
    assert done.stdout == b"0\n", done.stderr.decode()


@pytest.mark.usefixtures("polkit_service")
def test_through_pkexec_capabilities_are_given(user: OrdinaryUser) -> None:
    observer = str(user.bin / "gatescope-observer")
    found, status = events(user, "--observer", "pkexec", "--observer-command", observer, "--", *RAW_SOCKET, policy=KEEP_NET_RAW)
    (granted,) = raw_sockets(found)
    assert (granted["errno"], status) == (None, 0)


@pytest.mark.usefixtures("polkit_service")
def test_what_polkit_does_not_grant_says_what_to_do(user: OrdinaryUser) -> None:
    """The default observer is another command than the one that the action is for."""
    done = user.gatescope("run", "--observer", "pkexec", "--", "true")
    assert done.returncode == 1
    assert b"polkit" in done.stderr


# ── ssh ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def over_ssh(user: OrdinaryUser, server: Sshd, host: str, *arguments: str) -> Any:
    observer = str(user.bin / "gatescope-observer")
    return user.gatescope("run", "--observer", server.prefix(host), "--observer-command", observer, "--output", "/dev/null", *arguments)


def test_through_ssh_as_himself(user: OrdinaryUser, ssh_server: Sshd) -> None:
    done = over_ssh(user, ssh_server, "here", "--", *IDS)
    assert done.stdout.decode() == own_ids(user), done.stderr.decode()


def test_through_ssh_as_root_the_policy_says_who_it_is(user: OrdinaryUser, ssh_server: Sshd) -> None:
    done = over_ssh(user, ssh_server, "root", "--", "id", "-u")
    assert done.stdout == b"0\n", done.stderr.decode()
    (user.home / "him.toml").write_text(f'[identity]\nuser = "{user.name}"\n')
    done = over_ssh(user, ssh_server, "root", "--policy", "him.toml", "--", *IDS)
    assert done.stdout.decode() == own_ids(user), done.stderr.decode()


def test_an_unknown_host_key_says_what_to_do(user: OrdinaryUser, ssh_server: Sshd) -> None:
    done = over_ssh(user, ssh_server, "stranger", "--", "true")
    assert done.returncode == 1
    assert b"ssh does not know the other machine's key" in done.stderr


def test_no_observer_over_there_says_what_to_do(user: OrdinaryUser, ssh_server: Sshd) -> None:
    done = user.gatescope("run", "--observer", ssh_server.prefix("here"), "--", "true")
    assert done.returncode == 1
    assert b"there is no observer behind this prefix" in done.stderr


def test_the_targets_end_is_the_commands(user: OrdinaryUser, ssh_server: Sshd) -> None:
    assert over_ssh(user, ssh_server, "here", "--", "sh", "-c", "exit 7").returncode == 7


def test_nothing_is_left_on_disk(user: OrdinaryUser) -> None:
    left = {path.name for path in Path("/etc/sudoers.d").iterdir()} if Path("/etc/sudoers.d").is_dir() else set()
    assert not [name for name in left if name.startswith("gatescope")]
    assert {path.name for path in user.home.iterdir()} <= {".ssh", "policy.toml", "events.jsonl", "nobody.toml", "him.toml"} | _SKELETON


_SKELETON = {path.name for path in Path("/etc/skel").iterdir()} if Path("/etc/skel").is_dir() else set()
