"""Landlock's refusals, inferred from what the ruleset does not give."""

from __future__ import annotations

import dataclasses
import struct

import pytest

from core.judge.context import JudgeContext
from core.judge.records import Capture, Records
from core.judge.verdict import Evidence, Gate, Verdict
from core.observer.wire import PLACE, PLACES, CaptureKind, Engine, Landlock
from tests.core.judge.transcript import PASSED, STOPPED_ENTRY, call, check, context, verdict

READ, WRITE, EXECUTE, MAKE_DIR, CONNECT = 1 << 2 | 1 << 3, 1 << 1, 1 << 0, 1 << 7, 1 << 1
POLICY = Landlock(
    READ | WRITE | EXECUTE | MAKE_DIR, CONNECT, (("/usr", READ | EXECUTE), ("/srv", READ | WRITE | MAKE_DIR)), ((443, CONNECT),)
)
BOTH_ENGINES = pytest.mark.parametrize("engine", ["ebpf", "ptrace"])


def under(engine: Engine = "ebpf", ruleset: Landlock | None = POLICY) -> JudgeContext:
    return dataclasses.replace(context(engine=engine), landlock=ruleset)


def pointing(record: Records, argument: int, data: bytes) -> Capture:
    return Capture(int(record["id"][0]), argument, int(CaptureKind.STRING), False, False, data)


def leading(record: Records, argument: int, folder: str, file: str, *, in_folder: int = 7, at_file: int = 7) -> Capture:
    """Where the path of an argument leads, as a tracer has walked it, and what file permissions give there."""
    data = PLACE.pack(POLICY.rights_at(folder), POLICY.rights_at(file), in_folder, at_file, 0o100644) + f"{folder}\0{file}\0\0".encode()
    return Capture(int(record["id"][0]), PLACES + argument, int(CaptureKind.PLACE), False, False, data)


def opened(engine: Engine, path: str, flags: int = 0, errno: str = "EACCES") -> Verdict:
    record = call("openat", errno, PASSED if engine == "ebpf" else STOPPED_ENTRY, args=(2**32 - 100, 0x1000, flags))
    return verdict(under(engine), record, pointing(record, 1, path.encode()))


@BOTH_ENGINES
@pytest.mark.parametrize(
    ("path", "flags", "words"),
    [
        ("/etc/passwd", 0, "open files for reading at /etc/passwd"),
        ("/usr/share/x", 1, "open files for writing at /usr/share/x"),
        ("/etc", 0o200000, "list directories at /etc"),
        ("/usr/../etc/x", 2, "open files for writing or open files for reading at /etc/x"),
    ],
)
def test_a_path_outside(engine: Engine, path: str, flags: int, words: str) -> None:
    found = opened(engine, path, flags)
    assert (found.gate, found.evidence) == (Gate.OTHER, Evidence.INFERRED)
    assert found.reason == f"EACCES: Landlock: the policy's paths do not let it {words}"


@BOTH_ENGINES
@pytest.mark.parametrize(("path", "flags", "errno"), [("/usr/x", 0, "EPERM"), ("/usrx", 0, "ENOENT"), ("/srv/x", 1, "EPERM")])
def test_what_the_ruleset_gives_was_refused_by_something_else(engine: Engine, path: str, flags: int, errno: str) -> None:
    assert "Landlock" not in opened(engine, path, flags, errno).reason


def test_a_link_may_lead_outside() -> None:
    """With all checks on record it was not file permissions."""
    assert opened("ebpf", "/usr/x").reason == (
        "EACCES, but no capability was refused: perhaps Landlock: the policy's paths cover /usr/x, but not where a link there leads"
    )
    assert "Landlock" not in opened("ptrace", "/usr/x").reason


@pytest.mark.parametrize(
    ("path", "folder", "file", "reason"),
    [
        (
            "/usr/x",
            "/usr",
            "/etc/x",
            ": Landlock: the policy's paths do not let it open files for reading at /etc/x, to which /usr/x leads",
        ),
        ("x", "/etc", "/etc/x", ": Landlock: the policy's paths do not let it open files for reading at /etc/x, to which x leads"),
        ("/etc/x", "/etc", "/etc/x", ": Landlock: the policy's paths do not let it open files for reading at /etc/x"),
        ("/etc/x", "/etc", "", ": Landlock: the policy's paths do not let it open files for reading at /etc"),
        (
            "/etc/x",
            "/etc",
            "/usr/x",
            ", though file permissions let it, at /usr/x, to which /etc/x leads: a security module, the mount or the arguments",
        ),
        (
            "x",
            "/usr",
            "/usr/x",
            ", though file permissions let it, at /usr/x, to which x leads: a security module, the mount or the arguments",
        ),
    ],
)
def test_where_the_path_leads_counts(path: str, folder: str, file: str, reason: str) -> None:
    record = call("openat", "EACCES", STOPPED_ENTRY, args=(2**32 - 100, 0x1000, 0))
    found = verdict(under("ptrace"), record, pointing(record, 1, path.encode()), leading(record, 1, folder, file))
    assert found.reason == f"EACCES{reason}"


def test_what_is_made_is_of_the_directory_that_the_path_leads_to() -> None:
    record = call("mkdir", "EACCES", STOPPED_ENTRY, args=(0x1000,))
    path = pointing(record, 0, b"/srv/link/new")
    assert "Landlock" in verdict(under("ptrace"), record, path, leading(record, 0, "/etc", "")).reason
    assert "Landlock" not in verdict(under("ptrace"), record, path, leading(record, 0, "/srv", "/etc/x")).reason


def test_file_permissions_that_are_known_to_refuse_come_first() -> None:
    record = call("openat", "EACCES", STOPPED_ENTRY, args=(2**32 - 100, 0x1000, 1))
    path = pointing(record, 1, b"/etc/x")
    assert "Landlock" in verdict(under("ptrace"), record, path, leading(record, 1, "/etc", "/etc/x", at_file=2)).reason
    assert "file permissions" in verdict(under("ptrace"), record, path, leading(record, 1, "/etc", "/etc/x", at_file=5)).reason
    record = call("mkdir", "EACCES", STOPPED_ENTRY, args=(0x1000,))
    path = pointing(record, 0, b"/etc/new")
    assert "Landlock" in verdict(under("ptrace"), record, path, leading(record, 0, "/etc", "", in_folder=3)).reason
    assert "file permissions" in verdict(under("ptrace"), record, path, leading(record, 0, "/etc", "", in_folder=5)).reason


def test_a_relative_path_is_not_known() -> None:
    assert opened("ebpf", "x").reason == (
        "EACCES: perhaps Landlock: whether the policy's paths cover x depends on the directory that it is relative to"
    )


def test_file_permissions_come_first() -> None:
    record = call("openat", "EACCES")
    found = verdict(under(), record, pointing(record, 1, b"/etc/x"), check(record, "DAC_OVERRIDE", "generic_permission"))
    assert found.reason.startswith("EACCES: file permissions said no")


def test_what_is_made_is_of_its_directory() -> None:
    for path, refused in ((b"/usr/new", True), (b"/srv/new", False), (b"/new/", True)):
        record = call("mkdir", "EACCES", args=(0x1000,))
        assert ("make directories at" in verdict(under(), record, pointing(record, 0, path)).reason) is refused


@pytest.mark.parametrize(("port", "refused"), [(80, True), (443, False)])
def test_ports(port: int, refused: bool) -> None:
    record = call("connect", "EACCES", args=(3, 0x1000, 16))
    address = struct.pack("<H", 2) + struct.pack("!H", port) + bytes([127, 0, 0, 1]) + bytes(8)
    found = verdict(under(), record, pointing(record, 1, address))
    assert ("connect to TCP ports at port 80" in found.reason) is refused


def test_mounts_are_refused_whatever_the_rules() -> None:
    record = call("mount", "EPERM")
    granted = check(record, "SYS_ADMIN", "path_mount", granted=True)
    assert verdict(under(), record, granted).reason == "EPERM: Landlock: whoever it restricts in files may not mount, whatever the rules"


@BOTH_ENGINES
def test_the_target_s_own_ruleset(engine: Engine) -> None:
    seen = PASSED if engine == "ebpf" else STOPPED_ENTRY
    restricted = call("landlock_restrict_self", 0, seen, args=(3, 0), at=100)
    record = call("openat", "EACCES", seen)
    path = pointing(record, 1, b"/etc/passwd")
    found = verdict(under(engine, None), restricted, record, path)
    assert found.reason == "EACCES: probably Landlock: the target has put a ruleset on itself, of which the rules are not known"
    before = call("openat", "EACCES", seen, at=50)
    assert "Landlock" not in verdict(under(engine, None), restricted, before, pointing(before, 1, b"/etc/passwd")).reason
