"""The badge's words, from what an observer says of itself."""

from __future__ import annotations

from typing import Any

import pytest

from core.observer.abilities import hello
from core.standing import standing

GOOD: dict[str, Any] = {
    "uid": 0,
    "kernel": "6.18",
    "engines": {"ebpf": None, "ptrace": None},
    "capabilities": {"permitted": 1},
    "landlock": 7,
}
POOR: dict[str, Any] = {
    "uid": 1000,
    "kernel": "6.1",
    "engines": {"ebpf": "eBPF needs CAP_BPF", "ptrace": None},
    "capabilities": {"permitted": 0},
    "landlock": 0,
}


@pytest.mark.parametrize(
    ("found", "engine", "prefix", "words", "place"),
    [
        (GOOD, "ebpf", "none", "eBPF · root observer", "The observer runs as root, on Linux 6.18."),
        (GOOD, "ebpf", "sudo", "eBPF · root observer", "The observer runs as root, started through sudo, on Linux 6.18."),
        (POOR, "ptrace", "none", "ptrace · your own observer", "The observer runs as uid 1000, on Linux 6.1."),
        (
            POOR,
            "ptrace",
            "ssh h",
            "ptrace · uid 1000 observer elsewhere",
            "The observer runs as uid 1000, started through “ssh h”, on Linux 6.1.",
        ),
        (GOOD, "ptrace", "ssh h", "ptrace · root observer elsewhere", "The observer runs as root, started through “ssh h”, on Linux 6.18."),
    ],
)
def test_words(found: dict[str, Any], engine: str, prefix: str, words: str, place: str) -> None:
    told = standing(found, engine, prefix, 1000)
    assert (told.words, told.place) == (words, place)


def test_what_is_missing_and_how_to_get_it() -> None:
    assert standing(GOOD, "ebpf", "none", 0).missing == ()
    missing = {one.name: one for one in standing(POOR, "ptrace", "none", 1000).missing}
    assert list(missing) == ["capability checks", "capabilities", "Landlock"]
    assert "CAP_BPF" in missing["capability checks"].detail
    assert "pkexec or sudo" in missing["capability checks"].remedy
    assert "Identity" in missing["capabilities"].remedy


def test_a_root_that_lacks_it_is_not_sent_to_root() -> None:
    (missing,) = standing({**GOOD, "engines": {"ebpf": "no BTF", "ptrace": None}}, "ptrace", "none", 0).missing
    assert missing.remedy == ""


def test_an_engine_that_was_chosen_is_said_to_be() -> None:
    (missing,) = standing(GOOD, "ptrace", "none", 0).missing
    assert missing.remedy == "choose Run → Engine → Automatic"


def test_elsewhere_root_is_to_be_had_there() -> None:
    assert "ssh root@host" in standing(POOR, "ptrace", "ssh host", 1000).missing[0].remedy


def test_of_a_real_observer() -> None:
    told = standing(hello(), "ptrace", "none", hello()["uid"])
    assert told.words.startswith("ptrace · ")
