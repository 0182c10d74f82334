"""What can be regained, against the kernel: a process that holds exactly this tries every way there is to NET_RAW."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import prctl
import pytest

from core.observer import native
from core.policy.securebits import SECUREBITS
from core.predict.credentials import Credentials, Sets
from core.predict.file_capabilities import ATTRIBUTE, FileCapabilities, encode
from core.predict.regain import regainable
from tests.core.policy.callers import LAST, this_process
from tests.core.policy.launched import NOBODY
from tests.support.privilege import require_root

RAW, SETUID, SETPCAP = 1 << 13, 1 << 7, 1 << 8
EVERYTHING: Final = this_process().held.bounding
PTRACE_TRACEME, PTRACE_CONT = 0, 7
NOROOT, LOCKED = SECUREBITS["noroot"], SECUREBITS["noroot-locked"]


@pytest.fixture(scope="module")
def programs() -> Iterator[Path]:
    """Copies of cat: one setuid root, one that has NET_RAW permitted, one that has it inheritable."""
    require_root("file capabilities and setuid bits are set")
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    folder.chmod(0o755)
    for name in ("plain", "setuid", "permitted", "inheritable"):
        shutil.copy("/bin/cat", folder / name)
    (folder / "setuid").chmod(0o4755)
    os.setxattr(folder / "permitted", ATTRIBUTE, encode(FileCapabilities(RAW, 0, effective=True)))
    os.setxattr(folder / "inheritable", ATTRIBUTE, encode(FileCapabilities(0, RAW, effective=True)))
    yield folder
    shutil.rmtree(folder)


def held(
    uid: int = NOBODY,
    permitted: int = 0,
    inheritable: int = 0,
    ambient: int = 0,
    bounding: int = EVERYTHING,
    securebits: int = 0,
    no_new_privs: bool = False,
) -> Credentials:
    sets = Sets(bounding, permitted, permitted, inheritable, ambient)
    return Credentials(sets, uid, uid, uid, uid, uid, uid, securebits=securebits, no_new_privs=no_new_privs)


def become(wanted: Credentials) -> None:
    sets = wanted.sets
    prctl.set_keepcaps(True)
    os.setgroups([])
    os.setresgid(*[wanted.gid] * 3)
    os.setresuid(*[wanted.uid] * 3)
    native.capset(EVERYTHING, EVERYTHING, sets.inheritable)  # before the bounding set is cut: what is added must be in it
    for number in range(LAST + 1):
        if EVERYTHING & ~sets.bounding & 1 << number:
            native.prctl(native.PR_CAPBSET_DROP, number)
    native.prctl(native.PR_SET_SECUREBITS, wanted.securebits)
    native.capset(sets.effective, sets.permitted, sets.inheritable)
    for number in range(LAST + 1):
        if sets.ambient & 1 << number:
            native.prctl(native.PR_CAP_AMBIENT, native.PR_CAP_AMBIENT_RAISE, number)
    if wanted.no_new_privs:
        prctl.set_no_new_privs(1)


def clear_noroot() -> None:
    native.prctl(native.PR_SET_SECUREBITS, 0)


def become_root() -> None:
    os.setresuid(0, 0, 0)


WAYS: Final[dict[str, tuple[str, tuple[Callable[[], None], ...]]]] = {
    "nothing": ("plain", ()),
    "root": ("plain", (become_root,)),
    "setuid": ("setuid", ()),
    "permitted": ("permitted", ()),
    "inheritable": ("inheritable", ()),
    "clear, setuid": ("setuid", (clear_noroot,)),
    "clear, root": ("plain", (clear_noroot, become_root)),
}


def gains(programs: Path, wanted: Credentials, way: str, *, traced: bool = False) -> bool:
    """Whether the process that goes this way has NET_RAW permitted in the end; `traced`: with a tracer that has its own privilege."""
    program, steps = WAYS[way]
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(write, 1)
            become(wanted)
            if traced:
                native.ptrace(PTRACE_TRACEME, 0, None, None)  # whoever asks for it lends the tracer no more than his own credentials
            os.write(1, b"ready\n")
            for step in steps:
                step()
            os.execv(programs / program, [program, "/proc/self/status"])  # noqa: S606  # under what is held here
        except OSError:
            os._exit(1)
        finally:
            os._exit(2)
    os.close(write)
    while os.WIFSTOPPED(os.waitpid(pid, 0)[1]):
        native.ptrace(PTRACE_CONT, pid, None, None)
    with os.fdopen(read) as stream:
        text = stream.read()
    assert text.startswith("ready")
    permitted = re.search(r"CapPrm:\t(\w+)", text)
    return permitted is not None and bool(int(permitted[1], 16) & RAW)


@pytest.mark.parametrize(
    ("wanted", "ways", "words"),
    [
        (held(), {"setuid", "permitted"}, "can come back by executing a setuid root program, or a file that has it"),
        (held(no_new_privs=True), set(), "cannot come back: no_new_privs is set"),
        (held(bounding=EVERYTHING & ~RAW), set(), "cannot come back: it is neither in the bounding set nor inheritable"),
        (held(securebits=NOROOT | LOCKED), {"permitted"}, "by executing a file that has it as a file capability (the securebit noroot"),
        (held(inheritable=RAW), {"setuid", "permitted", "inheritable"}, "can come back by executing a setuid root program"),
        (held(0, inheritable=RAW, bounding=EVERYTHING & ~RAW), None, "can come back by executing any program as uid 0: it is inheritable"),
        (held(inheritable=RAW, bounding=EVERYTHING & ~RAW), None, "can come back by executing a file that has it inheritable"),
        (held(0), None, "can come back by executing any program as uid 0"),
        (held(0, securebits=NOROOT | LOCKED, permitted=SETPCAP), {"permitted"}, "by executing a file that has it as a file capability"),
        (held(0, SETPCAP, SETPCAP, SETPCAP, securebits=NOROOT), {"permitted", "clear, setuid", "clear, root"}, "by clearing the securebit noroot, which"),
        (held(NOBODY, SETUID, SETUID, SETUID), {"root", "setuid", "permitted"}, "by becoming uid 0 and executing"),
    ],
)  # fmt: skip
def test_whether_it_can_come_back_and_how(programs: Path, wanted: Credentials, ways: set[str] | None, words: str) -> None:
    """`ways`: those on which it comes; None: several that the words do not tell apart."""
    found = {way for way in WAYS if gains(programs, wanted, way)}
    said = regainable(wanted, LAST)
    assert bool(found) == bool(said.mask & RAW)
    assert ways in (found, None)
    assert words in said.reasons[13]


def test_a_tracer_without_privilege_lets_nothing_come_back(programs: Path) -> None:
    wanted = held()
    assert not any(gains(programs, wanted, way, traced=True) for way in WAYS)
    said = regainable(wanted, LAST, unprivileged_tracer=True)
    assert not said.mask
    assert "cannot come back" not in said.reasons[13]
    for words in (said.gist, said.reasons[13]):
        assert words.startswith("Nothing can be regained while it is watched: its tracer has no SYS_PTRACE over it. Unwatched, ")
