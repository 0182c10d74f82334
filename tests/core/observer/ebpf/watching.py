"""Targets written in C, launched as simply as possible, under the engine."""

from __future__ import annotations

import os
import select
import shutil
import struct
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from core.observer import native
from core.observer.ebpf.abilities import why_not
from core.observer.ebpf.engine import EbpfEngine
from core.observer.ebpf.loader import RingSizes
from core.observer.ebpf.symbols import KALLSYMS
from core.observer.wire import CapturePlan, LaunchSpec
from tests.core.observer.ebpf.recorded import Recorded
from tests.support.privilege import require, require_root

TARGETS = Path(__file__).parent / "targets"
SMALL = RingSizes(8 << 20, 1 << 20, 1 << 20, 1 << 20)

PR_SET_NO_NEW_PRIVS = 38


def require_ebpf() -> None:
    """Skip where the engine cannot work, or targets cannot be compiled."""
    require_root("eBPF programs are loaded")
    reason = why_not()
    require(reason is None, str(reason))
    require(shutil.which("gcc"), "gcc is not installed: the targets are written in C")


def compile_target(name: str, directory: Path) -> str:
    """The path of the compiled target; those that include bare.h are built without libc."""
    source = TARGETS / f"{name}.c"
    output = directory / name
    bare = "bare.h" in source.read_text()
    flags = ["-nostdlib", "-static", "-fno-stack-protector", "-fcf-protection=none"] if bare else ["-pthread"]
    subprocess.run(["gcc", "-O1", *flags, "-o", str(output), str(source)], check=True)
    return str(output)


class Watch:
    """A target that is watched from its execve on; a context that leaves no process and no program behind."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        before_exec: Callable[[], object] = lambda: None,
        sizes: RingSizes = SMALL,
        captures: tuple[CapturePlan, ...] = (),
        stdin: int | None = None,
        environment: Mapping[str, str] | None = None,
        symbols: bool = False,
    ) -> None:
        self.recorded = Recorded()
        self.engine = EbpfEngine(sizes, KALLSYMS if symbols else Path(os.devnull))
        self.engine.start(LaunchSpec(argv[0], tuple(argv), (), "/", "ebpf", captures=captures))
        self._go, theirs = _pipe_ends()
        self.output, their_output = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self._go)
                os.read(theirs, 1)
                os.dup2(their_output, 1)
                if stdin is not None:
                    os.dup2(stdin, 0)
                before_exec()
                os.execve(argv[0], list(argv), os.environ if environment is None else environment)  # noqa: S606  # never a shell
            finally:
                os._exit(127)
        os.close(theirs)
        os.close(their_output)
        self.engine.watch(self.pid)
        self._reaped = False

    def go(self) -> None:
        """Let it begin."""
        os.write(self._go, b"g")

    def finish(self, drain: bool = True) -> Recorded:
        """Until it has ended; with `drain` off, the rings are only read at the end."""
        pidfd = os.pidfd_open(self.pid)
        while not select.select([pidfd], [], [], 0.02)[0]:
            if drain:
                self.engine.drain(self.recorded.emit)
        os.close(pidfd)
        self.recorded.pid, self.recorded.status = os.waitpid(self.pid, 0)
        self._reaped = True
        self.engine.finish(self.recorded.emit)
        self.recorded.lost = dict(self.engine.lost())
        return self.recorded

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._go)
        os.close(self.output)
        if not self._reaped:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        self.engine.close()


def _pipe_ends() -> tuple[int, int]:
    read, write = os.pipe()
    return write, read


def watch(argv: Sequence[str], **options: Any) -> Recorded:
    """A whole run; options as `Watch` takes them."""
    with Watch(argv, **options) as run:
        run.go()
        return run.finish()


def seccomp_filter(nr: int, action: int) -> bytes:
    """`action` for this one call number, ALLOW for all others, whatever the architecture."""
    instructions = [(0x20, 0, 0, 0), (0x15, 0, 1, nr), (0x06, 0, 0, action), (0x06, 0, 0, 0x7FFF0000)]
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in instructions)


def under_filter(nr: int, action: int) -> Callable[[], object]:
    """For `before_exec`: load `seccomp_filter`."""
    program = seccomp_filter(nr, action)

    def load() -> None:
        native.prctl(PR_SET_NO_NEW_PRIVS, 1)
        native.load_filter(program, 0)

    return load
