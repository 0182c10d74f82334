"""The wire format between the observer and whoever started it.

Down (stdin of the observer): one JSON object a line, see `Command`.
Up (stdout): binary frames, each an 8-byte header `<u32 length> <u8 kind> <3 zero bytes>`, little-endian, and `length` payload bytes.

Bulk frames carry fixed-size records exactly as they lie in the eBPF rings, so that the observer forwards them unparsed: each record is
preceded by the ring's own 8-byte header (`<u32 length> <u32 reserved>`), and its size is padded to 8. The ptrace engine writes the same bytes.
Times are CLOCK_MONOTONIC, in nanoseconds. This is the only module that both halves import, so it uses the standard library alone.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import enum
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

PROTOCOL: Final = 9
"""Raised by one whenever a frame, a record or the spec changes its meaning; both sides compare it in HELLO."""

MAX_FRAME: Final = 64 * 1024 * 1024
"""The largest payload that a reader accepts, in bytes."""

MAX_COMMAND_LINE: Final = 8 * 1024 * 1024
"""The longest command line that the observer accepts, in bytes."""

AUDIT_ARCH_X86_64: Final = 0xC000003E
AUDIT_ARCH_I386: Final = 0x40000003
X32_SYSCALL_BIT: Final = 0x40000000


class WireError(ValueError):
    """The other side sent what this format does not allow; the sentence says what."""


# ── frames ────────────────────────────────────────────────────────────────────────────────────────────────────────


class FrameKind(enum.IntEnum):
    """What a frame from the observer holds."""

    HELLO = 1
    """JSON `{protocol, pid, uid, gid, groups, capabilities: {permitted, effective, bounding, inheritable, ambient}, securebits,
    last_capability, landlock, machine, kernel, invoker: {uid, gid, groups}, engines: {ebpf: null | {reason, root_helps}, ptrace: null | {reason, root_helps}}}` (sets as masks); the first frame,
    before any command, so that the launch can be planned for what this observer may do. `landlock` is the kernel's Landlock ABI, 0 where it has none. `invoker` is the user who asked for this observer: where
    sudo or pkexec made root of somebody, that somebody."""
    STARTED = 2
    """JSON `{pid, engine, monotonic_ns, realtime_ns, pinned}`: the target exists; times before `monotonic_ns` are the set-up's."""
    CALLS = 3
    """Call records (`CALL`)."""
    CHECKS = 4
    """Capability check records (`CHECK`)."""
    PROCESSES = 5
    """Process records (`PROCESS`)."""
    CAPTURES = 6
    """Capture records (`CAPTURE` and its bytes): what an argument points to."""
    SYMBOLS = 7
    """Text lines `address function`: the kernel's functions that return addresses in stacks lie in, each told once, before the first check
    with it; none where the kernel shows no addresses."""
    OUTPUT = 8
    """`<u8 stream>` (1 stdout or the terminal, 2 stderr) and the target's bytes; no bytes: that stream is at its end."""
    FLUSH = 9
    """`<u64 watermark>`: all records up to this time have been forwarded, every call's checks and captures with it."""
    LOST = 10
    """JSON `{calls, checks, processes, captures}`: records lost so far, cumulative."""
    FAILED = 11
    """JSON `{stage, errno, detail}`: the launch failed; no target runs. `stage` is a `Stage` value."""
    ENDED = 12
    """JSON `{status, monotonic_ns}`: the first process's wait status; its tree is gone or was left to itself. The last frame of a run."""
    NOTE = 13
    """JSON `{text}`: a sentence for the user, about something that does not stop the run."""
    FOUND = 14
    """JSON `{users, groups, program, directory, environment}`, the answer to `Lookup`: for each user asked for `{uid, gid, groups}` or null, for each group
    its gid or null, both in the order asked; the program's absolute path or null; where and with which variables the observer runs."""
    TAKEN = 15
    """`<u64 count>`: how many bytes of `Input` the target's stdin has taken so far; a reader keeps at most `INPUT_AHEAD` more under way."""
    AUDIT = 16
    """What the kernel's audit log says of the target, where the observer may read it: `AUDIT_OFFSET`, then records, each `AUDIT_RECORD` and its text.
    One without records comes first: the log is being read. The log is read after a FLUSH's watermark is taken and before it is
    sent, so what it says of calls some ms older comes before that FLUSH; of later ones it may come later, and some records never come."""


FRAME_HEADER: Final = struct.Struct("<IB3x")


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """One message from the observer."""

    kind: FrameKind
    payload: bytes

    def json(self) -> dict[str, Any]:
        """The payload of a JSON frame as an object. Raises `WireError` where it is none."""
        try:
            value = json.loads(self.payload)
        except ValueError as err:
            raise WireError(f"the observer sent a {self.kind.name} frame that is not JSON") from err
        if not isinstance(value, dict):
            raise WireError(f"the observer sent a {self.kind.name} frame that is not an object")
        return value

    def number(self, key: str) -> int:
        """The whole number, of 64 bits at most, in a JSON frame's object. Raises `WireError` where there is none under this key."""
        value = self.json().get(key)
        if not isinstance(value, int) or value.bit_length() > 63:
            raise WireError(f"the observer sent a {self.kind.name} frame in which {key} is not a number but {value!r:.40}")
        return value


def encode_frame(kind: FrameKind, payload: bytes | memoryview) -> bytes:
    """Header and payload in one piece."""
    return FRAME_HEADER.pack(len(payload), kind) + payload


def encode_json_frame(kind: FrameKind, value: Mapping[str, Any]) -> bytes:
    return encode_frame(kind, json.dumps(value).encode())


class FrameDecoder:
    """Cuts a byte stream into frames, whatever the pieces in which it arrives."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes | memoryview) -> Iterator[Frame]:
        """The frames that `data` completes. Raises `WireError` at the first byte that cannot be a frame's."""
        self._pending += data
        start = 0
        try:
            while len(self._pending) - start >= FRAME_HEADER.size:
                length, number = FRAME_HEADER.unpack_from(self._pending, start)
                try:
                    kind = FrameKind(number)
                except ValueError:
                    raise WireError(
                        f"the observer sent something that is not a frame (kind {number}): is another program writing to its stdout?"
                    ) from None
                if length > MAX_FRAME:
                    raise WireError(
                        f"the observer announced a frame of {length} bytes; the limit is {MAX_FRAME}: is another program writing to its stdout?"
                    )
                end = start + FRAME_HEADER.size + length
                if len(self._pending) < end:
                    return
                payload = bytes(self._pending[start + FRAME_HEADER.size : end])
                start = end
                yield Frame(kind, payload)
        finally:
            del self._pending[:start]

    @property
    def pending(self) -> int:
        """Bytes of a frame that has not arrived whole; not 0 at the end of the stream means that the observer died in a frame."""
        return len(self._pending)


# ── records ───────────────────────────────────────────────────────────────────────────────────────────────────────

Field = tuple[str, str]
"""A field's name and its struct code, with a count in front for an array."""

RING_HEADER: Final[tuple[Field, ...]] = (("ring_length", "I"), ("ring_reserved", "I"))
"""What the kernel's ring puts before each record; the ptrace engine writes the record's length and 0."""


class CallFlag(enum.IntFlag):
    """What the engine saw of a call."""

    PASSED = 1
    """sys_enter fired: every seccomp filter let the call pass (eBPF only)."""
    EXITED = 2
    """The call returned; without it, `ret` and `exited_ns` mean nothing (the thread ended inside the call)."""
    ENTRY_STOP = 4
    """The entry was seen before seccomp judged (ptrace only): whether a filter stopped the call must be computed."""
    CUT_SHORT = 8
    """Made up at the thread's end: seccomp killed the thread at this call (SIGSYS), and there was neither enter nor exit."""


STACK_DEPTH: Final = 24

CALL_FIELDS: Final[tuple[Field, ...]] = (
    *RING_HEADER,
    ("id", "Q"),  # unique in the run; checks and captures of this call carry it
    ("entered_ns", "Q"),  # 0: not seen
    ("exited_ns", "Q"),
    ("ret", "q"),  # as the kernel returned it: -errno on failure
    ("args", "6Q"),
    ("instruction_pointer", "Q"),
    ("pid", "I"),  # the thread group
    ("tid", "I"),
    ("nr", "I"),
    ("arch", "I"),  # AUDIT_ARCH_*; x32 has bit 30 of nr set
    ("flags", "I"),  # CallFlag
    ("reserved", "I"),
)

CHECK_FIELDS: Final[tuple[Field, ...]] = (
    *RING_HEADER,
    ("call", "Q"),  # id of the call; 0: outside any
    ("time_ns", "Q"),
    ("stack", f"{STACK_DEPTH}Q"),  # return addresses, cap_capable's caller first, 0 behind the last
    ("pid", "I"),
    ("tid", "I"),
    ("capability", "I"),
    ("granted", "I"),  # 1 granted, 0 refused
    ("namespace", "I"),  # inode number of the user namespace it was asked against
    ("own_namespace", "I"),  # ... and of the one the asking credentials belong to
)


class ProcessKind(enum.IntEnum):
    """What happened to a process or thread."""

    FORK = 1
    """`tid` made `other` (its tid), which belongs to the thread group `pid_of_other`; a thread where that equals `pid`."""
    EXEC = 2
    """`pid` runs a new program; `other` is the former tid of the thread that called execve."""
    EXIT = 3
    """`tid` ended with the wait status `status`; `pid` ended where `tid` equals `pid`."""
    JUDGING = 4
    """From now on the policy's filter judges `tid` and what it creates."""
    SIGNAL = 5
    """`status` is a signal's number, `other` its si_code, `pid_of_other` its si_errno, delivered to `tid` (SIGSYS by both engines where they can)."""
    KILLED_BY_SECCOMP = 6
    """`tid` died of seccomp (SIGSYS) at syscall `other`."""
    BEFORE_EXEC = 7
    """`tid` calls execve or execveat, with these credentials; where an EXEC of the same `id` follows, the new program starts from them."""


PROCESS_FIELDS: Final[tuple[Field, ...]] = (
    *RING_HEADER,
    ("id", "Q"),  # the call inside which it happened, where known (fork, exec), else 0; captures of an exec carry it
    ("time_ns", "Q"),
    ("kind", "I"),  # ProcessKind
    ("pid", "I"),
    ("tid", "I"),
    ("other", "I"),
    ("pid_of_other", "I"),
    ("status", "I"),
    ("comm", "16s"),
    # Credentials after the event, for EXEC and BEFORE_EXEC; zero otherwise. Ids are those of the observer's user namespace (eBPF: of the first).
    ("uids", "4I"),  # real, effective, saved, fs
    ("gids", "4I"),
    ("inheritable", "Q"),
    ("permitted", "Q"),
    ("effective", "Q"),
    ("bounding", "Q"),
    ("ambient", "Q"),
    ("securebits", "I"),
    ("no_new_privs", "I"),
    ("user_namespace", "I"),  # inode number
    ("seccomp", "I"),  # mode: 0, 1, 2
    # The file whose privileges count, for EXEC (a script's interpreter, not the script); zero otherwise. More of it is in captures: `ExecFact`.
    ("file", "Q"),  # inode number
    ("nosuid", "I"),  # 1: its mount ignores setuid bits and file capabilities
    ("unprivileged_tracer", "I"),  # 1: it is traced, by a process without SYS_PTRACE
)


class CaptureKind(enum.IntEnum):
    """How to read what an argument points to."""

    STRING = 1
    """Zero-terminated, up to `size` bytes."""
    BYTES = 2
    """`size` bytes; where `length_argument` is given, at most what that argument (or, at exit, a positive `ret`: `LENGTH_IS_RESULT`) says,
    in bytes or, made by `counted`, in elements."""
    POINTERS = 3
    """A null-terminated array of pointers to strings (argv): the strings, each with its zero, up to `size` bytes together."""
    PROGRAM = 4
    """The instructions of a struct sock_fprog, where the call's first argument is `size`, as for one that installs a seccomp filter: in records
    of up to `MAX_CAPTURE` bytes, whose `argument` counts them from 0; `truncated` in all but the last."""
    PARTS = 5
    """The parts of an absolute path, the last one first, each with its zero. No plan may ask for it."""
    PLACE = 6
    """ptrace: where the path leads that an argument points to, relative to the descriptor in `length_argument` (`NO_LENGTH`: to the working
    directory); read at the exit of a call that came to EACCES or EXDEV, where we can walk there. `PLACE`, then the directory that holds the last
    component, what the whole path leads to (empty: no such thing), and the directory on the way that the thread may not enter (empty: none), all
    without links, each with its zero. `argument` counts from `PLACES`, so that the path itself keeps its own number."""


class ExecFact(enum.IntEnum):
    """What the captures of a successful exec tell beside its arguments, in the place of an argument's number."""

    FILE = 6
    """PARTS: the path of the file whose privileges count, as its mount namespace has it."""
    UID_MAP = 7
    """BYTES, three u32 a line: (inside, outside, count), outside as the record's ids are. Only where the process is in another user namespace
    than the record's ids."""
    GID_MAP = 8
    GROUPS = 9
    """BYTES, a u32 each: the supplementary groups."""


PLACES: Final = 10
NO_LENGTH: Final = 255
LENGTH_IS_RESULT: Final = 254
RESULT: Final = 6
"""In `counted`: the call's result instead of an argument."""
MAX_CAPTURE: Final = 4096
CAPTURES_A_CALL: Final = 3


def counted(argument: int, unit: int) -> int:
    """The `length_argument` of an array whose elements have `unit` bytes (4 to 120, in fours), as many as the argument (or `RESULT`) says."""
    return unit // 4 << 3 | argument


def length_of(length_argument: int) -> tuple[int, int]:
    """(argument, `RESULT` or 7 for none; bytes a unit) of a `length_argument`."""
    words = length_argument >> 3
    return length_argument & 7, 4 * words if 0 < words < NO_LENGTH >> 3 else 1


CAPTURE_FIELDS: Final[tuple[Field, ...]] = (
    *RING_HEADER,  # ring_length = the size of what follows, without the padding to 8
    ("call", "Q"),
    ("argument", "B"),  # 0..5
    ("kind", "B"),  # CaptureKind
    ("truncated", "B"),  # 1: the target's data goes on
    ("failed", "B"),  # 1: the memory could not be read (no bytes follow)
    ("length", "I"),  # bytes that follow, the string's zero not among them
)
"""The header of a capture record; its `length` bytes follow, padded to 8 with the header."""


def record_struct(fields: Sequence[Field]) -> struct.Struct:
    """The packed little-endian layout of a record."""
    return struct.Struct("<" + "".join(code for _, code in fields))


CALL: Final = record_struct(CALL_FIELDS)
CHECK: Final = record_struct(CHECK_FIELDS)
_BEFORE_STACK: Final = record_struct(CHECK_FIELDS[: [name for name, _ in CHECK_FIELDS].index("stack")]).size
CHECK_STACK: Final = slice(_BEFORE_STACK, _BEFORE_STACK + 8 * STACK_DEPTH)
"""Where a check record has its stack, in bytes."""
PROCESS: Final = record_struct(PROCESS_FIELDS)
CAPTURE: Final = record_struct(CAPTURE_FIELDS)
FLUSH: Final = struct.Struct("<Q")
PLACE: Final = struct.Struct("<QQBBH")
"""What begins a capture of that kind: the rights on files that the policy's Landlock rules give in the directory, and at the file (0: there are no
rules); what file permissions give the thread at both, as 4 (read) | 2 (write) | 1 (execute); and the file's mode."""
AUDIT_OFFSET: Final = struct.Struct("<q")
"""What to subtract from the records' time of day to have CLOCK_MONOTONIC, in ns."""
AUDIT_RECORD: Final = struct.Struct("<II")
"""Type (linux/audit.h) and length of the text."""
TAKEN: Final = struct.Struct("<Q")

INPUT_AHEAD: Final = 1024 * 1024
"""Bytes of `Input` beyond the last TAKEN that the observer is sure to keep while the target does not read."""


# ── the launch ────────────────────────────────────────────────────────────────────────────────────────────────────


class Stage(enum.StrEnum):
    """The steps of a launch, in their order; a failure names its step."""

    SPEC = "spec"
    ENGINE = "engine"
    FORK = "fork"
    STDIO = "stdio"
    DIRECTORY = "directory"
    USER_NAMESPACE = "user-namespace"
    KEEP_CAPS = "keep-caps"
    GROUPS = "setgroups"
    GID = "setresgid"
    UID = "setresuid"
    RAISE = "capset-raise"
    BOUNDING = "bounding-drop"
    SECUREBITS = "securebits"
    CAPSET = "capset"
    AMBIENT = "ambient"
    NO_NEW_PRIVS = "no-new-privs"
    LANDLOCK = "landlock"
    SECCOMP = "seccomp"
    EXEC = "execve"
    INJECT = "inject-seccomp"
    WATCH = "watch"


class SpecError(WireError):
    """A launch spec or a command that may not be carried out; names the field."""


JudgeFrom = Literal["execve", "first-instruction", "entry", "main"]
Engine = Literal["ebpf", "ptrace"]
Stream = Literal["pty", "pipe"]


@dataclasses.dataclass(frozen=True, slots=True)
class CapabilitySets:
    """Bit masks to set before exec, bit n for capability n; None leaves the set as it is."""

    bounding: int | None = None
    permitted: int | None = None
    effective: int | None = None
    inheritable: int | None = None
    ambient: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class FilterSpec:
    """One seccomp filter: `program` is an array of struct sock_filter (8 bytes each), `flags` SECCOMP_FILTER_FLAG_*."""

    program: bytes
    flags: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Landlock:
    """A Landlock ruleset, put on the target before its execve. Rights are masks of LANDLOCK_ACCESS_FS_* and LANDLOCK_ACCESS_NET_*."""

    handled_fs: int
    """Refused where no rule allows them; what is not handled stays open."""
    handled_net: int
    paths: tuple[tuple[str, int], ...] = ()
    """(absolute path, rights on it and on all below it): opened with the target's rights; what means nothing of a file is left out on files."""
    ports: tuple[tuple[int, int], ...] = ()
    """(TCP port, rights on it)."""

    def rights_at(self, path: str) -> int:
        """The rights on files that the rules give at a path in its plain form (absolute, without `.`, `..` and links)."""
        rights = 0
        for top, given in self.paths:
            if path == top or path.startswith(top if top == "/" else f"{top}/"):
                rights |= given
        return rights


@dataclasses.dataclass(frozen=True, slots=True)
class CapturePlan:
    """What to read for one syscall: up to `CAPTURES_A_CALL` of (argument, CaptureKind, size, length_argument, at_entry)."""

    arch: int
    nr: int
    captures: tuple[tuple[int, int, int, int, bool], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class LaunchSpec:
    """Everything that the observer needs to launch and watch one target."""

    executable: str
    """Absolute path, given to execve as it is."""
    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    directory: str
    engine: Engine
    uid: int | None = None
    """Real, effective and saved; None: the observer's own."""
    gid: int | None = None
    groups: tuple[int, ...] | None = None
    user_namespace: bool = False
    """A new user namespace, in which `uid_map` and `gid_map` hold; the target has every capability there until the sets are applied."""
    uid_map: tuple[tuple[int, int, int], ...] = ()
    """(inside, outside, count) a line, as in /proc/PID/uid_map."""
    gid_map: tuple[tuple[int, int, int], ...] = ()
    no_new_privs: bool = False
    capabilities: CapabilitySets = CapabilitySets()
    securebits: int | None = None
    landlock: Landlock | None = None
    """Put on after no_new_privs, before seccomp and execve."""
    filters: tuple[FilterSpec, ...] = ()
    """Loaded in this order at `judge_from`."""
    strict: bool = False
    """Seccomp mode 1 at `judge_from`; excludes `filters`."""
    judge_from: JudgeFrom = "entry"
    stdio: tuple[Stream, Stream, Stream] = ("pty", "pty", "pty")
    """stdin, stdout, stderr: one pseudo-terminal shared by those that say "pty", a pipe for each other."""
    rows: int = 24
    columns: int = 80
    same_cpu: bool = True
    """ptrace only: tracer and target on one processor, for speed, while the target has a single busy process."""
    captures: tuple[CapturePlan, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As `from_json` reads it; strings may hold surrogate escapes for bytes that are not UTF-8."""
        value = dataclasses.asdict(dataclasses.replace(self, captures=()))  # there are hundreds of plans, and asdict copies to the bottom
        value["filters"] = [{"program": base64.b64encode(f.program).decode(), "flags": f.flags} for f in self.filters]
        value["captures"] = [[plan.arch, plan.nr, [list(capture) for capture in plan.captures]] for plan in self.captures]
        return value

    @classmethod
    def from_json(cls, value: object) -> LaunchSpec:
        """Reads with suspicion: every field's type and size is checked. Raises `SpecError` that names the field."""
        reader = _Reader("spec", value)
        spec = cls(
            executable=reader.path("executable"),
            argv=reader.strings("argv", at_least=1),
            environment=reader.pairs("environment"),
            directory=reader.path("directory"),
            engine=reader.choice("engine", ("ebpf", "ptrace")),
            uid=reader.number_or_none("uid", 2**32 - 2),
            gid=reader.number_or_none("gid", 2**32 - 2),
            groups=reader.numbers_or_none("groups", 2**32 - 2, 65536),
            user_namespace=reader.flag("user_namespace"),
            uid_map=reader.id_map("uid_map"),
            gid_map=reader.id_map("gid_map"),
            no_new_privs=reader.flag("no_new_privs"),
            capabilities=reader.capability_sets("capabilities"),
            securebits=reader.number_or_none("securebits", 0xFF),
            landlock=reader.landlock("landlock"),
            filters=reader.filters("filters"),
            strict=reader.flag("strict"),
            judge_from=reader.choice("judge_from", ("execve", "first-instruction", "entry", "main")),
            stdio=reader.streams("stdio"),
            rows=reader.number("rows", 65535),
            columns=reader.number("columns", 65535),
            same_cpu=reader.flag("same_cpu"),
            captures=reader.capture_plans("captures"),
        )
        reader.finish()
        if spec.strict and spec.filters:
            raise SpecError("strict: excludes filters")
        places = any(capture[1] == CaptureKind.PLACE for plan in spec.captures for capture in plan.captures)
        if places and spec.engine != "ptrace":
            raise SpecError("captures: places are for ptrace")
        return spec


_MAX_STRING: Final = 131072  # the kernel's MAX_ARG_STRLEN
_MAX_STRINGS: Final = 65536
_MAX_INSTRUCTIONS: Final = 4096  # the kernel's BPF_MAXINSNS
_MAX_FILTERS: Final = 64
_MAX_PLANS: Final = 4096
_MAX_RULES: Final = 4096
_MAX_PORT: Final = 65535
_MASK_LIMIT: Final = 2**64 - 1


class _Reader:
    """Takes a JSON object apart field by field; whatever is missing, left over or of another shape is a SpecError."""

    def __init__(self, name: str, value: object) -> None:
        if not isinstance(value, dict):
            raise SpecError(f"{name}: must be an object")
        self._left = dict(value)

    def _take(self, name: str) -> Any:
        try:
            return self._left.pop(name)
        except KeyError:
            raise SpecError(f"{name}: is missing") from None

    def finish(self) -> None:
        if self._left:
            raise SpecError(f"{min(self._left)}: no such field")

    def text(self, name: str) -> str:
        return self._text(name, self._take(name))

    @staticmethod
    def _text(name: str, value: object) -> str:
        if not isinstance(value, str) or len(value) > _MAX_STRING or "\0" in value:
            raise SpecError(f"{name}: must be text without NUL of at most {_MAX_STRING} characters")
        return value

    def path(self, name: str) -> str:
        value = self.text(name)
        if not value.startswith("/"):
            raise SpecError(f"{name}: must be an absolute path")
        return value

    def _list(self, name: str, limit: int) -> list[Any]:
        value = self._take(name)
        if not isinstance(value, list) or len(value) > limit:
            raise SpecError(f"{name}: must be a list of at most {limit} entries")
        return value

    def strings(self, name: str, at_least: int = 0) -> tuple[str, ...]:
        values = self._list(name, _MAX_STRINGS)
        if len(values) < at_least:
            raise SpecError(f"{name}: must have at least {at_least} entry")
        return tuple(self._text(name, value) for value in values)

    def users(self, name: str) -> tuple[str | int, ...]:
        values = self._list(name, _MAX_STRINGS)
        return tuple(self._text(name, value) if isinstance(value, str) else self._number(name, value, 2**32 - 1) for value in values)

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        pairs = []
        for value in self._list(name, _MAX_STRINGS):
            if not isinstance(value, list) or len(value) != 2:
                raise SpecError(f"{name}: must be a list of [name, value]")
            key, text = (self._text(name, part) for part in value)
            if not key or "=" in key:
                raise SpecError(f"{name}: {key!r} cannot be a variable's name")
            pairs.append((key, text))
        return tuple(pairs)

    def choice(self, name: str, allowed: tuple[Any, ...]) -> Any:
        value = self._take(name)
        if value not in allowed:
            raise SpecError(f"{name}: must be one of {', '.join(allowed)}")
        return value

    def flag(self, name: str) -> bool:
        value = self._take(name)
        if not isinstance(value, bool):
            raise SpecError(f"{name}: must be true or false")
        return value

    @staticmethod
    def _number(name: str, value: object, limit: int) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= limit:
            raise SpecError(f"{name}: must be a whole number from 0 to {limit}")
        return value

    def number(self, name: str, limit: int) -> int:
        return self._number(name, self._take(name), limit)

    def number_or_none(self, name: str, limit: int) -> int | None:
        value = self._take(name)
        return None if value is None else self._number(name, value, limit)

    def numbers_or_none(self, name: str, limit: int, count: int) -> tuple[int, ...] | None:
        if self._left.get(name, ...) is None:
            return self._take(name)  # type: ignore[no-any-return]  # it is None
        return tuple(self._number(name, value, limit) for value in self._list(name, count))

    def id_map(self, name: str) -> tuple[tuple[int, int, int], ...]:
        lines = []
        for value in self._list(name, 340):
            if not isinstance(value, list) or len(value) != 3:
                raise SpecError(f"{name}: must be a list of [inside, outside, count]")
            inside, outside, count = (self._number(name, part, 2**32 - 1) for part in value)
            lines.append((inside, outside, count))
        return tuple(lines)

    def capability_sets(self, name: str) -> CapabilitySets:
        inner = _Reader(name, self._take(name))
        names = [field.name for field in dataclasses.fields(CapabilitySets)]
        sets = CapabilitySets(*(inner.number_or_none(field, _MASK_LIMIT) for field in names))
        inner.finish()
        return sets

    def landlock(self, name: str) -> Landlock | None:
        value = self._take(name)
        if value is None:
            return None
        inner = _Reader(name, value)
        handled_fs, handled_net = inner.number("handled_fs", _MASK_LIMIT), inner.number("handled_net", _MASK_LIMIT)
        if not handled_fs | handled_net:
            raise SpecError(f"{name}: handles nothing; leave it null instead")
        paths, ports = [], []
        for path, rights in inner._rules("paths", handled_fs):
            if not isinstance(path, str) or not path.startswith("/"):
                raise SpecError(f"{name}: paths must be absolute")
            paths.append((self._text(name, path), rights))
        for port, rights in inner._rules("ports", handled_net):
            ports.append((self._number(name, port, _MAX_PORT), rights))
        inner.finish()
        return Landlock(handled_fs, handled_net, tuple(paths), tuple(ports))

    def _rules(self, name: str, handled: int) -> Iterator[tuple[Any, int]]:
        for value in self._list(name, _MAX_RULES):
            if not isinstance(value, list) or len(value) != 2:
                raise SpecError(f"{name}: must be a list of two things each, the second the rights")
            rights = self._number(name, value[1], _MASK_LIMIT)
            if not rights or rights & ~handled:
                raise SpecError(f"{name}: a rule's rights must be some of the handled ones")
            yield value[0], rights

    def filters(self, name: str) -> tuple[FilterSpec, ...]:
        return tuple(self._filter(name, value) for value in self._list(name, _MAX_FILTERS))

    @staticmethod
    def _filter(name: str, value: object) -> FilterSpec:
        inner = _Reader(name, value)
        text, flags = inner._take("program"), inner.number("flags", 0xFFFFFFFF)
        inner.finish()
        if not isinstance(text, str):
            raise SpecError(f"{name}: program must be base64 text")
        try:
            program = base64.b64decode(text, validate=True)
        except binascii.Error as err:
            raise SpecError(f"{name}: program is not base64") from err
        if not program or len(program) % 8 or len(program) > 8 * _MAX_INSTRUCTIONS:
            raise SpecError(f"{name}: a program has 1 to {_MAX_INSTRUCTIONS} instructions of 8 bytes, not {len(program)} bytes")
        return FilterSpec(program, flags)

    def streams(self, name: str) -> tuple[Stream, Stream, Stream]:
        value = self._list(name, 3)
        if len(value) != 3 or any(part not in ("pty", "pipe") for part in value):
            raise SpecError(f'{name}: must be three of "pty" and "pipe"')
        return value[0], value[1], value[2]

    def capture_plans(self, name: str) -> tuple[CapturePlan, ...]:
        return tuple(self._plan(name, value) for value in self._list(name, _MAX_PLANS))

    def _plan(self, name: str, value: object) -> CapturePlan:
        if not isinstance(value, list) or len(value) != 3 or not isinstance(value[2], list) or len(value[2]) > CAPTURES_A_CALL:
            raise SpecError(f"{name}: must be a list of [arch, nr, up to {CAPTURES_A_CALL} captures]")
        captures = []
        for capture in value[2]:
            if not isinstance(capture, list) or len(capture) != 5 or not isinstance(capture[4], bool):
                raise SpecError(f"{name}: a capture is [argument, kind, size, length_argument, at_entry]")
            argument = self._number(name, capture[0], 5)
            kind = self._number(name, capture[1], CaptureKind.PLACE)
            if kind == CaptureKind.PARTS:
                raise SpecError(f"{name}: parts are not an argument's")
            size = self._number(name, capture[2], MAX_CAPTURE)
            length = self._number(name, capture[3], NO_LENGTH)
            captures.append((argument, kind, size, length, capture[4]))
        return CapturePlan(self._number(name, value[0], 2**32 - 1), self._number(name, value[1], 2**32 - 1), tuple(captures))


# ── commands ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclasses.dataclass(frozen=True, slots=True)
class Launch:
    """Launch the target; once a process."""

    spec: LaunchSpec


@dataclasses.dataclass(frozen=True, slots=True)
class Stop:
    """Kill the whole tree with SIGKILL. The end of stdin means the same."""


@dataclasses.dataclass(frozen=True, slots=True)
class Signal:
    """Send a signal to the target's first process."""

    number: int


@dataclasses.dataclass(frozen=True, slots=True)
class Input:
    """Bytes for the target's stdin; none: end of input."""

    data: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Resize:
    """The terminal has another size."""

    rows: int
    columns: int


@dataclasses.dataclass(frozen=True, slots=True)
class CloseOutput:
    """Nobody reads this stream any more (1 or 2): close it, so that the target meets EPIPE as without us."""

    stream: int


@dataclasses.dataclass(frozen=True, slots=True)
class Greet:
    """Before a launch: HELLO once more, for what it said may have become another while the observer waited."""


@dataclasses.dataclass(frozen=True, slots=True)
class Lookup:
    """Before a launch: what do these names mean where the observer is? Answered by FOUND."""

    users: tuple[str | int, ...]
    """Names or uids."""
    groups: tuple[str, ...]
    program: str
    """A command as execvp takes it, to be found in the observer's own PATH; empty: no program is asked for."""


Command = Greet | Lookup | Launch | Stop | Signal | Input | Resize | CloseOutput


def encode_command(command: Command) -> bytes:
    """One line, ending in a newline."""
    match command:
        case Greet():
            value: dict[str, Any] = {"command": "greet"}
        case Lookup(users, groups, program):
            value = {"command": "lookup", "users": users, "groups": groups, "program": program}
        case Launch(spec):
            value = {"command": "launch", "spec": spec.to_json()}
        case Stop():
            value = {"command": "stop"}
        case Signal(number):
            value = {"command": "signal", "number": number}
        case Input(data):
            value = {"command": "input", "data": base64.b64encode(data).decode()}
        case Resize(rows, columns):
            value = {"command": "resize", "rows": rows, "columns": columns}
        case CloseOutput(stream):
            value = {"command": "close-output", "stream": stream}
    return json.dumps(value).encode() + b"\n"


def decode_command(line: bytes) -> Command:
    """Reads one line with suspicion. Raises `SpecError`."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as err:
        raise SpecError("command: is not a JSON object on one line") from err
    reader = _Reader("command", value)
    name = reader.text("command")
    command: Command
    match name:
        case "greet":
            command = Greet()
        case "lookup":
            command = Lookup(reader.users("users"), reader.strings("groups"), reader.text("program"))
        case "launch":
            command = Launch(LaunchSpec.from_json(reader._take("spec")))
        case "stop":
            command = Stop()
        case "signal":
            command = Signal(reader.number("number", 64))
        case "input":
            try:
                command = Input(base64.b64decode(reader._take("data"), validate=True))
            except (binascii.Error, TypeError, ValueError) as err:
                raise SpecError("data: is not base64") from err
        case "resize":
            command = Resize(reader.number("rows", 65535), reader.number("columns", 65535))
        case "close-output":
            command = CloseOutput(reader.number("stream", 2))
        case _:
            raise SpecError(f"command: {name!r} is not one of greet, lookup, launch, stop, signal, input, resize, close-output")
    reader.finish()
    return command
