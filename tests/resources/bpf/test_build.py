"""The committed object against its source."""

import re
import shutil
import struct
import subprocess
from pathlib import Path

from core.observer.ebpf import loader
from tests.support.privilege import require

FOLDER = loader.OBJECT.parent
EXECUTABLE = 4


def _programs(data: bytes) -> dict[str, bytes]:
    """The instructions of each section of an ELF object that has some (elf(5))."""
    (offset,), (size, count, names) = struct.unpack_from("<Q", data, 40), struct.unpack_from("<HHH", data, 58)
    headers = [struct.unpack_from("<IIQQQQ", data, offset + n * size) for n in range(count)]
    texts = headers[names][4]
    found = {}
    for name, _, flags, _, start, length in headers:
        if flags & EXECUTABLE and length:
            title = data[texts + name : data.index(b"\0", texts + name)].decode()
            found[title] = data[start : start + length]
    return found


def _rebuilt(directory: Path) -> bytes:
    require(shutil.which("clang") and shutil.which("llvm-strip"), "clang and llvm-strip are not installed: they build the object")
    output = directory / "rebuilt.o"
    subprocess.run([FOLDER / "build.sh", output], check=True, stdin=subprocess.DEVNULL)
    return output.read_bytes()


def test_the_committed_programs_are_those_of_the_source(tmp_path: Path) -> None:
    rebuilt = _rebuilt(tmp_path)
    version = subprocess.run(["clang", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    committed = _programs(loader.OBJECT.read_bytes())
    assert set(_programs(rebuilt)) == set(committed)
    # Another clang may choose other instructions for the same source.
    if version == (FOLDER / "BUILT-WITH").read_text().strip():
        assert _programs(rebuilt) == committed


def test_a_copy_elsewhere_builds_the_same_object(tmp_path: Path) -> None:
    here = _rebuilt(tmp_path)
    copy = tmp_path / "a copy"
    shutil.copytree(FOLDER, copy)
    subprocess.run([copy / "build.sh", tmp_path / "again.o"], check=True, stdin=subprocess.DEVNULL)
    assert (tmp_path / "again.o").read_bytes() == here


def test_the_object_names_no_place_of_the_machine_that_built_it() -> None:
    assert re.findall(rb"[\0\s\"](/[\w.+-]+/[^\0]*)", loader.OBJECT.read_bytes()) == []
