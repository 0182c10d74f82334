"""The exec calculator against the kernel: random sets, ids, securebits and files, each really launched."""

from __future__ import annotations

import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from core.observer.wire import CapabilitySets, LaunchSpec
from core.policy.identity import Caller
from core.policy.securebits import NO_CAP_AMBIENT_RAISE
from core.predict.credentials import Credentials
from core.predict.exec import Prediction, predict
from core.predict.file_capabilities import ATTRIBUTE, FileCapabilities, encode
from core.predict.launch import before_exec
from core.predict.program import Program, read_program
from tests.core.policy.callers import LAST, this_process
from tests.core.policy.launched import NOBODY, STATUS, status_after_exec
from tests.support.privilege import require_root

OTHER = 12345
MASKS = st.one_of(st.integers(0, (2 << LAST) - 1), st.sampled_from([0, (2 << LAST) - 1]))


@pytest.fixture(scope="module")
def program() -> Iterator[Path]:
    """A copy of cat where everybody can reach it."""
    require_root("file capabilities and setuid bits are set")
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    folder.chmod(0o755)
    yield Path(shutil.copy(STATUS.executable, folder / "cat"))
    shutil.rmtree(folder)


@st.composite
def specs(draw: st.DrawFn) -> LaunchSpec:
    """A launch that the kernel lets pass up to its execve."""
    held = this_process().held
    uid = draw(st.sampled_from([None, 0, NOBODY, OTHER]))
    bounding = held.bounding & draw(MASKS)
    securebits = draw(st.one_of(st.none(), st.integers(0, 255)))
    permitted = held.permitted & draw(MASKS)
    inheritable = bounding & draw(MASKS)
    no_ambient = (securebits or 0) & NO_CAP_AMBIENT_RAISE
    ambient = 0 if no_ambient else permitted & inheritable & draw(MASKS)
    return LaunchSpec(
        executable="",
        argv=STATUS.argv,
        environment=(),
        directory="/",
        engine="ptrace",
        uid=uid,
        gid=uid,
        groups=draw(st.sampled_from([None, (), (OTHER,)])),
        no_new_privs=draw(st.booleans()),
        capabilities=CapabilitySets(bounding, permitted, permitted & draw(MASKS), inheritable, ambient),
        securebits=securebits,
        stdio=("pipe", "pipe", "pipe"),
    )


@st.composite
def files(draw: st.DrawFn) -> tuple[int, int, int, FileCapabilities | None]:
    """(owner, group, mode, capabilities) of an executable that everybody may run."""
    owner, group = draw(st.sampled_from([0, NOBODY, OTHER])), draw(st.sampled_from([0, OTHER]))
    mode = 0o755 | draw(st.sampled_from([0, 0, 0o4000, 0o2000, 0o6000]))
    root = draw(st.sampled_from([None, None, OTHER]))
    capabilities = FileCapabilities(draw(MASKS), draw(MASKS), draw(st.booleans()), 2 if root is None else 3, root)
    return owner, group, mode, draw(st.sampled_from([None, capabilities]))


def prepare(path: Path, owner: int, group: int, mode: int, capabilities: FileCapabilities | None) -> None:
    """Gives the file what the kernel will look at; chown clears the other two."""
    os.chown(path, owner, group)
    path.chmod(mode)
    if capabilities is not None:
        os.setxattr(path, ATTRIBUTE, encode(capabilities))


def agrees(predicted: Credentials, status: dict[str, str]) -> None:
    """Every set and id as the kernel reports it."""
    actual = {name: int(status[f"Cap{name}"], 16) for name in ("Bnd", "Prm", "Eff", "Inh", "Amb")}
    sets = predicted.sets
    assert actual == {"Bnd": sets.bounding, "Prm": sets.permitted, "Eff": sets.effective, "Inh": sets.inheritable, "Amb": sets.ambient}
    assert [int(uid) for uid in status["Uid"].split()] == [predicted.uid, predicted.euid, predicted.suid, predicted.euid]
    assert [int(gid) for gid in status["Gid"].split()] == [predicted.gid, predicted.egid, predicted.sgid, predicted.egid]


@settings(
    max_examples=1000 if settings.default and settings.default.max_examples > 1000 else 100,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(specs(), files())
def test_the_kernel_does_what_was_predicted(program: Path, spec: LaunchSpec, file: tuple[int, int, int, FileCapabilities | None]) -> None:
    prepare(program, *file)
    spec = dataclasses.replace(spec, executable=str(program))
    prediction = predict(before_exec(spec, this_process()), read_program(str(program)), LAST)

    def compiled(_: Caller) -> LaunchSpec:
        return spec

    if prediction.after is None:
        event("refused")
        with pytest.raises(AssertionError, match="LaunchError: execve: Operation not permitted"):
            status_after_exec(compiled)
    else:
        event("runs")
        agrees(prediction.after, status_after_exec(compiled))


def test_file_capabilities_are_read_as_they_were_set(program: Path) -> None:
    wanted = FileCapabilities(1 << 13, 1 << 40, effective=True, revision=3, root=OTHER)
    prepare(program, 0, 0, 0o755, wanted)
    read = read_program(str(program))
    assert (read.capabilities, read.problem, read.setuid, read.nosuid) == (wanted, None, False, False)


def test_a_script_counts_as_its_interpreter(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh -e\n")
    script.chmod(0o4755)
    read = read_program(str(script))
    assert (read.path, read.script, read.setuid) == ("/bin/sh", str(script), False)


def predicted(program: Program, **changes: object) -> Prediction:
    """For a process of uid 1000 that holds NET_RAW (13) everywhere but in the ambient set."""
    from core.predict.credentials import Sets

    raw = 1 << 13
    base = Credentials(Sets((2 << LAST) - 1, raw, raw, raw, 0), 1000, 1000, 1000, 1000, 1000, 1000)
    return predict(dataclasses.replace(base, **changes), program, LAST)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("program_fields", "changes", "sentence"),
    [
        ({}, {}, "lost at exec, being neither ambient nor given by the file or by uid 0: NET_RAW"),
        ({"setuid": True}, {}, "is setuid: the effective uid becomes 0"),
        ({"setuid": True}, {"no_new_privs": True}, "no_new_privs is set: it is ignored"),
        ({"setuid": True, "nosuid": True}, {}, "its mount is nosuid: it is ignored"),
        ({}, {"uid": 0, "euid": 0, "suid": 0}, "the effective uid is 0: everything in the bounding and inheritable sets becomes permitted"),
        ({}, {"uid": 0, "euid": 0, "securebits": 1}, "the securebit noroot is set: uid 0 gives no capabilities"),
        (
            {"capabilities": FileCapabilities(1 << 13, 0, effective=True)},
            {},
            "file capabilities within the bounding set become permitted: NET_RAW",
        ),
        ({"script": "/a/script"}, {}, "/a/script is a script: the kernel takes bits and capabilities from its interpreter /bin/x"),
        ({}, {"securebits": 16}, "the securebit keep-caps is cleared by every execve"),
    ],
)
def test_each_rule_has_its_sentence(program_fields: dict[str, object], changes: dict[str, object], sentence: str) -> None:
    program = Program(path="/bin/x", **program_fields)  # type: ignore[arg-type]  # by name
    assert any(sentence in rule for rule in predicted(program, **changes).rules)
