"""Landlock for real: what a policy's [paths] allows and refuses a child, by root and by an ordinary user, and launches that fail of it."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.knowledge.landlock import RIGHTS
from core.observer import landlock, wire
from core.observer.wire import FrameKind, LaunchSpec
from core.policy.file import decode
from core.policy.model import Paths
from core.policy.paths import landlock_ruleset
from core.resources import resource_path
from tests.core.observer.driver import Observer, launch_spec
from tests.support.privilege import require

OK = 0

Compiled = Callable[[str], str]


@pytest.fixture(autouse=True)
def _landlock_is_there() -> None:
    require(landlock.abi() >= 5, f"this kernel's Landlock has ABI {landlock.abi()}, and the tests want what ABI 5 brought")


@pytest.fixture
def field() -> Iterator[Path]:
    """A directory that anybody may write to, with two files and a directory in it."""
    with tempfile.TemporaryDirectory(prefix="gatescope-landlock-") as name:
        folder = Path(name)
        for directory in (folder, folder / "inner", folder / "other"):
            directory.mkdir(exist_ok=True)
            directory.chmod(0o777)
        for file in (folder / "outside", folder / "inner" / "inside"):
            file.write_text("content")
            file.chmod(0o777)
        yield folder


def program(compiled: Compiled) -> tuple[str, ...]:
    """What the target itself needs in every list."""
    return ("/usr", "/lib64", "/etc/ld.so.cache", compiled("attempts"))


def attempts(observer: Observer, compiled: Compiled, paths: Paths, *tries: tuple[str, object], abi: int | None = None) -> list[int]:
    """The errno of each try, by a target under the ruleset that a kernel with this ABI (None: this one) is given for these paths."""
    words = [str(word) for one in tries for word in one]
    ruleset = landlock_ruleset(paths, landlock.abi() if abi is None else abi)
    observer.launch(compiled("attempts"), *words, no_new_privs=True, landlock=ruleset)
    observer.read_all()
    assert observer.all_json(FrameKind.FAILED) == []
    return [int(line) for line in observer.output().split()]


def test_reading(anyone: Observer, compiled: Compiled, field: Path) -> None:
    paths = Paths(read=(*program(compiled), f"{field}/inner"))
    found = attempts(
        anyone,
        compiled,
        paths,
        ("read", field / "inner/inside"),
        ("list", field / "inner"),
        ("read", field / "outside"),
        ("list", field),
        ("read", field / "inner/../outside"),
        ("stat", field / "outside"),
        ("write", field / "outside"),
        ("execute", "/usr/bin/true"),
    )
    assert found == [OK, OK, errno.EACCES, errno.EACCES, errno.EACCES, OK, OK, OK]


def test_writing(anyone: Observer, compiled: Compiled, field: Path) -> None:
    found = attempts(
        anyone,
        compiled,
        Paths(write=(f"{field}/inner",)),
        ("write", field / "inner/inside"),
        ("make", field / "inner/new"),
        ("truncate", field / "inner/inside"),
        ("remove", field / "inner/new"),
        ("write", field / "outside"),
        ("make", field / "new"),
        ("truncate", field / "outside"),
        ("remove", field / "outside"),
        ("ioctl", "/dev/null"),
        ("move", f"{field}/inner/inside:{field}/other/moved"),
        ("read", field / "outside"),
    )
    assert found == [OK] * 4 + [errno.EACCES] * 6 + [OK]
    assert (field / "outside").read_text() == "content"


def test_a_single_file_may_be_named(anyone: Observer, compiled: Compiled, field: Path) -> None:
    paths = Paths(write=(f"{field}/outside", "/dev/null"))
    found = attempts(
        anyone,
        compiled,
        paths,
        ("write", field / "outside"),
        ("write", field / "inner/inside"),
        ("remove", field / "outside"),
        ("ioctl", "/dev/null"),
    )
    assert found == [OK, errno.EACCES, errno.EACCES, errno.ENOTTY]


def test_executing(anyone: Observer, compiled: Compiled, field: Path) -> None:
    (field / "outside").write_text("#!/bin/sh\n")
    paths = Paths(execute=program(compiled))
    found = attempts(anyone, compiled, paths, ("execute", "/usr/bin/true"), ("execute", field / "outside"), ("read", field / "outside"))
    assert found == [OK, errno.EACCES, OK]


def test_ports(anyone: Observer, compiled: Compiled) -> None:
    """Nobody listens at port 1: a connect that is allowed is refused by the network."""
    tries = [("connect", 1), ("connect", 2), ("bind", 0), ("bind", 40001), ("connect-udp", 2), ("read", "/etc/passwd")]
    found = attempts(anyone, compiled, Paths(connect=(1,), bind=(40001,)), *tries)
    assert found == [errno.ECONNREFUSED, errno.EACCES, errno.EACCES, OK, OK, OK]


def test_an_empty_list_allows_nothing_and_none_leaves_open(anyone: Observer, compiled: Compiled, field: Path) -> None:
    found = attempts(
        anyone,
        compiled,
        Paths(connect=(), write=()),
        ("connect", 1),
        ("bind", 0),
        ("write", field / "outside"),
        ("read", field / "outside"),
    )
    assert found == [errno.EACCES, OK, errno.EACCES, OK]


def test_a_symbolic_link_counts_for_where_it_leads(anyone: Observer, compiled: Compiled, field: Path) -> None:
    (field / "link").symlink_to(field / "other")
    (field / "inner/way-out").symlink_to(field / "outside")
    (field / "other/file").touch()
    paths = Paths(read=(*program(compiled), f"{field}/link", f"{field}/inner"))
    assert attempts(anyone, compiled, paths, ("read", field / "other/file"), ("read", field / "inner/way-out")) == [OK, errno.EACCES]


def test_moving_between_directories_stays_open_where_writing_is(anyone: Observer, compiled: Compiled, field: Path) -> None:
    paths = Paths(read=(*program(compiled), str(field)))
    assert attempts(anyone, compiled, paths, ("move", f"{field}/inner/inside:{field}/other/moved")) == [OK]


def test_nobody_under_a_ruleset_may_change_mounts(observe: Callable[..., Observer], compiled: Compiled, field: Path) -> None:
    assert attempts(observe(), compiled, Paths(write=(str(field),)), ("mount", field / "inner")) == [errno.EPERM]


@pytest.mark.parametrize(("abi", "truncating", "moving"), [(1, OK, errno.EXDEV), (2, OK, OK), (3, errno.EACCES, OK)])
def test_what_an_older_kernel_lacks_stays_as_it_says(
    anyone: Observer, compiled: Compiled, field: Path, abi: int, truncating: int, moving: int
) -> None:
    """The ruleset that an older kernel would be given, on this one: truncate is refused from ABI 3 on, and ABI 1 refuses every move."""
    tries = (("truncate", field / "outside"), ("move", f"{field}/inner/inside:{field}/inner/../other/moved"))
    found = attempts(anyone, compiled, Paths(write=(f"{field}/inner", f"{field}/other")), *tries, abi=abi)
    assert found == [truncating, moving]


def test_it_holds_for_what_the_target_starts(anyone: Observer, field: Path) -> None:
    paths = Paths(read=("/usr", "/lib64", "/etc/ld.so.cache"))
    anyone.launch(
        "/bin/sh",
        "-c",
        f"/bin/cat {field}/outside || exec /bin/cat {field}/outside",
        no_new_privs=True,
        landlock=landlock_ruleset(paths, 7),
    )
    anyone.read_all()
    assert anyone.output(2).count(b"Permission denied") == 2


def test_both_engines_launch_under_it(observe: Callable[..., Observer], engine: str, field: Path) -> None:
    observer = observe()
    paths = Paths(read=("/usr", "/lib64", "/etc/ld.so.cache"), execute=("/usr", "/lib64"))
    observer.launch("/bin/cat", str(field / "outside"), engine=engine, no_new_privs=True, landlock=landlock_ruleset(paths, 7))
    observer.read_all()
    assert b"Permission denied" in observer.output(2)


def test_the_preset_starts_a_program_of_the_systems_and_keeps_it_in_usr(anyone: Observer) -> None:
    paths = decode(resource_path("presets/policies/only-usr-read.toml").read_text(encoding="utf-8")).paths
    script = "cat /usr/share/common-licenses/* >/dev/null && echo read; cat /etc/passwd; echo > /tmp/gatescope-never-made; /usr/bin/env true && echo ran"
    anyone.launch("/bin/sh", "-c", script, no_new_privs=True, landlock=landlock_ruleset(paths, landlock.abi()))
    anyone.read_all()
    assert anyone.output().split() == [b"read", b"ran"]
    assert anyone.output(2).count(b"ermission denied") == 2


# ── failures ──────────────────────────────────────────────────────────────────────────────────────────────────────


def failure(observer: Observer, executable: str, paths: Paths, **changes: Any) -> tuple[str, int, str]:
    observer.launch(executable, **{"no_new_privs": True, "landlock": landlock_ruleset(paths, 7), **changes})
    observer.read_all()
    failed = observer.json(FrameKind.FAILED)
    return failed["stage"], failed["errno"], failed["detail"]


def test_a_missing_path_is_named(anyone: Observer) -> None:
    assert failure(anyone, "/bin/true", Paths(read=("/usr", "/no/such/place"))) == (
        "landlock",
        errno.ENOENT,
        (
            "The Landlock rules could not be applied (No such file or directory): /no/such/place, which stands in the policy's [paths], does "
            "not exist: take it out there, or name another."
        ),
    )


def test_a_path_that_the_target_cannot_reach_is_named(nobody: Observer, field: Path) -> None:
    (field / "inner").chmod(0o700)
    stage, number, detail = failure(nobody, "/bin/true", Paths(read=(f"{field}/inner/inside",)))
    assert (stage, number) == ("landlock", errno.EACCES)
    assert f"{field}/inner/inside, which stands in the policy's [paths], is closed to the target's user" in detail


def test_without_no_new_privs_the_toggle_is_named(nobody: Observer) -> None:
    stage, number, detail = failure(nobody, "/bin/true", Paths(read=("/usr",)), no_new_privs=False)
    assert (stage, number) == ("landlock", errno.EPERM)
    assert detail.endswith("the kernel wants no_new_privs or CAP_SYS_ADMIN for it: switch no_new_privs on.")


def test_rights_that_the_kernel_does_not_know_are_told(observe: Callable[..., Observer]) -> None:
    unknown = wire.Landlock(1 << 60, 0, (("/usr", 1 << 60),))
    stage, number, detail = failure(observe(), "/bin/true", Paths(), landlock=unknown)
    assert (stage, number) == ("landlock", errno.EINVAL)
    assert "does not know one of these rights" in detail


def test_an_executable_outside_the_paths_is_named(anyone: Observer, compiled: Compiled) -> None:
    executable = compiled("attempts")
    stage, number, detail = failure(anyone, executable, Paths(read=("/usr",), execute=("/usr",)))
    assert (stage, number) == ("execve", errno.EACCES)
    assert f"{executable} lies outside the policy's paths.execute and paths.read: add it, or a directory above it" in detail


def test_a_loader_outside_the_paths_is_named(anyone: Observer, compiled: Compiled) -> None:
    executable = compiled("attempts")
    loader = str(Path("/lib64/ld-linux-x86-64.so.2").resolve())
    stage, _, detail = failure(anyone, executable, Paths(execute=(executable,)))
    assert stage == "execve"
    assert f"{loader}, which {executable} needs, lies outside the policy's paths.execute: add it" in detail


def test_an_interpreter_outside_the_paths_is_named(anyone: Observer, field: Path) -> None:
    script = field / "outside"
    script.write_text("#!/bin/sh\n")
    _, _, detail = failure(anyone, str(script), Paths(execute=(str(script),)))
    assert f"{Path('/bin/sh').resolve()}, which {script} needs, lies outside the policy's paths.execute" in detail


# ── the wire, and the kernel's numbers ────────────────────────────────────────────────────────────────────────────


def test_a_ruleset_travels() -> None:
    spec = launch_spec("/bin/true", landlock=wire.Landlock(13, 3, (("/usr", 5), ("/", 8)), ((80, 1),)))
    assert LaunchSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"handled_fs": 0, "handled_net": 0, "paths": [], "ports": []}, "landlock: handles nothing"),
        ({"paths": [["usr", 1]]}, "landlock: paths must be absolute"),
        ({"paths": [["/usr", 2]]}, "paths: a rule's rights must be some of the handled ones"),
        ({"paths": [["/usr", 0]]}, "paths: a rule's rights must be some of the handled ones"),
        ({"ports": [[65536, 1]]}, "landlock: must be a whole number from 0 to 65535"),
        ({"paths": [["/usr", 1]] * 4097}, "paths: must be a list of at most 4096 entries"),
        ({"more": 1}, "more: no such field"),
    ],
)
def test_the_observer_reads_a_ruleset_with_suspicion(changes: dict[str, Any], message: str) -> None:
    value = launch_spec("/bin/true", landlock=wire.Landlock(1, 1)).to_json()
    value["landlock"].update(changes)
    with pytest.raises(wire.SpecError, match=message):
        LaunchSpec.from_json(json.loads(json.dumps(value)))


def test_places_are_for_a_tracer() -> None:
    plan = wire.CapturePlan(wire.AUDIT_ARCH_X86_64, 257, ((1, wire.CaptureKind.PLACE, 4096, 0, False),))
    spec = launch_spec("/bin/true", engine="ebpf", captures=(plan,))
    with pytest.raises(wire.SpecError, match="places are for ptrace"):
        LaunchSpec.from_json(json.loads(json.dumps(spec.to_json())))


def test_rights_add_up_along_a_path() -> None:
    rules = wire.Landlock(15, 0, (("/", 1), ("/usr", 2), ("/usr/bin/x", 4)))
    assert [rules.rights_at(path) for path in ("/", "/usr", "/usr/bin/x", "/usrx")] == [1, 3, 7, 1]


def test_the_kernel_has_each_right_of_its_abi() -> None:
    """A ruleset that handles a right is refused with EINVAL by a kernel that does not know it."""
    for right in RIGHTS:
        if right.abi <= landlock.abi():
            network = right.kind in ("connect", "bind")
            ruleset = landlock.Ruleset(wire.Landlock(0 if network else right.bit, right.bit if network else 0))
            ruleset.create()
            assert ruleset.fd >= 0, right.name
            os.close(ruleset.fd)
