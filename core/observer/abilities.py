"""What this observer is and which engines work for it: the contents of HELLO."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from core.observer import landlock, native, records, tracee, wire
from core.observer.database import invoker

_TRACEME = 0


def hello() -> dict[str, Any]:
    """The HELLO frame's object."""
    own = records.read_credentials(os.getpid(), 0)
    system = os.uname()
    return {
        "protocol": wire.PROTOCOL,
        "pid": os.getpid(),
        "uid": os.geteuid(),
        "gid": os.getegid(),
        "groups": os.getgroups(),
        "capabilities": {name: getattr(own, name) for name in ("permitted", "effective", "bounding", "inheritable", "ambient")},
        "securebits": native.prctl(native.PR_GET_SECUREBITS),
        "last_capability": native.last_capability(),
        "landlock": landlock.abi(),
        "machine": system.machine,
        "kernel": system.release,
        "invoker": invoker(),
        "engines": engine_abilities(),
    }


def engine_abilities() -> Mapping[str, Mapping[str, Any] | None]:
    """For each engine None where it works, else `reason`, which says why not and how to get it, and `root_helps`. A few ms.

    Where an observer that is root's would have it, how to get one is for whoever shows the reason to say.
    """
    return {"ebpf": _ebpf(), "ptrace": _obstacle(_ptrace())}


def _obstacle(reason: str | None, *, root_helps: bool = False) -> Mapping[str, Any] | None:
    return None if reason is None else {"reason": reason, "root_helps": root_helps}


def _ebpf() -> Mapping[str, Any] | None:
    try:
        from core.observer.ebpf.abilities import root_helps, why_not  # what it needs may be missing, and that is an answer
    except ImportError as err:
        return _obstacle(f"the eBPF engine cannot be loaded: {err}")
    return _obstacle(why_not(), root_helps=root_helps())


def _ptrace() -> str | None:
    if os.uname().machine != "x86_64":
        return f"the ptrace engine knows the registers of x86_64 only, and this machine is {os.uname().machine}"
    pid = os.fork()
    if pid == 0:
        # Asked of the kernel by really doing it: a container's seccomp profile or an LSM may refuse.
        try:
            tracee.request(_TRACEME, 0)
            os._exit(0)
        except OSError as err:
            os._exit(err.errno or 1)
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code == 0 and not hasattr(native.libc, "process_vm_readv"):
        return "the C library has no process_vm_readv"
    return (
        f"the system refuses ptrace ({os.strerror(code)}): a container's seccomp profile or a security module forbids it" if code else None
    )
