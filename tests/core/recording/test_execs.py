"""Predicted beside actual at each exec of real runs, and where it cannot be predicted, the reason."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.event import CallEvent, ProcessEvent
from core.judge.records import PROCESS_DTYPE, Capture, Records
from core.judge.verdict import Evidence, Gate
from core.observer.abilities import engine_abilities
from core.observer.wire import CaptureKind, ExecFact, ProcessKind
from core.plan import EngineChoice
from core.predict.at_exec import AtExec
from core.predict.credentials import SETS
from core.recording.execs import Execs
from core.recording.recording import Recording
from core.recording.rows import CALL_ROW
from core.text import event_line
from tests.support.privilege import require, require_root
from tests.support.run import recording_of, run

ENGINES: tuple[EngineChoice, ...] = ("ebpf", "ptrace")
SETUID_ALLOWED = '[identity]\nuser = "nobody"\nno_new_privs = false\n'
POLICIES = {
    "root": '[identity]\nuser = "root"\nno_new_privs = false\n',
    "nobody": SETUID_ALLOWED,
    "no_new_privs": '[identity]\nuser = "nobody"\n',
    "ambient": SETUID_ALLOWED
    + '[capabilities]\nbounding = ["NET_RAW", "CHOWN", "SETUID", "SETGID"]\npermitted = ["NET_RAW", "CHOWN"]\neffective = ["NET_RAW"]\n'
    'inheritable = ["NET_RAW", "CHOWN"]\nambient = ["NET_RAW"]\n',
    "noroot": '[identity]\nuser = "root"\nno_new_privs = false\n[capabilities]\nsecurebits = ["noroot", "noroot-locked"]\n',
    "user namespace": '[identity]\nuser = "root"\nno_new_privs = false\nuser_namespace = true\n',
}
COMMANDS = (
    "./capable; ./inheritable; ./setgid; ./setuid; ./both; ./script; ./setuid-shell -p -c './capable; ./setgid; id'; ./setuid-shell -c id; "
    "unshare -r sh -c './capable; ./setuid; id'; strace -o /dev/null ./setuid; setpriv --no-new-privs ./setuid; "
    'python3 -c \'import os; os.execv("./capable", ["x"])\'; sudo -n id; su -c id </dev/null; passwd -S; mount; /no/such/program; true'
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Programs with every kind of privilege, where everybody can run them."""
    require_root("file capabilities and setuid bits are set")
    require(shutil.which("setcap"), "setcap is not installed: it gives programs their capabilities")
    made = Path(tempfile.mkdtemp(dir="/var/tmp"))
    made.chmod(0o755)
    for name in ("capable", "inheritable", "setgid", "setuid", "both"):
        shutil.copy("/usr/bin/id", made / name)
    shutil.copy("/bin/bash", made / "setuid-shell")
    (made / "script").write_text(f"#!{made}/capable\n")
    os.chown(made / "setgid", 0, 8)
    for name, mode in {"setgid": 0o2755, "setuid": 0o4755, "setuid-shell": 0o4755, "both": 0o4755, "script": 0o6755}.items():
        (made / name).chmod(mode)
    for name, capabilities in {"capable": "cap_net_raw+ep", "inheritable": "cap_chown+i", "both": "cap_net_raw+ep"}.items():
        subprocess.run(["setcap", capabilities, str(made / name)], check=True)
    yield made
    shutil.rmtree(made)


def execs(recording: Recording) -> list[ProcessEvent]:
    others = (recording.event(index) for index in range(len(recording)) if recording.rows.row(index)["kind"] != CALL_ROW)
    return [event for event in others if isinstance(event, ProcessEvent) and event.event == "exec"]


def of(event: ProcessEvent) -> AtExec:
    at_exec = AtExec.of(event.data)
    assert at_exec is not None
    return at_exec


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> EngineChoice:
    name: EngineChoice = request.param
    reason = engine_abilities()[name]
    require(reason is None, f"the {name} engine does not work: {reason}")
    return name


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_the_kernel_does_at_each_exec_what_was_predicted(folder: Path, engine: EngineChoice, policy: str) -> None:
    events = execs(recording_of(run(["sh", "-c", COMMANDS], policy, engine=engine, directory=str(folder))))
    assert len(events) > 12
    assert [(event.data["argv"], event.data["reason"]) for event in events if event.data["agrees"] is not True] == []


def test_the_data_of_an_exec(folder: Path, engine: EngineChoice, tmp_path: Path) -> None:
    path = tmp_path / "run.arrow"
    session = run(["sh", "-c", "./script; true"], SETUID_ALLOWED, engine=engine, directory=str(folder), record=path)
    for recording in (recording_of(session), Recording.open(path)):
        _, event = execs(recording)
        data = event.to_json()
        assert data["argv"] == ["./script"]
        assert data["file"] == str(folder / "capable")
        assert (data["before"]["permitted"], data["predicted"]["permitted"], data["agrees"]) == ([], ["NET_RAW"], True)
        assert data["capabilities"] == data["predicted"]  # in the same order too
        assert "file capabilities within the bounding set become permitted: NET_RAW" in data["rules"]
        assert "+++ runs ./script +++  permitted 0 → 1, effective 0 → 1: as predicted" in event_line(event)


def test_an_exec_refused_for_the_capabilities_of_its_file(folder: Path, engine: EngineChoice) -> None:
    lacking = '[identity]\nuser = "root"\n[capabilities]\nkeep = ["SYS_ADMIN"]\n'
    recording = recording_of(run(["sh", "-c", f"{folder}/capable; {folder}/inheritable; {folder}/script; true"], lacking, engine=engine))
    refused = [event for event in map(recording.event, range(len(recording))) if isinstance(event, CallEvent) and event.errno == "EPERM"]
    assert [(event.syscall, event.verdict.gate, event.verdict.evidence, event.verdict.capability) for event in refused] == [
        ("execve", Gate.CAPABILITY, Evidence.INFERRED, "NET_RAW")
    ] * 2
    reason = f"EPERM: {folder}/capable is to start with CAP_NET_RAW by its file capabilities, and the bounding set lacks it"
    assert [event.verdict.reason for event in refused] == [reason] * 2


def record(kind: ProcessKind, **fields: int) -> Records:
    """A process record of thread 7 in call 1; what is not given is zero."""
    records: Records = np.zeros(1, PROCESS_DTYPE)
    for name, value in {"kind": int(kind), "id": 1, "pid": 7, "tid": 7, "bounding": 1 << 13, **fields}.items():
        records[name] = value
    return records


def called(path: str, *facts: Capture) -> tuple[Capture, ...]:
    return (Capture(1, 0, CaptureKind.STRING, False, False, path.encode()), *facts)


def unpredicted(execs: Execs, after: Records, captures: tuple[Capture, ...]) -> str:
    """Why this exec could not be predicted."""
    data = execs.data(after[0], captures)
    assert (data["agrees"], data["predicted"]) == (None, None)
    return str(data["reason"])


def begun(**options: bool) -> Execs:
    """After a BEFORE_EXEC of call 1."""
    execs = Execs(40, **options)
    execs.begun(record(ProcessKind.BEFORE_EXEC))
    execs.settled(record(ProcessKind.BEFORE_EXEC))
    return execs


def test_what_cannot_be_predicted_says_why() -> None:
    after = record(ProcessKind.EXEC, uids=0)
    assert (
        unpredicted(begun(), after, called("/no/such/file"))
        == "/no/such/file is no longer there, or lies in a mount namespace of the target's own"
    )
    assert unpredicted(begun(), after, called("./relative")) == "which file ran was not recorded"
    assert unpredicted(begun(elsewhere=True), after, called("/bin/true")) == (
        "the observer runs elsewhere, and its files cannot be read from here"
    )
    assert unpredicted(Execs(40), after, called("/bin/true")) == "what it held before was not recorded"


def test_a_difference_of_another_file_proves_nothing() -> None:
    inode = Path("/bin/true").stat().st_ino
    now = time.monotonic_ns()
    unlike = record(ProcessKind.EXEC, permitted=1, file=inode + 1)
    assert unpredicted(begun(), unlike, called("/bin/true")) == "/bin/true is another file now than the one that ran"
    assert begun().data(record(ProcessKind.EXEC, time_ns=now, permitted=1, file=inode)[0], called("/bin/true"))["agrees"] is False


def test_a_difference_of_a_file_that_was_changed_proves_nothing(tmp_path: Path) -> None:
    program = tmp_path / "program"
    shutil.copy("/bin/true", program)
    ran = record(ProcessKind.EXEC, time_ns=time.monotonic_ns(), permitted=1, file=program.stat().st_ino)
    time.sleep(0.02)
    program.chmod(0o4755)
    said = f"{program} was changed after it ran, perhaps its owner, mode or capabilities"
    assert unpredicted(begun(), ran, called(str(program))) == said


def test_maps_that_were_too_long_prove_nothing() -> None:
    unknown = Capture(1, ExecFact.UID_MAP, CaptureKind.BYTES, False, True, b"")
    after = record(ProcessKind.EXEC, permitted=1)
    assert unpredicted(begun(), after, called("/bin/true", unknown)) == "the id maps of its user namespace are too long to be recorded"


def test_failed_execs_and_ended_threads_are_forgotten() -> None:
    execs = begun()
    execs.begun(record(ProcessKind.BEFORE_EXEC, id=2))
    execs.settled(record(ProcessKind.BEFORE_EXEC, id=2))
    assert unpredicted(execs, record(ProcessKind.EXEC), called("/bin/true")) == "what it held before was not recorded"
    execs.settled(record(ProcessKind.EXIT))
    assert unpredicted(execs, record(ProcessKind.EXEC, id=2), called("/bin/true")) == "what it held before was not recorded"


def test_a_difference_is_told_in_words() -> None:
    sets: dict[str, Any] = {name: [] for name in SETS}
    event = ProcessEvent(
        1, 0, 1, 1, "x", "exec", {"argv": ["x"], "capabilities": sets, "before": sets, "predicted": {**sets, "permitted": ["CHOWN"]},
        "agrees": False, "reason": "permitted lacks CHOWN", "rules": [], "rule_sets": []}
    )  # fmt: skip
    assert event_line(event).endswith("✕ the same capabilities: not as predicted: permitted lacks CHOWN")
