"""What can be run is found; what cannot is named, with what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.target import TargetError, resolve_target, working_directory


def program(path: Path, text: str = "#!/bin/sh\n", mode: int = 0o755) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_name_is_found_in_path(tmp_path: Path) -> None:
    wanted = program(tmp_path / "tool")
    target = resolve_target(["tool", "-x"], {"PATH": f"/nonexistent:{tmp_path}"}, "/")
    assert (target.executable, target.argv, target.directory) == (str(wanted), ("tool", "-x"), "/")


def test_a_closed_folder_of_path_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "closed").mkdir()
    wanted = program(tmp_path / "open" / "tool")
    closed = program(tmp_path / "closed" / "tool").parent
    access, is_file = os.access, Path.is_file

    def refuse(path: Path) -> bool:
        if closed in path.parents:
            raise PermissionError(13, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != closed and access(path, mode))
    monkeypatch.setattr(Path, "is_file", refuse)
    environment = {"PATH": f"{closed}:{tmp_path}/open"}
    assert resolve_target(["tool"], environment, "/").executable == str(wanted)
    with pytest.raises(TargetError, match="did you mean tool"):
        resolve_target(["toool"], environment, "/")


def test_a_path_counts_from_the_directory(tmp_path: Path) -> None:
    wanted = program(tmp_path / "tool")
    assert resolve_target(["./tool"], {}, str(tmp_path)).executable == str(wanted)


def test_an_executable_later_in_path_wins_over_a_plain_file(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    program(tmp_path / "a" / "tool", mode=0o644)
    wanted = program(tmp_path / "b" / "tool")
    assert resolve_target(["tool"], {"PATH": f"{tmp_path}/a:{tmp_path}/b"}, "/").executable == str(wanted)


def test_without_a_path_variable_the_default_serves() -> None:
    assert os.access(resolve_target(["sh"], {}, "/").executable, os.X_OK)


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        ([], "no target: name a command to run"),
        ([""], "no target: name a command to run"),
        (["./missing"], "./missing: there is no such file"),
        (["toool"], "toool: no such command in PATH; did you mean tool?"),
        (["qqqqqqqq"], "qqqqqqqq: no such command in PATH; give its path"),
        (["./tool/deeper"], "./tool/deeper: a part of this path is a file"),
        (["./folder"], "./folder: is a directory, not a program"),
        (["./plain"], "./plain: is not executable; make it so with: chmod +x"),
        (
            ["./noshebang"],
            "./noshebang: is neither an ELF program nor a script with a #! line; run it through its interpreter, for example: sh ./noshebang",
        ),
        (["./empty-shebang"], "./empty-shebang: its first line is #! without an interpreter"),
        (["./script"], "./script: is a script whose interpreter /no/such/interpreter does not exist"),
        (["./nested"], "./nested: is a script whose interpreter /no/such/interpreter does not exist"),
        (["./fifo"], "./fifo: is not a regular file"),
        (["./empty"], "./empty: is an empty file"),
        (["./for-plain"], "is not executable; mend the script's first line"),
        (["./for-folder"], "is not executable; mend the script's first line"),
        (["./windows"], "./windows: is a script whose interpreter /bin/sh is followed by a carriage return"),
    ],
)
def test_what_cannot_run_is_named(tmp_path: Path, argv: list[str], sentence: str) -> None:
    program(tmp_path / "tool")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    program(tmp_path / "plain", mode=0o644)
    program(tmp_path / "noshebang", "echo hello\n")
    program(tmp_path / "empty-shebang", "#!\n")
    program(tmp_path / "script", "#!/no/such/interpreter -x\n")
    program(tmp_path / "nested", f"#!{tmp_path}/script\n")
    program(tmp_path / "empty", "")
    program(tmp_path / "for-plain", f"#!{tmp_path}/plain\n")
    program(tmp_path / "for-folder", f"#!{tmp_path}/folder\n")
    program(tmp_path / "windows", "#!/bin/sh\r\n")
    with pytest.raises(TargetError) as caught:
        resolve_target(argv, {"PATH": str(tmp_path)}, str(tmp_path))
    assert sentence in str(caught.value)


def test_an_interpreter_that_we_may_not_see_is_left_to_the_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "script", "#!/closed/interpreter\n")
    look = Path.stat

    def refuse(path: Path, **options: bool) -> os.stat_result:
        if path == Path("/closed/interpreter"):
            raise PermissionError(13, "Permission denied", str(path))
        return look(path, **options)

    monkeypatch.setattr(Path, "stat", refuse)
    assert resolve_target(["./script"], {}, str(tmp_path)).argv == ("./script",)


def test_a_working_directory_that_was_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    assert working_directory() == str(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(TargetError, match="does not exist any more: change to another"):
        working_directory()


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="is not a directory, so nothing can be started there"):
        resolve_target(["sh"], {"PATH": "/bin"}, str(tmp_path / "gone"))
