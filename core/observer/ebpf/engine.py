"""The eBPF engine: programs in the kernel write the records, this forwards them."""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from core.observer import wire
from core.observer.ebpf.abilities import explain, why_not
from core.observer.ebpf.libbpf import Libbpf, LibbpfError, LibbpfMissing
from core.observer.ebpf.loader import Programs, RingSizes
from core.observer.ebpf.ring import FixedRing, MixedRing, Ring
from core.observer.ebpf.symbols import KALLSYMS, Symbols
from core.observer.engine import LOST_KINDS, Emit, EngineError
from core.observer.wire import FrameKind, LaunchSpec

__all__ = ["EbpfEngine", "why_not"]

_NO_CHECKS = (
    "This kernel has neither the cap_capable tracepoint (Linux 6.14) nor kprobes (CONFIG_KPROBES), so capability checks are not seen: "
    "which capability refused a call can only be inferred."
)


class EbpfEngine:
    """Watches by eBPF. See `core.observer.engine.Engine`."""

    def __init__(self, sizes: RingSizes | None = None, kallsyms: Path = KALLSYMS) -> None:
        """`sizes`: other rings than the usual ones; `kallsyms`: where the kernel lists its symbols."""
        self._kallsyms = kallsyms
        self._sizes = sizes or RingSizes()
        self._programs: Programs | None = None
        self._rings: tuple[Ring, ...] = ()
        self._symbols: Symbols | None = None
        self._notes: list[str] = []
        self._missed: Mapping[str, int] = dict.fromkeys(LOST_KINDS, 0)

    def start(self, spec: LaunchSpec) -> None:
        """Load, attach, and say what to capture. Raises `EngineError`."""
        symbols = Symbols(self._kallsyms)
        try:
            self._programs = _load(self._sizes)
            for plan in spec.captures:
                self._programs.plan(plan)
            self._rings = _map_rings(self._programs)
        except LibbpfMissing as err:
            raise EngineError(explain(err)) from err
        except OSError as err:
            raise EngineError(explain(err), err.errno or 0) from err
        finally:
            problem = symbols.wait()
        self._symbols = symbols
        if problem:
            self._notes.append(problem)
        if not self._programs.sees_checks:
            self._notes.append(_NO_CHECKS)

    def watch(self, pid: int) -> None:
        """Follow the child from its execve on. Raises `EngineError`."""
        try:
            self._attached.watch(pid)
        except LibbpfError as err:
            raise EngineError(explain(err), err.errno or 0) from err

    def mute(self, tid: int) -> None:
        """Record nothing of this thread until `unmute`."""
        self._attached.mark_muted(tid, True)

    def unmute(self, tid: int) -> None:
        """Record this thread again."""
        self._attached.mark_muted(tid, False)

    @property
    def _attached(self) -> Programs:
        if self._programs is None:
            raise EngineError("the eBPF engine has not been started")
        return self._programs

    def fileno(self) -> int | None:
        """None: waking a reader costs the target more than the clock costs us."""
        return None

    def drain(self, emit: Emit) -> int:
        """Forward what the rings hold, then FLUSH."""
        self._emit_notes(emit)
        return self._forward(emit)

    def finish(self, emit: Emit) -> None:
        """Forward all the rest."""
        self._emit_notes(emit)
        while self._forward(emit):
            pass
        if self._programs:
            self._missed = self._programs.missed()

    def _forward(self, emit: Emit) -> int:
        # A record's time is taken when it has its place in the ring: what is older than the clock says now is in the rings now.
        watermark = time.monotonic_ns()
        passes = [ring.forward(partial(self._with_symbols, emit)) for ring in self._rings]
        if all(one.whole for one in passes):
            emit(FrameKind.FLUSH, wire.FLUSH.pack(watermark))
        return sum(one.size for one in passes)

    def _emit_notes(self, emit: Emit) -> None:
        while self._notes:
            emit(FrameKind.NOTE, json.dumps({"text": self._notes.pop(0)}).encode())

    def _with_symbols(self, emit: Emit, kind: FrameKind, payload: memoryview | bytes | bytearray) -> None:
        if kind == FrameKind.CHECKS and self._symbols is not None:
            records = (payload[start : start + wire.CHECK.size] for start in range(0, len(payload), wire.CHECK.size))
            if lines := self._symbols.of({bytes(record[wire.CHECK_STACK]) for record in records}):
                emit(FrameKind.SYMBOLS, lines)
        emit(kind, payload)

    def lost(self) -> Mapping[str, int]:
        """Records that found their ring full, and after `finish` also those that the kernel skipped."""
        lost = self._programs.lost() if self._programs else dict.fromkeys(LOST_KINDS, 0)
        return {kind: lost[kind] + self._missed[kind] for kind in LOST_KINDS}

    def close(self) -> None:
        """Detach, unmap, free."""
        for ring in self._rings:
            ring.close()
        self._rings = ()
        if self._programs:
            self._programs.close()
            self._programs = None


def _load(sizes: RingSizes) -> Programs:
    library = Libbpf()
    try:
        return Programs(library, sizes)
    except LibbpfError as err:
        if err.errno != errno.ENOMEM:
            raise
        return Programs(library, sizes.smaller())


def _map_rings(programs: Programs) -> tuple[Ring, ...]:
    """In the order in which they are drained: a call's captures and checks are in their rings before the call is in its own."""
    sizes = programs.sizes
    return (
        FixedRing(programs.ring_fd("calls"), sizes.calls, FrameKind.CALLS, wire.CALL.size),
        MixedRing(programs.ring_fd("captures"), sizes.captures, FrameKind.CAPTURES),
        FixedRing(programs.ring_fd("checks"), sizes.checks, FrameKind.CHECKS, wire.CHECK.size),
        FixedRing(programs.ring_fd("processes"), sizes.processes, FrameKind.PROCESSES, wire.PROCESS.size),
    )
