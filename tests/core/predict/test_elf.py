"""ELF files read for what starts them, and files that are none or not whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.predict.elf import ElfError, read_elf
from tests.support.privilege import require

_SAMPLE = Path(os.path.realpath("/bin/sh")).read_bytes()


def test_a_dynamic_program() -> None:
    elf = read_elf(os.path.realpath("/bin/sh"))
    assert Path(elf.interpreter).exists()
    assert any(name.startswith("libc.") for name in elf.needed)
    assert elf.kind[0] == (2 if sys.maxsize > 2**32 else 1)


@pytest.mark.parametrize(
    ("flags", "interpreter", "runpath", "rpath"),
    [
        ([], True, (), ()),
        (["-static"], False, (), ()),
        (["-Wl,-rpath,/a:$ORIGIN/b", "-Wl,--enable-new-dtags"], True, ("/a", "$ORIGIN/b"), ()),
        (["-Wl,-rpath,/a", "-Wl,--disable-new-dtags"], True, (), ("/a",)),
    ],
)
def test_what_the_linker_wrote(
    tmp_path: Path, flags: list[str], interpreter: bool, runpath: tuple[str, ...], rpath: tuple[str, ...]
) -> None:
    require(shutil.which("cc"), "there is no C compiler to make programs with")
    (tmp_path / "empty.c").write_text("int main(void) { return 0; }\n")
    subprocess.run(["cc", "-o", tmp_path / "empty", *flags, tmp_path / "empty.c"], check=True)
    elf = read_elf(str(tmp_path / "empty"))
    assert (bool(elf.interpreter), elf.runpath, elf.rpath) == (interpreter, runpath, rpath)
    assert bool(elf.needed) == interpreter


@pytest.mark.parametrize(("content", "sentence"), [(b"", "is no ELF file"), (b"#!/bin/sh\n", "is no ELF file"), (_SAMPLE[:30], "cut off")])
def test_what_is_none(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ElfError, match=sentence):
        read_elf(str(tmp_path / "file"))


@given(cut=st.integers(0, 4096), place=st.integers(4, 1500), byte=st.integers(0, 255))
def test_whatever_is_in_it_is_an_answer_or_an_error(tmp_path_factory: pytest.TempPathFactory, cut: int, place: int, byte: int) -> None:
    content = bytearray(_SAMPLE[: len(_SAMPLE) - cut])
    content[place] = byte
    path = tmp_path_factory.mktemp("elf") / "broken"
    path.write_bytes(content)
    with contextlib.suppress(ElfError):
        assert all(isinstance(name, str) for name in read_elf(str(path)).needed)
