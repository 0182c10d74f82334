"""What structures about processes say, in strace's words: signals, how children ended, resources, the system, capabilities."""

from __future__ import annotations

import os
import signal as signals
import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from core.knowledge.arguments import pointer, signal
from core.knowledge.capabilities import capability_names
from core.knowledge.constants import constant_set
from core.knowledge.fields import Layout, signed_at, timeval, unsigned_at
from core.knowledge.quote import quote

_ACTION: Final = struct.Struct("<QQQQ")
_STACK: Final = struct.Struct("<QI4xQ")
_INFORMATION: Final = 32
_USAGE: Final = 32
_SYSTEM_NAME: Final = 65
_SYSTEM: Final = struct.Struct("<q5Q")
_CAPABILITY_HEADER: Final = struct.Struct("<Ii")
_CAPABILITY_SETS: Final = struct.Struct("<6I")
_CAPABILITY_VERSIONS: Final = {
    0x19980330: "_LINUX_CAPABILITY_VERSION_1",
    0x20071026: "_LINUX_CAPABILITY_VERSION_2",
    0x20080522: "_LINUX_CAPABILITY_VERSION_3",
}
_SIGNALS: Final = 64
_FIRST_REAL_TIME: Final = 32
_RESTORER: Final = 0x04000000


def signal_set(data: bytes) -> str | None:
    """A sigset_t: `[INT TERM]`; where most are in it, those that are not: `~[KILL STOP]`."""
    if len(data) < 8:
        return None
    bits = unsigned_at(data, 0, 8)
    inverted = bits.bit_count() >= _SIGNALS * 2 // 3
    shown = bits ^ (2**_SIGNALS - 1) if inverted else bits
    names = " ".join(_short(number + 1) for number in range(_SIGNALS) if shown >> number & 1)
    return f"{'~' if inverted else ''}[{names}]"


def _short(number: int) -> str:
    if number == _FIRST_REAL_TIME:
        return "RTMIN"
    return f"RT_{number - _FIRST_REAL_TIME}" if number > _FIRST_REAL_TIME else signal(number).removeprefix("SIG")


def signal_action(data: bytes) -> str | None:
    """The kernel's struct sigaction of x86_64."""
    if len(data) < _ACTION.size:
        return None
    handler, flags, restorer, _ = _ACTION.unpack_from(data)
    words = [f"sa_handler={_HANDLERS.get(handler) or hex(handler)}, sa_mask={signal_set(data[24:])}"]
    words.append(f"sa_flags={constant_set('sigaction_flags').describe(flags)}")
    if flags & _RESTORER:
        words.append(f"sa_restorer={pointer(restorer)}")
    return f"{{{', '.join(words)}}}"


_HANDLERS: Final = {0: "SIG_DFL", 1: "SIG_IGN"}


def alternate_stack(data: bytes) -> str | None:
    """A struct sigaltstack."""
    if len(data) < _STACK.size:
        return None
    address, flags, size = _STACK.unpack_from(data)
    return f"{{ss_sp={pointer(address)}, ss_flags={constant_set('alternate_stack_flags').describe(flags)}, ss_size={size}}}"


def signal_information(data: bytes) -> str | None:
    """A siginfo_t: from whom, and what became of a child."""
    if len(data) < _INFORMATION:
        return None
    number, code = signed_at(data, 0, 4), signed_at(data, 8, 4)
    pid, uid = signed_at(data, 16, 4), unsigned_at(data, 20, 4)
    if number != signals.SIGCHLD:
        return f"{{si_signo={signal(number)}, si_code={code}, si_pid={pid}, si_uid={uid}, ...}}"
    how, status = constant_set("child_code").describe(code), signed_at(data, 24, 4)
    shown = status if how == "CLD_EXITED" else signal(status)
    return f"{{si_signo=SIGCHLD, si_code={how}, si_pid={pid}, si_uid={uid}, si_status={shown}, ...}}"


def wait_status(data: bytes) -> str | None:
    """What wait4 found out about a child."""
    if len(data) < 4:
        return None
    status = unsigned_at(data, 0, 4)
    if os.WIFEXITED(status):
        return f"[{{WIFEXITED(s) && WEXITSTATUS(s) == {os.WEXITSTATUS(status)}}}]"
    if os.WIFSIGNALED(status):
        core = " && WCOREDUMP(s)" if os.WCOREDUMP(status) else ""
        return f"[{{WIFSIGNALED(s) && WTERMSIG(s) == {signal(os.WTERMSIG(status))}{core}}}]"
    if os.WIFSTOPPED(status):
        return f"[{{WIFSTOPPED(s) && WSTOPSIG(s) == {signal(os.WSTOPSIG(status))}}}]"
    return "[{WIFCONTINUED(s)}]" if os.WIFCONTINUED(status) else f"[{status:#x}]"


def resource_usage(data: bytes) -> str | None:
    """The start of a struct rusage: the times."""
    if len(data) < _USAGE:
        return None
    return f"{{ru_utime={timeval(data[:16])}, ru_stime={timeval(data[16:32])}, ...}}"


def system_name(data: bytes) -> str | None:
    """A struct utsname: its first two names."""
    if len(data) < 2 * _SYSTEM_NAME:
        return None
    system, node = (quote(data[start : start + _SYSTEM_NAME].split(b"\0", 1)[0]) for start in (0, _SYSTEM_NAME))
    return f"{{sysname={system}, nodename={node}, ...}}"


def system_information(data: bytes) -> str | None:
    """The start of a struct sysinfo: how long it is up, its load and memory."""
    if len(data) < _SYSTEM.size:
        return None
    uptime, one, five, fifteen, total, free = _SYSTEM.unpack_from(data)
    return f"{{uptime={uptime}, loads=[{one}, {five}, {fifteen}], totalram={total}, freeram={free}, ...}}"


def capability_header(data: bytes) -> str | None:
    """The header of capget and capset."""
    if len(data) < _CAPABILITY_HEADER.size:
        return None
    version, pid = _CAPABILITY_HEADER.unpack_from(data)
    return f"{{version={_CAPABILITY_VERSIONS.get(version) or hex(version)}, pid={pid}}}"


def capability_sets(data: bytes) -> str | None:
    """The data of capget and capset, of 64-bit sets."""
    if len(data) < _CAPABILITY_SETS.size:
        return None
    low, high = struct.unpack_from("<3I", data), struct.unpack_from("<3I", data, 12)
    words = [
        f"{name}={_capabilities(small | large << 32)}"
        for name, small, large in zip(("effective", "permitted", "inheritable"), low, high, strict=True)
    ]
    return f"{{{', '.join(words)}}}"


def _capabilities(mask: int) -> str:
    return "|".join(f"1<<CAP_{name}" for name in capability_names(mask)) or "0"


PROCESS_LAYOUTS: Final[Mapping[str, Layout]] = MappingProxyType(
    {
        "signal-set": signal_set,
        "signal-action": signal_action,
        "alternate-stack": alternate_stack,
        "signal-information": signal_information,
        "wait-status": wait_status,
        "resource-usage": resource_usage,
        "system-name": system_name,
        "system-information": system_information,
        "capability-header": capability_header,
        "capability-sets": capability_sets,
    }
)
"""Those whose layout stands in resources/captures/captures.tsv."""
