"""Whether eBPF works here, and what to do where it does not."""

from __future__ import annotations

import errno
import functools
import platform
import re
from pathlib import Path
from typing import Final

from core.observer import native
from core.observer.ebpf.libbpf import LIBRARY, Libbpf, LibbpfError, LibbpfMissing
from core.observer.ebpf.loader import KERNEL_TYPES, OBJECT, Programs, RingSizes

_LOCKDOWN: Final = Path("/sys/kernel/security/lockdown")
_INITIAL_PID_NAMESPACE: Final = "pid:[4026531836]"
"""PROC_PID_INIT_INO, include/linux/proc_ns.h."""

_CAP_SYS_ADMIN, _CAP_PERFMON, _CAP_BPF = 1 << 21, 1 << 38, 1 << 39
_PROBED: Final = "on_signal"
_PAGE_SIZES: Final = RingSizes(4096, 4096, 4096, 4096)


def why_not() -> str | None:
    """None where the engine works; else a sentence that says why not and, unless `root_helps`, how to get it.

    Microseconds where privilege lacks, else a few ms.
    """
    return _missing_support() or _missing_privilege() or _refusal()


def root_helps() -> bool:
    """Whether the observer lacks nothing but privilege. How to get one that has it is for whoever shows the reason to say."""
    return _missing_support() is None and _missing_privilege() is not None


def _missing_support() -> str | None:
    if platform.machine() != "x86_64":
        return f"the eBPF engine knows the registers of x86_64 only, and this machine is {platform.machine()}"
    if not OBJECT.exists():
        return f"the compiled programs {OBJECT.name} are not installed: run resources/bpf/build.sh"
    if not KERNEL_TYPES.exists():
        return f"this kernel has no BTF ({KERNEL_TYPES}): it takes one built with CONFIG_DEBUG_INFO_BTF"
    if str(Path("/proc/self/ns/pid").readlink()) != _INITIAL_PID_NAMESPACE:
        return "the observer runs in a pid namespace of its own, where eBPF reports other process ids: run it outside the container"
    return None


def _missing_privilege() -> str | None:
    held = native.capget()[0]
    lacking = [name for name, bit in (("CAP_BPF", _CAP_BPF), ("CAP_PERFMON", _CAP_PERFMON)) if not held & (bit | _CAP_SYS_ADMIN)]
    if not lacking:
        return None
    return f"eBPF needs {' and '.join(lacking)}, which the observer does not hold"


def _refusal() -> str | None:
    """What the kernel says to the smallest of the programs."""
    try:
        _probe()
    except (LibbpfMissing, OSError) as err:
        return explain(err)
    return None


@functools.cache  # that it worked; what failed is tried again when it is asked for again
def _probe() -> None:
    Programs(Libbpf(), _PAGE_SIZES, only=_PROBED).close()


def explain(error: LibbpfMissing | OSError) -> str:
    """A sentence for the user on a failure of this engine."""
    if isinstance(error, LibbpfMissing):
        return f"eBPF needs {LIBRARY} (Debian, Ubuntu: libbpf1; Fedora, Arch: libbpf): {error}"
    step = error.step if isinstance(error, LibbpfError) else "mapping a ring"
    return f"eBPF failed at {step}: {error.strerror}{_hint(error)}"


def _hint(error: OSError) -> str:
    if error.errno in (errno.EPERM, errno.EACCES):
        if _lockdown() == "confidentiality":
            return "; the kernel is locked down (lockdown=confidentiality), which forbids tracing: boot with lockdown=integrity or none"
        if error.errno == errno.EPERM:
            return "; run the observer as root outside any container, and before Linux 5.11 with `ulimit -l unlimited`"
    if error.errno == errno.ENOMEM:
        return "; its rings need 180 MiB of memory that this shell (ulimit -v), control group or machine does not give"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "; its maps, programs and rings are some 40 open files: raise the limit (ulimit -n), for example to 1024"
    words = error.words if isinstance(error, LibbpfError) else ""
    return f"; libbpf says: {words}" if words else ""


def _lockdown() -> str:
    try:
        found = re.search(r"\[(\w+)\]", _LOCKDOWN.read_text())
    except OSError:
        return ""
    return found[1] if found else ""
