"""What the kernel's audit log says of the target's calls: its records, read and put together."""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Iterator, Mapping
from typing import Final

from core.observer import wire


class AuditType(enum.IntEnum):
    """Types of records (include/uapi/linux/audit.h)."""

    SYSCALL = 1300
    SECCOMP = 1326
    AVC = 1400
    LANDLOCK_ACCESS = 1423


_STAMP: Final = re.compile(r"audit\((\d+)\.(\d{3}):(\d+)\): ?(.*)", re.DOTALL)
_FIELD: Final = re.compile(r"([\w-]+)=(\"[^\"]*\"|\S+)")
_DENIED: Final = re.compile(r"denied +\{ ([^}]*) \}")
_HEXADECIMAL: Final = re.compile(r"(?:[0-9A-F]{2})+")
_UNTRUSTED: Final = ("path", "name", "profile")
# Text of the target's own, which the kernel writes in hexadecimal where it has blanks or quotes.


@dataclasses.dataclass(frozen=True, slots=True)
class AuditRecord:
    """One record."""

    type: int
    serial: int
    """Records with the same belong together."""
    time_ns: int
    """CLOCK_MONOTONIC, rounded down: the call that it is about came to it up to a tick of the kernel's clock later."""
    text: str
    fields: Mapping[str, str]

    def number(self, field: str, base: int = 10) -> int | None:
        """A field's number; None where there is none."""
        try:
            return int(self.fields[field], base)
        except (KeyError, ValueError):
            return None


def parse_audit(payload: bytes) -> Iterator[AuditRecord]:
    """The records of a frame; text that is none of the kernel's is passed over. Raises `WireError` where one does not end inside the payload."""
    if len(payload) < wire.AUDIT_OFFSET.size:
        raise wire.WireError(f"the observer sent an AUDIT frame of {len(payload)} bytes, which is cut off")
    (offset,) = wire.AUDIT_OFFSET.unpack_from(payload)
    start, header = wire.AUDIT_OFFSET.size, wire.AUDIT_RECORD
    while start < len(payload):
        begin = start + header.size
        kind, length = header.unpack_from(payload, start) if begin <= len(payload) else (0, len(payload))
        start = begin + length
        if start > len(payload):
            raise wire.WireError(f"the observer sent an audit record of {length} bytes of which {max(len(payload) - begin, 0)} are there")
        record = _record(kind, payload[begin:start].decode(errors="replace"), offset)
        if record is not None:
            yield record


def _record(kind: int, text: str, offset: int) -> AuditRecord | None:
    match = _STAMP.match(text)
    if match is None:
        return None
    seconds, milliseconds, serial = (int(match[group]) for group in (1, 2, 3))
    fields = {name: _plain(name, value) for name, value in _FIELD.findall(match[4])}
    return AuditRecord(kind, serial, seconds * 1_000_000_000 + milliseconds * 1_000_000 - offset, match[4], fields)


def _plain(name: str, value: str) -> str:
    if value.startswith('"'):
        return value.strip('"')
    if name in _UNTRUSTED and _HEXADECIMAL.fullmatch(value):
        return bytes.fromhex(value).decode(errors="replace")
    return value


@dataclasses.dataclass(slots=True)
class AuditEvent:
    """Records of one serial number: something that happened in one call."""

    time_ns: int
    pid: int | None = None
    arch: int | None = None
    nr: int | None = None
    ret: int | None = None
    instruction_pointer: int | None = None
    code: int | None = None
    """seccomp's action, without its data; None: seccomp has nothing to do with it."""
    refusal: str = ""
    """Which security module refused what, as the beginning of a sentence; empty: none did."""

    def take(self, record: AuditRecord) -> None:
        """Adds what a record says."""
        if record.type in (AuditType.SYSCALL, AuditType.SECCOMP, AuditType.AVC):
            self.pid = record.number("pid")
        if record.type in (AuditType.SYSCALL, AuditType.SECCOMP):
            self.arch, self.nr = record.number("arch", 16), record.number("syscall")
        match record.type:
            case AuditType.SYSCALL:
                self.ret = record.number("exit")
            case AuditType.SECCOMP:
                self.instruction_pointer, self.code = record.number("ip", 16), record.number("code", 16)
            case AuditType.LANDLOCK_ACCESS:
                self.refusal = _landlock(record)
            case AuditType.AVC:
                self.refusal = _mandatory(record)
            case _:
                pass


def _landlock(record: AuditRecord) -> str:
    about = record.fields.get("path") or _port(record)
    return f"Landlock refused {record.fields.get('blockers', 'it')}" + (f" on {about}" if about else "")


def _port(record: AuditRecord) -> str:
    return next((f"port {record.fields[name]}" for name in ("dest", "src") if name in record.fields), "")


def _mandatory(record: AuditRecord) -> str:
    fields = record.fields
    if fields.get("apparmor") == "DENIED":
        about = f" of {fields['name']}" if "name" in fields else ""
        return f"AppArmor's profile {fields.get('profile', '?')} refused {fields.get('operation', 'it')}{about}"
    denied = _DENIED.search(record.text)
    if denied is None or fields.get("permissive") == "1":
        return ""
    return (
        f"SELinux refused {denied[1]} on a {fields.get('tclass', 'thing')} ({fields.get('scontext', '?')} to {fields.get('tcontext', '?')})"
    )


class AuditTrail:
    """The events of a run whose calls have not been found yet."""

    PATIENCE_NS: Final = 1_000_000_000
    """How long an event waits for its call, and for its other records; in the records' time."""

    def __init__(self) -> None:
        self._events: dict[int, AuditEvent] = {}

    def take(self, records: tuple[AuditRecord, ...]) -> None:
        """More records."""
        for record in records:
            self._events.setdefault(record.serial, AuditEvent(record.time_ns)).take(record)

    def waiting(self) -> list[tuple[int, AuditEvent]]:
        """(serial, event) of those that say something and know their process, in the order in which they came."""
        return [(serial, one) for serial, one in self._events.items() if one.pid is not None and (one.refusal or one.code is not None)]

    def done(self, serials: set[int], watermark: int) -> None:
        """These have found their calls; and those that are too old give up."""
        oldest = watermark - self.PATIENCE_NS
        self._events = {serial: one for serial, one in self._events.items() if serial not in serials and one.time_ns > oldest}
