"""What a program cannot start without: the kernel's Landlock says whether that is all, and whether each part is needed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import prctl
import pytest

from core.observer import landlock
from core.policy.model import Paths
from core.policy.paths import landlock_ruleset
from core.predict.elf import ElfError
from core.predict.startup import StartupNeeds, is_below, startup_needs
from tests.support.privilege import require


def starts(argv: list[str], paths: Paths) -> bool:
    """Whether the kernel and ld.so start it under exactly these paths: it ends with 0."""
    spec = landlock_ruleset(paths, landlock.abi())
    assert spec is not None
    pid = os.fork()
    if pid == 0:
        try:
            quiet = os.open("/dev/null", os.O_RDWR)
            for stream in range(3):
                os.dup2(quiet, stream)
            prctl.set_no_new_privs(True)
            for step in landlock.steps(spec):
                step()
            os.execve(argv[0], argv, {"PATH": "/usr/bin:/bin"})  # noqa: S606  that is what is tested
        finally:
            os._exit(127)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "script"
    path.write_text("#!/usr/bin/env sh\nexit 0\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def program(request: pytest.FixtureRequest, script: str) -> str:
    found: str | None = script if request.param == "script" else shutil.which(request.param)
    require(found, f"{request.param} is not installed")
    assert found is not None
    return found


@pytest.mark.parametrize("program", ["true", "env", "script"], indirect=True)
def test_it_starts_with_these_and_no_less(program: str) -> None:
    require(landlock.abi(), "this kernel has no Landlock")
    needs = startup_needs(program, {"PATH": "/usr/bin:/bin"})
    read = (*needs.execute, *needs.read)
    assert starts([program], Paths(read=read, execute=needs.execute))
    for part in needs.execute:
        assert not starts([program], Paths(read=read, execute=tuple(path for path in needs.execute if path != part))), part
    for folder in needs.read:
        assert not starts([program], Paths(read=tuple(path for path in read if path != folder), execute=needs.execute)), folder


def test_what_is_lacking() -> None:
    needs = StartupNeeds(("/usr/bin/true", "/usr/lib/ld.so"), ("/usr/lib",), "/etc/ld.so.cache")
    assert needs.lacking(None, None) == ((), ())
    assert needs.lacking((), ()) == (("/usr/bin/true", "/usr/lib", "/etc/ld.so.cache"), ("/usr/bin/true", "/usr/lib/ld.so"))
    assert needs.lacking(("/usr/lib",), ("/usr/bin",)) == (("/usr/bin/true", "/etc/ld.so.cache"), ("/usr/lib/ld.so",))
    assert needs.lacking(("/usr",), None) == ((), ())


def test_below_follows_links(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert is_below(str(tmp_path / "real" / "file"), (str(tmp_path / "link"),))
    assert not is_below(str(tmp_path / "reality"), (str(tmp_path / "real"),))


def test_what_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("nothing\n")
    with pytest.raises(ElfError):
        startup_needs(str(tmp_path / "text"), {})
    with pytest.raises(FileNotFoundError):
        startup_needs(str(tmp_path / "none"), {})
