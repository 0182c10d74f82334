"""What this machine and this user can do: probed by doing it, never guessed from a version."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import os
import platform
import pwd
import shutil
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from core.knowledge.capabilities import capability_names
from core.knowledge.landlock import SINCE, abi_detail
from core.observer import landlock
from core.observer.abilities import engine_abilities
from core.ways import Ways, why_not

_SYS_SECCOMP: Final = 317  # x86_64
_SECCOMP_GET_ACTION_AVAIL: Final = 2
_SECCOMP_GET_NOTIF_SIZES: Final = 3
_ACTIONS: Final = {
    "kill-process": 0x80000000,
    "kill-thread": 0x00000000,
    "trap": 0x00030000,
    "errno": 0x00050000,
    "ask": 0x7FC00000,
    "trace": 0x7FF00000,
    "log": 0x7FFC0000,
    "allow": 0x7FFF0000,
}

_libc = ctypes.CDLL(None, use_errno=True)


@dataclasses.dataclass(frozen=True, slots=True)
class Ability:
    """One thing that Gatescope can use."""

    name: str
    works: bool
    detail: str
    """What was found; where it does not work, why."""
    remedy: str = ""
    """How to get it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Host:
    """This machine, as this user finds it."""

    kernel: str
    machine: str
    user: str
    abilities: tuple[Ability, ...]

    def to_json(self) -> dict[str, Any]:
        """As `gatescope host --json` prints it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Host:
        """What `to_json` gave. Raises KeyError or TypeError for anything else."""
        abilities = tuple(Ability(**ability) for ability in found["abilities"])
        return cls(found["kernel"], found["machine"], found["user"], abilities)

    def ability(self, name: str) -> Ability:
        """Raises KeyError for a name that is not probed."""
        return next(ability for ability in self.abilities if ability.name == name)


def probe(ways: Ways) -> Host:
    """Tries everything once; about 50 ms. `ways`: in whose words more privilege is advised."""
    return Host(platform.release(), platform.machine(), _user(), tuple(_abilities(ways)))


def has_display() -> bool:
    """Whether a window could be opened at all."""
    return any(os.environ.get(name) for name in ("WAYLAND_DISPLAY", "DISPLAY")) or os.environ.get("QT_QPA_PLATFORM") in (
        "offscreen",
        "minimal",
        "vnc",
    )


def _user() -> str:
    with contextlib.suppress(OSError, KeyError):
        return f"{pwd.getpwuid(os.geteuid()).pw_name} (uid {os.geteuid()})"
    return f"uid {os.geteuid()}"


def _abilities(ways: Ways) -> Iterator[Ability]:
    engines = {name: why_not(obstacle, ways) for name, obstacle in engine_abilities().items()}
    yield _engine("engine ebpf", "every call, and the capability checks inside it, as the kernel makes them", engines["ebpf"])
    yield _engine("engine ptrace", "every call, as any user", engines["ptrace"])
    yield _capabilities(ways)
    for probe_one in (_seccomp, _notification, _user_namespaces, _landlock):
        yield probe_one()
    yield _audit(ways)
    yield _symbols()
    yield _program("sudo", "runs an observer as root from a terminal", "install sudo")
    yield _program("pkexec", "runs an observer as root from the desktop", "install polkit (pkexec)")
    yield _display()


def _engine(name: str, use: str, reason: str | None) -> Ability:
    return Ability(name, reason is None, reason or use)  # the reason says what to do about it


def _capabilities(ways: Ways) -> Ability:
    status = dict(
        line.split(":\t", 1)
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        if ":\t" in line
    )
    held, bounding = (capability_names(int(status[key], 16)) for key in ("CapEff", "CapBnd"))
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text(encoding="ascii"))
    everything = capability_names((2 << last) - 1)
    missing = [name for name in everything if name not in bounding]
    detail = f"{len(held)} of {len(everything)} held" + (f"; the bounding set lacks {', '.join(missing)}" if missing else "")
    remedy = "" if held else f"a policy can keep capabilities with an observer that is root's ({ways.root}), or in a user namespace"
    return Ability("capabilities", bool(held), detail, remedy)


def _seccomp() -> Ability:
    missing = [word for word, value in _ACTIONS.items() if not _action_available(value)]
    if missing:
        return Ability("seccomp actions", False, f"this kernel lacks {', '.join(missing)}", "a kernel from 5.0 on has them all")
    return Ability("seccomp actions", True, "all eight")


def _action_available(value: int) -> bool:
    action = ctypes.c_uint32(value)
    return bool(_libc.syscall(_SYS_SECCOMP, _SECCOMP_GET_ACTION_AVAIL, 0, ctypes.byref(action)) == 0)


def _notification() -> Ability:
    sizes = (ctypes.c_uint16 * 3)()
    if _libc.syscall(_SYS_SECCOMP, _SECCOMP_GET_NOTIF_SIZES, 0, sizes) == 0:
        return Ability("user notification", True, f"structures of {sizes[0]}, {sizes[1]} and {sizes[2]} bytes")
    return Ability("user notification", False, os.strerror(ctypes.get_errno()), "a kernel from 5.0 on has it")


def _user_namespaces() -> Ability:
    """In a forked child, since a process cannot leave a user namespace again."""
    pid = os.fork()
    if pid == 0:
        os._exit(0 if _libc.unshare(0x10000000) == 0 else min(ctypes.get_errno(), 255))
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status == 0:
        return Ability("user namespaces", True, "every capability, inside a namespace of the target's own")
    remedy = "allow them: sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone or kernel.apparmor_restrict_unprivileged_userns"
    return Ability("user namespaces", False, os.strerror(status), remedy)


def _landlock() -> Ability:
    version = landlock.abi()
    if version:
        return Ability("Landlock", True, abi_detail(version))
    return Ability(
        "Landlock", False, "the kernel has none, or it is not switched on", f"boot with lsm=landlock,… on a kernel from {SINCE[1]} on"
    )


def _audit(ways: Ways) -> Ability:
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9) as audit:
            audit.bind((0, 1))
    except OSError as err:
        remedy = f"needs CAP_AUDIT_READ: run the observer as root ({ways.root})"
        return Ability("audit records", False, err.strerror or str(err), remedy)
    return Ability("audit records", True, "the kernel's own word on LOG and KILL")


def _symbols() -> Ability:
    with contextlib.suppress(OSError), Path("/proc/kallsyms").open("rb") as file:
        if int(file.readline().split()[0], 16):
            return Ability("kernel symbols", True, "kernel stacks show function names")
    return Ability(
        "kernel symbols", False, "/proc/kallsyms shows no addresses", "needs CAP_SYSLOG (root) and sysctl kernel.kptr_restrict below 2"
    )


def _program(name: str, use: str, remedy: str) -> Ability:
    path = shutil.which(name)
    return Ability(name, True, use) if path else Ability(name, False, "not installed", remedy)


def _display() -> Ability:
    if has_display():
        return Ability("display", True, "the window can be opened")
    return Ability(
        "display", False, "neither DISPLAY nor WAYLAND_DISPLAY is set", "log in to a desktop, or run headless: gatescope run -- COMMAND"
    )
