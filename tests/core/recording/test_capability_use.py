"""Which capabilities a run asked for, and what it held in vain: on real runs, under both engines."""

from __future__ import annotations

import os
import sys

import msgspec

from core.observer.abilities import engine_abilities
from core.observer.wire import Engine
from core.recording.capability_use import CapabilityUse, CapabilityUses, could_be_dropped
from core.recording.recording import Recording
from tests.core.recording.test_recording import HEADER, filled
from tests.support.privilege import require
from tests.support.run import recording_of, run

RAW_SOCKET = "import socket, os, contextlib\nwith contextlib.suppress(PermissionError): socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)"
KEEP = '[capabilities]\nkeep = ["NET_RAW", "CHOWN", "SYS_NICE"]'
KEEP_WITHOUT = '[capabilities]\nkeep = ["CHOWN"]'


def used(recording: Recording) -> dict[str, CapabilityUse]:
    uses = CapabilityUses()
    uses.take(recording, 0, len(recording))
    return {use.name: use for use in uses.uses()}


def run_raw_socket(policy: str, engine: Engine) -> Recording:
    require(os.geteuid() == 0, "only root holds capabilities")
    if engine == "ebpf":
        require(engine_abilities()["ebpf"] is None, "eBPF does not work here")
    return recording_of(run([sys.executable, "-I", "-S", "-c", RAW_SOCKET], policy, engine=engine))


def test_what_was_needed_and_what_could_be_dropped() -> None:
    recording = run_raw_socket(KEEP, "ebpf")
    uses = used(recording)
    assert [name for name, use in uses.items() if use.held] == ["CHOWN", "NET_RAW", "SYS_NICE"]
    raw = uses["NET_RAW"]
    assert (raw.granted, raw.refused, raw.calls, raw.functions) == (1, 0, {"socket": 1}, {"inet_create": 1})
    idle, sentence = could_be_dropped(recording, list(uses.values()))
    assert idle == ("CHOWN", "SYS_NICE")
    assert "2 of the 3" in sentence


def test_what_was_refused_is_not_held() -> None:
    recording = run_raw_socket(KEEP_WITHOUT, "ebpf")
    uses = used(recording)
    assert (uses["NET_RAW"].granted, uses["NET_RAW"].refused, uses["NET_RAW"].held) == (0, 1, False)
    # Noise (SYS_ADMIN on each mmap) counts neither as asked for nor as a need.
    assert "SYS_ADMIN" not in uses
    assert could_be_dropped(recording, list(uses.values()))[0] == ("CHOWN",)


def test_without_checks_nothing_is_claimed() -> None:
    recording = run_raw_socket(KEEP_WITHOUT, "ptrace")
    uses = used(recording)
    assert (uses["NET_RAW"].refused, uses["NET_RAW"].calls, uses["NET_RAW"].functions) == (1, {"socket": 1}, {})
    idle, sentence = could_be_dropped(recording, list(uses.values()))
    assert idle == ()
    assert "ptrace does not see" in sentence


def test_lost_checks_leave_it_open() -> None:
    recording = filled(None)
    assert could_be_dropped(recording, list(used(recording).values())) == (
        (),
        "What could be dropped is not known: 1 checks were lost, and any of them may have been needed.",
    )


def test_nothing_held() -> None:
    recording = Recording.create(None, msgspec.structs.replace(HEADER, engine="ebpf"))
    assert could_be_dropped(recording, []) == ((), "No program of this run held a capability.")
