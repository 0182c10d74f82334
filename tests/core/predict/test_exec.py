"""The exec calculator against the kernel: random sets, ids, securebits, namespaces and files, each really launched."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from core.observer.wire import LaunchSpec
from core.policy.held import Held
from core.policy.identity import Caller, User
from core.predict.credentials import SETS, Credentials, Sets
from core.predict.exec import Prediction, predict
from core.predict.file_capabilities import FileCapabilities
from core.predict.launch import before_exec
from core.predict.program import Program, read_program
from tests.core.policy.callers import LAST, this_process
from tests.core.policy.launched import NOBODY, STATUS, status_after_exec, user_namespaces_for_all
from tests.core.predict.cases import OTHER, File, files, namespace_specs, ordinary_specs, roots_specs
from tests.support.privilege import require, require_root

_LONG: Final = settings.default is not None and settings.default.max_examples > 1000
FORMS: Final = 3
"""Of launches, one test each: 100 cases together in the ordinary mode, 3,000 in the long one."""
cases: Final = settings(max_examples=3000 // FORMS if _LONG else 100 // FORMS + 1)


class Programs:
    """Copies of cat where everybody can reach them, on a mount like any other and on a nosuid one, each with a script that it interprets."""

    def __init__(self, folder: Path) -> None:
        self._folders = {False: folder / "plain", True: folder / "nosuid"}
        for place in self._folders.values():
            place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "nosuid,mode=755", "tmpfs", self._folders[True]], check=True)
        for place in self._folders.values():
            shutil.copy(STATUS.executable, place / "cat")
            (place / "script").write_text(f"#!{place / 'cat'}\n")
            (place / "script").chmod(0o6755)

    def prepared(self, file: File) -> Path:
        """What to execute for this file."""
        place = self._folders[file.nosuid]
        file.put_on(place / "cat")
        return place / ("script" if file.script else "cat")

    def close(self) -> None:
        subprocess.run(["umount", self._folders[True]], check=True)


@pytest.fixture(scope="module")
def programs() -> Iterator[Programs]:
    require_root("file capabilities and setuid bits are set")
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    folder.chmod(0o755)
    found = Programs(folder)
    yield found
    found.close()
    shutil.rmtree(folder)


def agrees(prediction: Prediction, status: dict[str, str]) -> None:
    """Every set and id as the kernel reports it, and a rule that speaks of each set that changed."""
    predicted = prediction.after
    assert predicted is not None
    actual = {name: int(status[f"Cap{name}"], 16) for name in ("Bnd", "Prm", "Eff", "Inh", "Amb")}
    sets = predicted.sets
    assert actual == {"Bnd": sets.bounding, "Prm": sets.permitted, "Eff": sets.effective, "Inh": sets.inheritable, "Amb": sets.ambient}
    assert [int(uid) for uid in status["Uid"].split()] == [predicted.uid, predicted.euid, predicted.suid, predicted.euid]
    assert [int(gid) for gid in status["Gid"].split()] == [predicted.gid, predicted.egid, predicted.sgid, predicted.egid]
    assert prediction.secure == ("AT_SECURE" not in status)  # the loader is silent for a privileged program
    for name in SETS:
        if getattr(sets, name) != getattr(prediction.before.sets, name):
            assert any(name in rule.sets for rule in prediction.rules), f"no rule explains {name}"


def check(programs: Programs, spec: LaunchSpec, file: File, caller: Caller, *, traced: bool = False) -> None:
    """Predicts, launches, compares. `caller` is the observer; `traced`: it traces the target."""
    path = programs.prepared(file)
    spec = dataclasses.replace(spec, executable=str(path))
    unprivileged = traced and not caller.held.effective and not spec.user_namespace
    prediction = predict(before_exec(spec, caller), read_program(str(path)), LAST, unprivileged_tracer=unprivileged)

    def compiled(_: Caller) -> LaunchSpec:
        return spec

    uid = None if caller.observer.uid == os.getuid() else caller.observer.uid
    if prediction.after is None:
        event("refused")
        with pytest.raises(AssertionError, match="LaunchError: execve: Operation not permitted"):
            status_after_exec(compiled, observer_uid=uid, traced=traced)
    else:
        event("secure" if prediction.secure else "plain")
        agrees(prediction, status_after_exec(compiled, observer_uid=uid, traced=traced))


@cases
@given(roots_specs(this_process().held), files(), st.booleans())
def test_roots_launches(programs: Programs, spec: LaunchSpec, file: File, traced: bool) -> None:
    check(programs, spec, file, this_process(), traced=traced)


@cases
@given(namespace_specs(), files())
def test_launches_into_a_user_namespace(programs: Programs, spec: LaunchSpec, file: File) -> None:
    check(programs, spec, file, this_process())


@cases
@given(ordinary_specs(), files(), st.booleans())
def test_an_ordinary_users_launches(programs: Programs, spec: LaunchSpec, file: File, traced: bool) -> None:
    require(user_namespaces_for_all(), "ordinary users may not make user namespaces here")
    root = this_process()
    caller = dataclasses.replace(root, observer=User(NOBODY, NOBODY), held=Held(bounding=root.held.bounding, permitted=0))
    check(programs, spec, file, caller, traced=traced)


def test_file_capabilities_are_read_as_they_were_set(programs: Programs) -> None:
    wanted = FileCapabilities(1 << 13, 1 << 40, effective=True, revision=3, root=OTHER)
    path = programs.prepared(File(0, 0, 0o755, wanted, nosuid=False, script=False))
    read = read_program(str(path))
    assert (read.capabilities, read.problem, read.setuid, read.nosuid) == (wanted, None, False, False)


def test_a_script_counts_as_its_interpreter(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh -e\n")
    script.chmod(0o4755)
    read = read_program(str(script))
    assert (read.path, read.script, read.setuid) == ("/bin/sh", str(script), False)


def predicted(program: Program, **changes: object) -> Prediction:
    """For a process of uid 1000 that holds NET_RAW (13) everywhere but in the ambient set."""

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
    assert any(sentence in rule.sentence for rule in predicted(program, **changes).rules)
