"""Libraries are found where ld.so finds them: ldd is the oracle."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from core.predict.elf import read_elf
from core.predict.libraries import LibraryFinder, read_cache
from tests.support.privilege import require


def listed_by_ldd(program: str, environment: dict[str, str]) -> set[str]:
    lines = subprocess.run(["ldd", program], check=True, capture_output=True, text=True, env={**os.environ, **environment}).stdout
    return {os.path.realpath(path) for path in re.findall(r"=> (/\S+)", lines)}


def found(program: str, environment: dict[str, str]) -> tuple[set[str], tuple[str, ...]]:
    files, missing = LibraryFinder(read_elf(os.path.realpath(program)).interpreter, environment).closure(program)
    return {path for path in files if path != os.path.realpath(read_elf(os.path.realpath(program)).interpreter)}, missing


@pytest.mark.parametrize("program", ["sh", "ls", "git", "python3", "strace", "Xvfb"])
def test_the_same_as_ldd(program: str) -> None:
    path = shutil.which(program)
    require(path and shutil.which("ldd"), f"{program} or ldd is not installed")
    assert path is not None
    assert found(path, {}) == (listed_by_ldd(path, {}), ())


def build(folder: Path, name: str, *flags: str) -> None:
    (folder / "part.c").write_text(f"int {name}(void) {{ return 1; }}\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / f"lib{name}.so", folder / "part.c", *flags], check=True)


@pytest.mark.parametrize(
    ("flags", "environment"),
    [
        (["-Wl,-rpath,$ORIGIN/lib", "-Wl,--enable-new-dtags"], False),
        (["-Wl,-rpath,$ORIGIN/lib", "-Wl,--disable-new-dtags"], False),
        ([], True),
    ],
)
def test_folders_of_its_own(tmp_path: Path, flags: list[str], environment: bool) -> None:
    require(shutil.which("cc"), "there is no C compiler to make programs with")
    folder = tmp_path / "lib"
    folder.mkdir()
    build(folder, "inner")
    build(folder, "outer", "-Wl,--no-as-needed", f"-L{folder}", "-linner", *([] if environment else ["-Wl,-rpath,$ORIGIN"]))
    (tmp_path / "main.c").write_text("int main(void) { return 0; }\n")
    command: list[str | Path] = [
        "cc",
        "-o",
        tmp_path / "main",
        tmp_path / "main.c",
        "-Wl,--no-as-needed",
        f"-L{folder}",
        f"-Wl,-rpath-link,{folder}",
    ]
    subprocess.run([*command, "-louter", *flags], check=True)
    variables = {"LD_LIBRARY_PATH": str(folder)} if environment else {}
    files, missing = found(str(tmp_path / "main"), variables)
    assert files == listed_by_ldd(str(tmp_path / "main"), variables)
    assert {str(folder / "libouter.so"), str(folder / "libinner.so")} <= files
    assert missing == ()
    (folder / "libinner.so").unlink()
    assert found(str(tmp_path / "main"), variables)[1] == ("libinner.so",)


def test_no_cache_is_no_failure(tmp_path: Path) -> None:
    assert read_cache(tmp_path / "none") == {}
    (tmp_path / "cut").write_bytes(b"glibc-ld.so.cache1.1\xff")
    assert read_cache(tmp_path / "cut") == {}
