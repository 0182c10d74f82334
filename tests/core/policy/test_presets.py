"""The policies that come with the program: each is valid, and does what its description says."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.knowledge.syscalls import number
from core.observer.wire import AUDIT_ARCH_X86_64
from core.policy.action import parse_action
from core.policy.check import check
from core.policy.file import decode, encode
from core.policy.held import mask
from core.policy.model import Policy
from core.policy.rules import matches, resolve_rules

PRESETS = sorted((Path(__file__).parents[3] / "resources/presets/policies").glob("*.toml"))


def _preset(stem: str) -> Policy:
    return decode(next(path for path in PRESETS if path.stem == stem).read_text())


def test_the_container_default_is_the_well_known_fourteen() -> None:
    capabilities = _preset("container-default").capabilities
    assert capabilities is not None
    assert mask(capabilities.keep or (), "", 0) == 0xA80425FB


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_each_preset_is_a_policy(path: Path) -> None:
    policy = decode(path.read_text())
    check(policy)
    assert policy.name
    assert policy.description
    assert decode(encode(policy)) == policy


def test_there_are_presets() -> None:
    assert {"no-raw-sockets-seccomp", "no-raw-sockets-capability", "nothing-dropped", "container-default"} <= {
        path.stem for path in PRESETS
    }


@pytest.mark.parametrize(
    ("stem", "call", "args", "word"),
    [
        ("no-raw-sockets-seccomp", "socket", (2, 3), "errno:EPERM"),
        ("no-raw-sockets-seccomp", "socket", (10, 3 | 0x80000), "errno:EPERM"),
        ("no-raw-sockets-seccomp", "socket", (17, 2), "errno:EPERM"),
        ("no-raw-sockets-seccomp", "socket", (2, 1), "allow"),
        ("no-raw-sockets-seccomp", "socket", (1, 3), "allow"),
        ("read-only-files", "openat", (0, 0, 0o0), "allow"),
        ("read-only-files", "openat", (0, 0, 0o1), "errno:EROFS"),
        ("read-only-files", "openat", (0, 0, 0o2), "errno:EROFS"),
        ("read-only-files", "openat", (0, 0, 0o100), "errno:EROFS"),
        ("read-only-files", "open", (0, 0o2000002), "errno:EROFS"),
        ("read-only-files", "open", (0, 0o2000000), "allow"),
        ("read-only-files", "creat", (), "errno:EROFS"),
        ("read-only-files", "openat2", (), "errno:ENOSYS"),
        ("no-new-programs", "execve", (), "errno:EACCES"),
        ("only-computing", "write", (), "allow"),
        ("only-computing", "socket", (), "kill-process"),
        ("network-logged", "connect", (), "log"),
    ],
)
def test_a_preset_does_what_it_says(stem: str, call: str, args: tuple[int, ...], word: str) -> None:
    seccomp = _preset(stem).seccomp
    nr = number("x86_64", call)
    assert nr is not None
    padded = (*args, *(0,) * (6 - len(args)))
    matching = {rule.action for rule in resolve_rules(seccomp, AUDIT_ARCH_X86_64) if matches(rule, nr, padded)}
    assert (matching or {parse_action(seccomp.default)}) == {parse_action(word)}
