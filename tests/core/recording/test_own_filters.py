"""The target's own seccomp filters in a recording, as really watched and read back."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from core.observer.abilities import engine_abilities
from core.observer.wire import Engine
from core.recording.recording import Recording
from tests.support.privilege import require
from tests.support.run import calls_of, recording_of, run

TARGET = """
import ctypes, os, struct
libc = ctypes.CDLL(None)
def put(words, by_prctl):
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *word) for word in words), 8 * len(words))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(words), ctypes.addressof(code)))
    return libc.prctl(22, 2, program) if by_prctl else libc.syscall(317, 1, 4, program)
ALLOW = (6, 0, 0, 0x7fff0000)
libc.prctl(38, 1, 0, 0, 0)
put([(0x20, 0, 0, 0)] * 4095 + [ALLOW], False)
put([(0x20, 0, 0, 0), (0x15, 0, 1, 110), (6, 0, 0, 0x5000d), ALLOW], True)
put([(0x20, 0, 0, 99), ALLOW], True)
libc.prctl(22, 2, ctypes.c_void_p(16))
libc.getppid()
"""


@pytest.mark.parametrize("engine", ["ebpf", "ptrace"])
def test_what_the_target_installs_is_kept(engine: Engine, tmp_path: Path) -> None:
    problem = engine_abilities()[engine]
    require(problem is None, f"the {engine} engine does not work: {problem}")
    session = run([str(Path(sys.executable).resolve()), "-I", "-S", "-c", TARGET], engine=engine, record=tmp_path / "run.arrow")
    recording = recording_of(session)
    longest, short = recording.own_filters
    assert longest.installed.program == bytes.fromhex("2000000000000000") * 4095 + bytes.fromhex("060000000000ff7f")
    assert (longest.number, longest.installed.flags) == (1, 4)
    assert short.installed.program.hex() == "2000000000000000150000016e000000060000000d000500060000000000ff7f"
    assert [call.syscall for call in calls_of(session) if call.seq in (longest.seq, short.seq)] == ["seccomp", "prctl"]
    (refused,) = calls_of(session, "getppid")
    assert (refused.errno, refused.verdict.own_filter) == ("EACCES", 2)
    assert not any(call.verdict.conflict for call in calls_of(session))

    again = Recording.open(tmp_path / "run.arrow")
    assert again.own_filters == recording.own_filters
    assert again.event(refused.seq - 1) == refused
