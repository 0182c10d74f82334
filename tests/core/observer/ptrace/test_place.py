"""Where paths lead, with the kernel as the judge: what it opens is what was walked to."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.observer.ptrace.place import AT_FDCWD, place_of
from tests.support.privilege import require_root


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """a/{file, b/}, and links of every kind."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "file").touch()
    for name, target in {
        "to_a": "a",
        "absolute": str(tmp_path / "a"),
        "chain": "to_a/b/../file",
        "a/b/up": "../..",
        "a/b/dangling": "../none",
        "loop": "loop",
        "to_self": f"/proc/self/root{tmp_path}/a",
        "to_cwd": "/proc/thread-self/cwd",
    }.items():
        (tmp_path / name).symlink_to(target)
    return tmp_path


def led(tid: int, folder: int, path: str) -> tuple[str, str] | None:
    """Without what file permissions say."""
    found = place_of(tid, folder, path)
    return None if found is None else (found.folder, found.file)


PATHS = (
    "a/file", "to_a/file", "absolute//b/.", "chain", "to_a/b/up/to_a/file", "a/b/..", "a/b/dangling", "a/none", "a/none/file", "loop", "to_self/file",
    "to_cwd/a/file", "../../../../../../../etc/hostname", ".",
)  # fmt: skip


def opened(folder: int, path: str) -> str | None:
    """What the kernel opens; empty: nothing is there, None: it does not get so far."""
    try:
        descriptor = os.open(path, os.O_PATH, dir_fd=folder)
    except FileNotFoundError:
        return "" if os.path.isdir(os.path.dirname(path) or ".") else None  # noqa: PTH120, PTH112 (as the kernel has it, in the working directory)
    except OSError:
        return None
    found = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
    os.close(descriptor)
    return found


@pytest.mark.parametrize("path", PATHS)
def test_as_the_kernel_opens_it(tree: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    descriptor = os.open(tree, os.O_PATH)
    expected = opened(descriptor, path)
    for folder, name in ((AT_FDCWD, path), (descriptor, path), (AT_FDCWD, f"{tree}/{path}")):
        found = place_of(os.getpid(), folder, name)
        assert (None if found is None else found.file) == expected
    os.close(descriptor)


def test_the_directory_is_that_of_the_last_component_itself(tree: Path) -> None:
    """As for calls that make or remove, and follow no link there."""
    a = str(tree / "a")
    assert led(os.getpid(), AT_FDCWD, f"{tree}/to_a/b/up/chain") == (str(tree), f"{a}/file")
    assert led(os.getpid(), AT_FDCWD, f"{tree}/to_a/new") == (a, "")


def test_from_another_thread() -> None:
    go = threading.Event()
    thread = threading.Thread(target=go.wait)
    thread.start()
    assert thread.native_id is not None
    found = led(thread.native_id, AT_FDCWD, "/proc/thread-self/comm")
    go.set()
    thread.join()
    folder = f"/proc/{os.getpid()}/task/{thread.native_id}"
    assert found == (folder, f"{folder}/comm")


@pytest.fixture
def jailed(tree: Path) -> Iterator[int]:
    """A process whose root is the tree."""
    require_root("chroot")
    read, write = os.pipe()
    ready, done = os.pipe()
    pid = os.fork()
    if not pid:
        os.chroot(tree)
        os.chdir("/a")
        os.write(done, b"x")
        os.read(read, 1)
        os._exit(0)
    os.read(ready, 1)
    yield pid
    os.write(write, b"x")
    os.waitpid(pid, 0)
    for descriptor in (read, write, ready, done):
        os.close(descriptor)


def test_from_another_root(tree: Path, jailed: int) -> None:
    """Absolute paths and links begin there, and nothing leads out of it."""
    (tree / "rooted").symlink_to("/a/file")
    file = (str(tree), str(tree / "a" / "file"))
    assert led(jailed, AT_FDCWD, "/rooted") == file
    assert led(jailed, AT_FDCWD, "../../../rooted") == file
    assert led(jailed, AT_FDCWD, "file") == (str(tree / "a"), str(tree / "a" / "file"))
