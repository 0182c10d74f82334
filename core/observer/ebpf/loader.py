"""The compiled programs and their maps, from the object file to a running kernel and back."""

from __future__ import annotations

import dataclasses
import errno
import mmap
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from core.observer import wire
from core.observer.ebpf.libbpf import BpfObject, Libbpf, LibbpfError
from core.observer.engine import LOST_KINDS

OBJECT: Final = Path(__file__).parents[3] / "resources" / "bpf" / "gatescope.bpf.o"

CHECK_PROGRAM: Final = "on_cap_capable"
"""Sees the capability checks by a tracepoint that exists since Linux 6.14."""

CHECK_PROBES: Final = ("on_cap_capable_return", "on_cap_capable_entry")
"""See them by kprobes, before that. In the order of attaching: the second without the first would only count losses."""

OPTIONAL: Final = (CHECK_PROGRAM, *CHECK_PROBES, "on_signal")
"""Programs without which calls and processes can still be watched."""

KERNEL_TYPES: Final = Path("/sys/kernel/btf/vmlinux")
"""Where the running kernel describes its types (BTF); each tracepoint is one of them."""

_CHECK_TRACEPOINT: Final = b"\0btf_trace_cap_capable\0"

PLANS_AN_ARCH: Final = 1024
"""As in resources/bpf/maps.h."""

MARK_MUTED: Final = 4
STATE_ARMED: Final = 1
THREAD_SIZE: Final = 128
"""Bytes of struct thread there; its first two words are the state and the marks."""

MISSES_OFFSET: Final = 208
"""Of `recursion_misses` in struct bpf_prog_info, include/uapi/linux/bpf.h."""

_U32: Final = struct.Struct("<I")
_THREAD: Final = struct.Struct("<II")
_PLAN: Final = struct.Struct("<BBBBI")
PLAN_SIZE: Final = 4 + wire.CAPTURES_A_CALL * _PLAN.size
"""Bytes of struct call_plan there."""

_LOST: Final = struct.Struct(f"<{len(LOST_KINDS)}Q")
_MISSES_OF: Final = dict.fromkeys(("on_sys_enter", "on_sys_exit"), "calls") | dict.fromkeys((CHECK_PROGRAM, *CHECK_PROBES), "checks")


@dataclasses.dataclass(frozen=True, slots=True)
class RingSizes:
    """Bytes for each ring, each a power of two and at least a page."""

    calls: int = 128 << 20
    """Room for 1.1 million calls while the reader does something else."""
    checks: int = 16 << 20
    processes: int = 4 << 20
    captures: int = 32 << 20

    def __post_init__(self) -> None:
        """Raises ValueError: libbpf would round a size silently, and the reader would look in the wrong places."""
        for name, size in dataclasses.asdict(self).items():
            if size < mmap.PAGESIZE or size & (size - 1):
                raise ValueError(f"the ring {name} cannot have {size} bytes: it takes a power of two, at least {mmap.PAGESIZE}")

    def smaller(self) -> RingSizes:
        """An eighth of each, at least a page."""
        return RingSizes(*(max(size >> 3, mmap.PAGESIZE) for size in dataclasses.astuple(self)))


class Programs:
    """The programs in the kernel, attached. When the process ends, however it ends, the kernel takes them out."""

    def __init__(self, library: Libbpf, sizes: RingSizes, only: str | None = None) -> None:
        """Load and attach all of them, or the one named. Raises `LibbpfError`."""
        self.sizes = sizes
        self.missing: dict[str, str] = {}
        """Optional programs that could not be attached, with the reason."""
        self._object = BpfObject(library, OBJECT)
        self.names = _names(self._object.programs()) if only is None else (only,)
        """The programs that are loaded, in the order of attaching."""
        self._lost: mmap.mmap | None = None
        try:
            self._attach()
        except BaseException:
            self.close()
            raise

    def _attach(self) -> None:
        for program in self._object.programs():
            if program not in self.names:
                self._object.leave_out(program)
        for name, size in dataclasses.asdict(self.sizes).items():
            self._object.set_max_entries(name, size)
        self._object.load()
        self._lost = mmap.mmap(self._object.map_fd("lost"), mmap.PAGESIZE, mmap.MAP_SHARED, mmap.PROT_READ)
        for program in self.names:
            self._attach_one(program)

    def _attach_one(self, program: str) -> None:
        try:
            self._object.attach(program)
        except LibbpfError as err:
            if program not in OPTIONAL:
                raise
            self.missing[program] = str(err)

    @property
    def sees_checks(self) -> bool:
        """Capability checks are recorded."""
        return all(name not in self.missing for name in self.names if name in (CHECK_PROGRAM, *CHECK_PROBES))

    def ring_fd(self, name: str) -> int:
        """The descriptor of a ring, by a field's name of `RingSizes`."""
        return self._object.map_fd(name)

    def watch(self, tid: int) -> None:
        """Follow this thread from its execve on, and all that it creates. Raises `LibbpfError`."""
        self._object.update("threads", _U32.pack(tid), _THREAD.pack(STATE_ARMED, 0).ljust(THREAD_SIZE, b"\0"))

    def mark_muted(self, tid: int, muted: bool) -> None:
        """Set or clear the mark of a stopped thread; nothing where it is gone. Raises `LibbpfError`."""
        try:
            thread = self._object.lookup("threads", _U32.pack(tid), THREAD_SIZE)
        except LibbpfError as err:
            if err.errno == errno.ENOENT:
                return
            raise
        state, marks = _THREAD.unpack_from(thread)
        marks = marks | MARK_MUTED if muted else marks & ~MARK_MUTED
        self._object.update("threads", _U32.pack(tid), _THREAD.pack(state, marks) + thread[_THREAD.size :])

    def plan(self, plan: wire.CapturePlan) -> None:
        """What to capture of one call; a number beyond the table is of no call that exists. Raises `LibbpfError`."""
        index = _plan_index(plan.arch, plan.nr)
        if index is None:
            return
        entries = b"".join(
            _PLAN.pack(argument, kind, length_argument, at_entry, size) for argument, kind, size, length_argument, at_entry in plan.captures
        )
        self._object.update("plans", _U32.pack(index), (_U32.pack(len(plan.captures)) + entries).ljust(PLAN_SIZE, b"\0"))

    def lost(self) -> Mapping[str, int]:
        """Records that found their ring full, by `LOST_KINDS`."""
        counts = _LOST.unpack_from(self._lost) if self._lost else (0,) * len(LOST_KINDS)
        return dict(zip(LOST_KINDS, counts, strict=True))

    def missed(self) -> Mapping[str, int]:
        """How often the kernel skipped a program because it was already running on that processor, by `LOST_KINDS` (since Linux 5.12)."""
        counts = dict.fromkeys(LOST_KINDS, 0)
        for program in self.names:
            info = self.program_info(program, MISSES_OFFSET + 8)
            counts[_MISSES_OF.get(program, "processes")] += int.from_bytes(info[MISSES_OFFSET:], "little")
        return counts

    def program_info(self, name: str, size: int) -> bytes:
        """The first `size` bytes of what the kernel says about a loaded program, struct bpf_prog_info. Raises `LibbpfError`."""
        return self._object.program_info(name, size)

    def close(self) -> None:
        """Detach and free; harmless when done twice."""
        if self._lost:
            self._lost.close()
            self._lost = None
        self._object.close()


def _names(found: tuple[str, ...]) -> tuple[str, ...]:
    other = tuple(name for name in found if name not in (CHECK_PROGRAM, *CHECK_PROBES))
    return (*other, CHECK_PROGRAM) if _CHECK_TRACEPOINT in KERNEL_TYPES.read_bytes() else (*other, *CHECK_PROBES)


def _plan_index(arch: int, nr: int) -> int | None:
    base = {wire.AUDIT_ARCH_X86_64: 0, wire.AUDIT_ARCH_I386: PLANS_AN_ARCH}.get(arch)
    if base == 0 and nr & wire.X32_SYSCALL_BIT:
        base, nr = 2 * PLANS_AN_ARCH, nr & ~wire.X32_SYSCALL_BIT
    return None if base is None or nr >= PLANS_AN_ARCH else base + nr
