"""The target of the ground truth (targets/asking.py), run in every way, each once a session."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import errno
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from core.event import CallEvent
from core.knowledge.capabilities import parse_capability
from core.knowledge.syscalls import number
from core.observer.wire import AUDIT_ARCH_X86_64, Engine
from tests.core.judge.truths import TRUTHS
from tests.support.run import UNPRIVILEGED_OBSERVER, calls_of, run

BOTH: Final[tuple[Engine, ...]] = ("ebpf", "ptrace")


@dataclasses.dataclass(frozen=True, slots=True)
class Way:
    """Who the target is, and who watches it."""

    policy: str
    engines: tuple[Engine, ...] = BOTH
    observer: tuple[str, ...] = ()
    """Our own, where it is empty."""
    in_namespace: bool = False


WAYS: Final = {
    "root": Way(""),
    "root without any": Way("[capabilities]\nkeep = []\n"),
    "an ordinary user": Way('[identity]\nuser = "nobody"\n'),
    "a user namespace": Way("[identity]\nuser_namespace = true\n", in_namespace=True),
    "watched by an ordinary user": Way("", ("ptrace",), UNPRIVILEGED_OBSERVER),
    "watched by an ordinary user, root of a user namespace": Way(
        '[identity]\nuser = "root"\nuser_namespace = true\n', ("ptrace",), UNPRIVILEGED_OBSERVER, in_namespace=True
    ),
}
"""The ways in which the target is run."""

_SOURCE: Final = Path(__file__).with_name("targets") / "asking.py"
_SOMEBODY: Final = 12
"""A user id that is neither root's nor the ordinary user's."""
_MARKER: Final = "getsid"
_FIRST_MARK: Final = 0x40000000


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """What became of one case."""

    errno: str
    """As the target saw it; empty: success."""
    call: CallEvent
    """As the recording has it."""


class Asking:
    """The objects that the cases are about, and the runs."""

    def __init__(self, folder: Path, process: int, memory: int) -> None:
        names = ("file", "locked", "foreign", "device", "closed", "dark")
        objects: dict[str, Any] = {name: str(folder / name) for name in names}
        objects |= {"folder": str(folder), "process": process, "memory": memory}
        cases = [{"name": truth.name, "capabilities": [parse_capability(name) for name in truth.capabilities]} for truth in TRUTHS]
        numbers = {truth.call: number(AUDIT_ARCH_X86_64, truth.call) for truth in TRUTHS}
        self._table = json.dumps({"objects": objects, "numbers": numbers, "cases": cases})
        self._run = functools.cache(self._watch)

    @functools.cached_property
    def flips(self) -> dict[str, tuple[str, str]]:
        """By case the errno without its capabilities, and with nothing but them; the kernel says, and nobody watches."""
        done = subprocess.run([*self._command(), "flip"], capture_output=True, check=True)
        return {name: (_word(without), _word(with_)) for name, (without, with_) in json.loads(done.stdout).items()}

    def of(self, engine: Engine, way: str) -> dict[str, Asked]:
        """Every case, watched."""
        return self._run(engine, way)

    def _command(self) -> list[str]:
        return [str(Path(sys.executable).resolve()), "-I", "-S", "-c", _SOURCE.read_text(), self._table]

    def _watch(self, engine: Engine, way: str) -> dict[str, Asked]:
        session = run(self._command(), WAYS[way].policy, engine=engine, directory="/", observer=WAYS[way].observer)
        assert session.recording is not None, session.failure
        output = b"".join(data for stream, data in session.recording.output if stream == 1)
        errnos = {name: _word(value) for name, value in json.loads(output or b"{}").items()}
        made: dict[str, Asked] = {}
        following: list[CallEvent] = []
        for call in reversed(calls_of(session)):
            if call.syscall == _MARKER and call.args[0] >= _FIRST_MARK:
                truth = TRUTHS[call.args[0] - _FIRST_MARK]
                made[truth.name] = Asked(errnos[truth.name], next(one for one in reversed(following) if one.syscall == truth.call))
                following = []
            following.append(call)
        return made


def _word(number_: int) -> str:
    return errno.errorcode[number_] if number_ else ""


@contextlib.contextmanager
def asking() -> Iterator[Asking]:
    """Makes the objects, and removes them. Takes root."""
    # Not below pytest's own directory, which is closed to other users.
    with tempfile.TemporaryDirectory(prefix="gatescope-", dir="/var/tmp") as name, _process() as process, _memory() as memory:
        folder = Path(name)
        folder.chmod(0o755)
        for file, mode, owner in (("file", 0o644, 0), ("locked", 0, 0), ("foreign", 0o644, _SOMEBODY)):
            (folder / file).write_text("x")
            (folder / file).chmod(mode)
            os.chown(folder / file, owner, owner)
        (folder / "dark").mkdir(mode=0)
        (folder / "closed").mkdir()
        (folder / "closed" / "kept").touch()
        (folder / "closed").chmod(0o555)
        yield Asking(folder, process, memory)


@contextlib.contextmanager
def _process() -> Iterator[int]:
    # Somebody else's process, which waits until it is ended.
    with subprocess.Popen(["/bin/sleep", "1000"], user=_SOMEBODY, group=_SOMEBODY, extra_groups=[]) as process:
        yield process.pid
        process.send_signal(signal.SIGKILL)


@contextlib.contextmanager
def _memory() -> Iterator[int]:
    # Somebody else's shared memory that nobody may attach.
    libc = ctypes.CDLL(None)
    code = "import ctypes; print(ctypes.CDLL(None).shmget(0, 4096, 0o1000))"
    made = subprocess.run(
        [Path(sys.executable).resolve(), "-I", "-S", "-c", code],
        user=_SOMEBODY,
        group=_SOMEBODY,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        check=True,
    )
    memory = int(made.stdout)
    yield memory
    libc.shmctl(memory, 0, 0)
