"""Refusals by file permissions under ptrace: which of them, where the path was walked."""

from __future__ import annotations

from core.judge.records import Capture
from core.judge.verdict import Evidence, Gate, Outcome, Verdict
from core.observer.wire import PLACE, PLACES, CaptureKind, ProcessKind
from tests.core.judge.transcript import HERE, INITIAL, STOPPED_ENTRY, call, context, process, verdict

ALL, NONE = 2**41 - 1, 0
HELD = ("DAC_OVERRIDE", "DAC_READ_SEARCH")


def refused(
    name: str = "openat", *, args: tuple[int, ...] = (2**32 - 100, 0x1000, 0), argument: int = 1, path: str = "/etc/x", folder: str = "/etc",
    file: str = "/etc/x", may: tuple[int, int] = (5, 0), mode: int = 0o100640, door: str = "", effective: int = NONE, namespace: int = INITIAL,
) -> Verdict:  # fmt: skip
    """The verdict on a call that came to EACCES; `may`: what file permissions give in the directory, and at the file."""
    held = process(ProcessKind.EXEC, at=10, other=100, effective=effective, user_namespace=namespace)
    record = call(name, "EACCES", STOPPED_ENTRY, args=args)
    number = int(record["id"][0])
    data = PLACE.pack(0, 0, *may, mode) + b"".join(part.encode() + b"\0" for part in (folder, file, door))
    captures = (
        Capture(number, argument, int(CaptureKind.STRING), False, False, path.encode()),
        Capture(number, PLACES + argument, int(CaptureKind.PLACE), False, False, data),
    )
    found = verdict(context(engine="ptrace"), held, record, *captures)
    assert (found.gate, found.outcome, found.evidence) == (Gate.OTHER, Outcome.DENIED, Evidence.INFERRED)
    return found


def test_reading_writing_and_what_overrides_each() -> None:
    found = refused()
    assert (found.reason, found.alternatives) == (
        "EACCES: file permissions do not let it read /etc/x; CAP_DAC_OVERRIDE or CAP_DAC_READ_SEARCH would override them",
        HELD,
    )
    found = refused(args=(2**32 - 100, 0x1000, 2), may=(5, 4))
    assert (found.reason, found.alternatives) == (
        "EACCES: file permissions do not let it write /etc/x; CAP_DAC_OVERRIDE would override them",
        HELD[:1],
    )


def test_a_directory_on_the_way() -> None:
    found = refused(path="/root/x", folder="/root", file="", may=(0, 0), door="/root")
    assert found.reason.startswith("EACCES: file permissions do not let it enter /root; ")
    assert found.alternatives == HELD


def test_a_link_says_where_it_leads() -> None:
    assert "read /root/y, to which /etc/x leads;" in refused(file="/root/y").reason


def test_what_is_made_needs_its_directory() -> None:
    found = refused("mkdir", args=(0x1000, 0o777), argument=0, path="/etc/new", file="")
    assert (found.reason, found.alternatives) == (
        "EACCES: file permissions do not let it write /etc; CAP_DAC_OVERRIDE would override them",
        HELD[:1],
    )
    made = refused(args=(2**32 - 100, 0x1000, 0o101), path="/etc/new", file="")
    assert made.reason == found.reason


def test_nobody_may_execute_it() -> None:
    found = refused("execve", args=(0x1000, 0, 0), argument=0, may=(5, 4), mode=0o100644)
    assert (found.reason, found.alternatives) == (
        "EACCES: file permissions let nobody execute /etc/x, and no capability overrides that",
        (),
    )
    assert refused("execve", args=(0x1000, 0, 0), argument=0, may=(5, 4), mode=0o100744).alternatives == HELD[:1]


def test_what_file_permissions_let_pass_was_something_else() -> None:
    found = refused(may=(5, 4))
    assert (found.reason, found.alternatives) == (
        "EACCES, though file permissions let it, at /etc/x: a security module, the mount or the arguments",
        (),
    )
    assert ": its interpreter, a security module," in refused("execve", args=(0x1000, 0, 0), argument=0, may=(5, 5), mode=0o100755).reason


def test_of_two_paths_one_is_not_known() -> None:
    found = refused("rename", args=(0x2000, 0x1000), argument=1, path="/srv/new", folder="/srv", file="", may=(7, 0))
    assert found.reason == "EACCES: probably file permissions; CAP_DAC_OVERRIDE would override them"


def test_root_of_a_user_namespace_of_its_own() -> None:
    found = refused(effective=ALL, namespace=HERE)
    assert found.reason.startswith(
        "EACCES: file permissions do not let it read /etc/x; CAP_DAC_OVERRIDE or CAP_DAC_READ_SEARCH would override"
    )
    assert found.reason.endswith("but is held in a user namespace of its own, which probably does not map the file's owner")
    assert found.alternatives == ()
