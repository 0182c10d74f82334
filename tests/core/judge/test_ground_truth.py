"""Verdicts on real runs: programs whose fate is known, under real policies, by both engines, with the kernel as the judge of the expectation."""

from __future__ import annotations

import dataclasses
import functools
import sys
from pathlib import Path

import pytest

from core.event import CallEvent
from core.observer import landlock
from core.observer.wire import Engine
from core.plan import UsageProblem
from tests.support.privilege import require, require_root
from tests.support.run import calls_of, run

ENGINES: tuple[Engine, ...] = ("ebpf", "ptrace")

AUDITED = "; the kernel's audit log says so"
"""What is added where that log may be read; its absence proves nothing, so a verdict stands without it."""

PRELUDE = """
import ctypes, os, signal, socket, sys
libc = ctypes.CDLL(None)
def attempt(function, *args):
    try:
        function(*args)
    except OSError:
        pass
"""

RULE = '[[seccomp.rules]]\nsyscalls = ["{call}"]\naction = "{action}"\n'
ALLOWED_BUT = '[seccomp]\nmode = "filter"\n' + RULE
RAW_REFUSED = (
    ALLOWED_BUT.format(call="socket", action="errno:EPERM") + 'args = [{ index = 1, op = "&==", mask = 0xf, value = "SOCK_RAW" }]\n'
)
RAW_SOCKET = "attempt(socket.socket, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)"


@dataclasses.dataclass(frozen=True)
class Truth:
    """What must be said of the last call of a name; None where it does not matter."""

    call: str
    gate: str | None
    outcome: str
    rule: int | None = None
    capability: str | None = None
    alternatives: tuple[str, ...] = ()
    seen: str = "observed"
    """The evidence under eBPF."""
    entry_only: str = "computed"
    """The evidence under ptrace."""


def refused(call: str, capability: str) -> Truth:
    return Truth(call, "capability", "denied", capability=capability, entry_only="inferred")


def lacking(*capabilities: str) -> str:
    return f"[capabilities]\ndrop = [{', '.join(map(repr, capabilities))}]\n".replace("'", '"')


CASES: dict[str, tuple[str, str, tuple[Truth, ...]]] = {
    "raw socket": ("", RAW_SOCKET, (Truth("socket", None, "ok", entry_only="observed"),)),
    "raw socket without NET_RAW": (lacking("NET_RAW"), RAW_SOCKET, (refused("socket", "NET_RAW"),)),
    "raw socket refused by seccomp": (RAW_REFUSED, RAW_SOCKET, (Truth("socket", "seccomp", "denied", rule=1),)),
    "other socket": (RAW_REFUSED, "socket.socket()", (Truth("socket", None, "ok", entry_only="observed"),)),
    "actions that end nothing": (
        '[seccomp]\nmode = "filter"\n'
        + "".join(RULE.format(call=call, action=action) for call, action in (("getppid", "errno:0"), ("getsid", "trace:3"), ("getpgid", "log"))),
        "libc.getppid(); libc.getsid(0); libc.getpgid(0)",
        (
            Truth("getppid", "seccomp", "denied", rule=1),
            Truth("getsid", "seccomp", "denied", rule=2),
            Truth("getpgid", None, "ok", rule=3, entry_only="observed"),
        ),
    ),
    "trap": (ALLOWED_BUT.format(call="getppid", action="trap"), "os.getppid()", (Truth("getppid", "seccomp", "trapped", rule=1, entry_only="observed"),)),
    "kill process": (ALLOWED_BUT.format(call="getppid", action="kill-process"), "os.getppid()", (Truth("getppid", "seccomp", "killed", rule=1, entry_only="observed"),)),
    "kill thread": (ALLOWED_BUT.format(call="getppid", action="kill-thread"), "os.getppid()", (Truth("getppid", "seccomp", "killed", rule=1, entry_only="observed"),)),
    "one of several threads killed": (
        ALLOWED_BUT.format(call="getppid", action="kill-thread"),
        "import threading, time; threading.Thread(target=libc.getppid, daemon=True).start(); time.sleep(.2); os._exit(0)",
        (Truth("getppid", "seccomp", "killed", rule=1, entry_only="observed"),),
    ),
    "default kill": (
        '[seccomp]\nmode = "filter"\ndefault = "kill-process"\njudge_from = "main"\n[[seccomp.rules]]\nsyscalls = ["getpid"]\naction = "allow"\n',
        "pass",
        (),
    ),
    "capabilities": (
        lacking("SYS_CHROOT", "SYS_ADMIN", "MKNOD", "SYS_TIME", "SYS_NICE", "CHOWN", "SYS_TTY_CONFIG", "SETGID", "IPC_LOCK", "SYSLOG", "SYS_PACCT"),
        (
            "attempt(os.chroot, '/'); attempt(socket.sethostname, socket.gethostname()); attempt(os.mknod, {locked!r} + '.device', 0o20600, 0x103)\n"
            "libc.settimeofday(0, ctypes.byref(ctypes.c_long(0))); libc.setpriority(0, 0, -5); attempt(os.chown, {locked!r}, 12, 12)\n"
            "libc.vhangup(); attempt(os.setgroups, [1, 2]); libc.klogctl(5, 0, 0); libc.acct(0)\n"
            "libc.mount(b'none', os.path.dirname({locked!r}).encode(), b'proc', 0, 0); libc.unshare(0x04000000)"
        ),
        (
            refused("chroot", "SYS_CHROOT"), refused("sethostname", "SYS_ADMIN"), refused("mknodat", "MKNOD"), refused("settimeofday", "SYS_TIME"),
            refused("setpriority", "SYS_NICE"), refused("chown", "CHOWN"), refused("vhangup", "SYS_TTY_CONFIG"), refused("setgroups", "SETGID"),
            refused("syslog", "SYSLOG"), refused("acct", "SYS_PACCT"), refused("mount", "SYS_ADMIN"),
            refused("unshare", "SYS_ADMIN"),
        ),
    ),
    "file permissions": (
        lacking("DAC_OVERRIDE", "DAC_READ_SEARCH"),
        "attempt(os.open, {locked!r}, os.O_RDONLY)",
        (Truth("openat", "other", "denied", alternatives=("DAC_OVERRIDE", "DAC_READ_SEARCH"), entry_only="inferred"),),
    ),
    "an ordinary user": (
        '[identity]\nuser = "nobody"\n',
        f"{RAW_SOCKET}; attempt(os.chroot, '/'); attempt(os.kill, 1, 0); attempt(os.setresuid, 0, 0, 0); attempt(os.open, '/etc/shadow', os.O_RDONLY)",
        (
            refused("socket", "NET_RAW"),
            refused("chroot", "SYS_CHROOT"),
            refused("kill", "KILL"),
            refused("setresuid", "SETUID"),
            Truth("openat", "other", "denied", alternatives=("DAC_OVERRIDE", "DAC_READ_SEARCH"), entry_only="inferred"),
        ),
    ),
    "a user namespace of its own": (
        "[identity]\nuser_namespace = true\n",
        f"attempt(os.chroot, '/'); {RAW_SOCKET}; attempt(socket.sethostname, 'never')",
        (Truth("chroot", None, "ok", entry_only="observed"), refused("socket", "NET_RAW"), refused("sethostname", "SYS_ADMIN")),
    ),
    "an ordinary errno": ("", "attempt(os.open, '/none', 0)", (Truth("openat", "other", "failed", entry_only="inferred"),)),
}  # fmt: skip


@functools.cache
def engine_problem(engine: Engine) -> str:
    """Why this engine does not work here; empty where it does."""
    try:
        return run(["/bin/true"], engine=engine).failure or ""
    except UsageProblem as err:
        return str(err)


def made(engine: Engine, policy: str, code: str) -> list[CallEvent]:
    require_root("the cases drop capabilities that only root has")
    problem = engine_problem(engine)
    require(not problem, f"the engine {engine} does not work here: {problem}")
    return calls_of(run([str(Path(sys.executable).resolve()), "-I", "-S", "-c", PRELUDE + code], policy, engine=engine))


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    """A file that nobody may read but by overriding."""
    path = tmp_path / "locked"
    path.write_text("x")
    path.chmod(0)
    return path


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES)
def test_truth(case: str, engine: Engine, locked: Path) -> None:
    policy, code, truths = CASES[case]
    calls = made(engine, policy, code.replace("{locked!r}", repr(str(locked))))
    assert not [call for call in calls if call.verdict.conflict]
    for truth in truths:
        of_name = [call for call in calls if call.syscall == truth.call]
        assert of_name, f"no {truth.call} on record"
        verdict = of_name[-1].verdict
        found = Truth(
            truth.call,
            verdict.gate.word,
            verdict.outcome.word,
            verdict.rule,
            verdict.capability,
            verdict.alternatives,
            verdict.evidence.word if engine == "ebpf" else truth.seen,
            verdict.evidence.word if engine == "ptrace" else truth.entry_only,
        )
        assert found == truth, verdict.reason


OWN_FILTER = """
import struct
# Load the number; getppid's: errno 13; else allow. Then no_new_privs, and the filter by prctl.
words = [(0x20, 0, 0, 0), (0x15, 0, 1, 110), (6, 0, 0, 0x5000d), (6, 0, 0, 0x7fff0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *word) for word in words))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(words), ctypes.addressof(code)))
libc.prctl(38, 1, 0, 0, 0)
libc.prctl(22, 2, program)
libc.getppid()
"""


@pytest.mark.parametrize(("engine", "evidence"), [("ebpf", "observed"), ("ptrace", "computed")])
def test_a_filter_of_the_target_s_own(engine: Engine, evidence: str) -> None:
    calls = made(engine, "", OWN_FILTER)
    verdict = next(call for call in calls if call.syscall == "getppid").verdict
    assert (verdict.gate.word, verdict.outcome.word, verdict.evidence.word, verdict.own_filter) == ("seccomp", "denied", evidence, 1)
    assert verdict.reason == "the target's own seccomp filter 1 refused getppid with EACCES before it ran"


PATHS = """
[paths]
read = ["/usr", "/lib", "/lib64", "/etc/ld.so.cache", "{allowed}"]
write = ["/dev/null"]
connect = [443]
"""
OWN_RULESET = """
import struct
libc.prctl(38, 1, 0, 0, 0)
libc.syscall(446, libc.syscall(444, struct.pack("<QQ", 1 << 2, 0), 16, 0), 0)
attempt(os.open, '/etc/passwd', 0)
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_landlock(engine: Engine, tmp_path: Path) -> None:
    """The kernel refuses what the policy's paths do not give, and nothing else is named."""
    require(landlock.abi() >= 4, "this kernel has no Landlock that knows ports")
    allowed, folder = tmp_path / "allowed", tmp_path / "folder"
    allowed.mkdir()
    folder.mkdir()
    (allowed / "link").symlink_to("/etc/group")
    (folder / "file").touch()
    (allowed / "folder").symlink_to("../folder")
    code = (
        f"attempt(os.open, '/etc/passwd', 0); attempt(os.open, {str(allowed / 'link')!r}, 0); os.chdir({str(allowed)!r})\n"
        f"attempt(os.open, 'folder/file', 0); attempt(os.mkdir, {str(tmp_path / 'new')!r}); attempt(socket.socket().connect, ('127.0.0.1', 80))"
    )
    verdicts = [call.verdict for call in made(engine, PATHS.format(allowed=allowed), code) if call.errno == "EACCES"]
    reading = "open files for reading at"
    walked = (f"{reading} /etc/group, to which {allowed}/link leads", f"{reading} {folder}/file, to which folder/file leads")
    wanted = (f"{reading} /etc/passwd", *(walked if engine == "ptrace" else ("", "")), f"make directories at {tmp_path}", "port 80")
    for verdict, words in zip(verdicts[-len(wanted) :], wanted, strict=True):
        assert (verdict.gate.word, verdict.outcome.word) == ("other", "denied")
        assert (verdict.evidence.word == "observed") is (AUDITED in verdict.reason)
        assert words in verdict.reason or AUDITED in verdict.reason
        assert "Landlock" in verdict.reason


@pytest.mark.parametrize("engine", ENGINES)
def test_landlock_of_the_target_s_own(engine: Engine) -> None:
    require(landlock.abi(), "this kernel has no Landlock")
    last = next(call for call in reversed(made(engine, "", OWN_RULESET)) if call.syscall == "openat")
    assert (last.errno, last.verdict.gate.word, last.verdict.outcome.word) == ("EACCES", "other", "denied")
    assert "Landlock" in last.verdict.reason


@pytest.mark.parametrize("engine", ENGINES)
def test_a_default_kill_names_the_call(engine: Engine) -> None:
    policy, code, _ = CASES["default kill"]
    last = made(engine, policy, code)[-1]
    assert last.verdict.outcome.word == "killed"
    assert last.verdict.reason.removesuffix(AUDITED) == f"seccomp's default action killed the process at {last.syscall}"


@pytest.mark.parametrize("engine", ENGINES)
def test_strict_mode_kills_at_the_first_other_call(engine: Engine) -> None:
    last = made(engine, '[seccomp]\nmode = "strict"\n', "pass")[-1]
    assert last.verdict.outcome.word == "killed"
    assert last.verdict.reason.startswith(f"seccomp's strict mode killed the thread at {last.syscall}")


def test_the_checks_name_the_functions() -> None:
    granted, refused_ = (made("ebpf", policy, RAW_SOCKET) for policy in ("", lacking("NET_RAW")))
    for calls, was_granted in ((granted, True), (refused_, False)):
        (check,) = next(call for call in calls if call.syscall == "socket").checks
        assert (check.capability, check.granted, check.decisive) == ("NET_RAW", was_granted, not was_granted)
        assert "inet_create" in check.stack
    by_seccomp = made("ebpf", RAW_REFUSED, RAW_SOCKET)
    assert next(call for call in by_seccomp if call.syscall == "socket").checks == ()


def test_both_engines_see_the_same_calls() -> None:
    """Up to what an interpreter does differently each time: names and verdicts, without those of memory."""

    def told(engine: Engine) -> list[tuple[str, str | None, str]]:
        calls = made(engine, RAW_REFUSED, RAW_SOCKET)
        return [
            (call.syscall, call.verdict.gate.word, call.verdict.outcome.word)
            for call in calls
            if call.syscall not in ("brk", "mmap", "munmap", "futex")
        ]

    assert told("ebpf") == told("ptrace")
