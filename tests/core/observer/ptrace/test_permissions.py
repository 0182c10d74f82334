"""What file permissions give a thread, with the kernel as the judge: it is asked by faccessat(2) as that thread."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.observer.ptrace.permissions import EXECUTE, READ, WRITE, Caller
from core.observer.ptrace.place import AT_FDCWD, place_of
from tests.support.privilege import require_root

NOBODY, SOMEBODY = 65534, 12
MODES = (0o000, 0o444, 0o070, 0o007, 0o110, 0o200, 0o640)
LIBC = ctypes.CDLL(None, use_errno=True)


def hold(*capabilities: int) -> None:
    low = sum(1 << one for one in capabilities)
    data = struct.pack("<6I", low, low, 0, 0, 0, 0)
    assert LIBC.capset(struct.pack("<II", 0x20080522, 0), data) == 0


def nobody() -> None:
    os.setgroups([SOMEBODY])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def in_a_namespace() -> None:
    """Where root alone is mapped."""
    assert LIBC.unshare(0x10000000) == 0
    for name, text in (("setgroups", "deny"), ("uid_map", "0 0 1"), ("gid_map", "0 0 1")):
        Path(f"/proc/self/{name}").write_text(text)


IDENTITIES: dict[str, Callable[[], None]] = {
    "root": lambda: None,
    "nobody": nobody,
    "root without any capability": hold,
    "root with DAC_READ_SEARCH": lambda: hold(2),
    "root with DAC_OVERRIDE": lambda: hold(1),
    "root of a user namespace": in_a_namespace,
}


@pytest.fixture(scope="module")
def files() -> Iterator[list[Path]]:
    """Files and directories of many modes and owners."""
    require_root("files of several owners are made")
    # Not below pytest's own directory, which is closed to other users.
    with tempfile.TemporaryDirectory(prefix="gatescope-", dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        made = []
        for number, (mode, owner, group) in enumerate(itertools.product(MODES, (0, NOBODY), (0, SOMEBODY))):
            for path in (Path(name, f"file{number}"), Path(name, f"folder{number}")):
                path.mkdir() if "folder" in path.name else path.touch()
                os.chown(path, owner, group)
                path.chmod(mode)
                made.append(path)
        yield made


@contextlib.contextmanager
def process(become: Callable[[], None], files: list[Path]) -> Iterator[tuple[int, bytes]]:
    """Somebody else, and what the kernel lets him do with each file."""
    answers, waits = os.pipe(), os.pipe()
    pid = os.fork()
    if not pid:
        become()
        may = (sum(bit for bit in (READ, WRITE, EXECUTE) if os.access(path, bit, effective_ids=True)) for path in files)
        os.write(answers[1], bytes(may))
        os.read(waits[0], 1)
        os._exit(0)
    try:
        yield pid, os.read(answers[0], len(files))
    finally:
        os.write(waits[1], b"x")
        os.waitpid(pid, 0)
        for descriptor in (*answers, *waits):
            os.close(descriptor)


@pytest.mark.parametrize("identity", IDENTITIES)
def test_as_the_kernel_lets_him(identity: str, files: list[Path]) -> None:
    with process(IDENTITIES[identity], files) as (pid, allowed):
        assert len(allowed) == len(files)
        caller = Caller.of(pid)
        for path, expected in zip(files, allowed, strict=True):
            descriptor = os.open(path, os.O_PATH)
            assert (path.name, caller.may(descriptor)) == (path.name, expected)
            os.close(descriptor)


def test_a_directory_on_the_way_that_he_may_not_enter(files: list[Path]) -> None:
    """Nothing behind it is given to him, whatever its own permissions."""
    closed = files[0].parent / "closed"
    (closed / "open").mkdir(parents=True)
    (closed / "open" / "file").touch()
    with process(nobody, files[:1]) as (pid, _):
        for mode, expected in ((0o755, (EXECUTE | READ, READ, "")), (0o644, (0, 0, str(closed)))):
            closed.chmod(mode)
            found = place_of(pid, AT_FDCWD, f"{closed}/open/file")
            assert found is not None
            assert (found.in_folder, found.at_file, found.door) == expected
