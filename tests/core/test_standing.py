"""The badge's words, from what an observer says of itself."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from core.observer.abilities import hello
from core.recording.header import RunHeader
from core.standing import recorded_standing, standing
from gui.ways import WINDOW

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
    "engines": {"ebpf": {"reason": "eBPF needs CAP_BPF", "root_helps": True}, "ptrace": None},
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
    told = standing(found, engine, prefix, 1000, WINDOW)
    assert (told.words, told.place) == (words, place)


def test_what_is_missing_and_how_to_get_it() -> None:
    assert standing(GOOD, "ebpf", "none", 0, WINDOW).missing == ()
    missing = {one.name: one for one in standing(POOR, "ptrace", "none", 1000, WINDOW).missing}
    assert list(missing) == ["capability checks", "capabilities", "Landlock"]
    assert "CAP_BPF" in missing["capability checks"].detail
    assert missing["capability checks"].remedy == "choose Run → Observer → Root"
    assert "Identity" in missing["capabilities"].remedy


@pytest.mark.parametrize("uid", [0, 1000])
def test_where_root_lacks_it_too_nobody_is_sent_to_root(uid: int) -> None:
    obstacle = {"reason": "no BTF", "root_helps": False}
    (missing,) = standing({**GOOD, "uid": uid, "engines": {"ebpf": obstacle, "ptrace": None}}, "ptrace", "none", uid, WINDOW).missing
    assert missing.remedy == ""


def test_an_engine_that_was_chosen_is_said_to_be() -> None:
    (missing,) = standing(GOOD, "ptrace", "none", 0, WINDOW).missing
    assert missing.remedy == "choose Run → Engine → Automatic"


def test_elsewhere_root_is_to_be_had_there() -> None:
    assert "ssh root@host" in standing(POOR, "ptrace", "ssh host", 1000, WINDOW).missing[0].remedy


def test_of_a_real_observer() -> None:
    told = standing(hello(), "ptrace", "none", hello()["uid"], WINDOW)
    assert told.words.startswith("ptrace · ")


def test_of_a_recording() -> None:
    header = RunHeader(argv=("true",), policy="", engine="ebpf", judge_from="entry", started_ns=5, kernel="6.18", uid=1000)
    told = recorded_standing(header)
    assert (told.words, told.missing) == ("recorded by eBPF", ())
    assert told.place == "What is shown was recorded by uid 1000 on Linux 6.18."
    by_ptrace = recorded_standing(msgspec.structs.replace(header, engine="ptrace", kernel=""))
    assert by_ptrace.words == "recorded by ptrace"
    assert [one.name for one in by_ptrace.missing] == ["capability checks"]
