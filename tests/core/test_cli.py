"""The command line as a user meets it: `gatescope` really run, with its stdio, signals and exit statuses."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from core.cli import main
from core.event import CallEvent
from core.observer import wire
from core.observer.abilities import engine_abilities
from core.recording.recording import Recording
from tests.support.processes import children

GATESCOPE = [sys.executable, "-c", "import sys; from core.cli import main; sys.exit(main())"]
RAW_SOCKET = "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)"
NO_RAW_SOCKETS = """
[seccomp]
mode = "filter"
[[seccomp.rules]]
syscalls = ["socket"]
action = "errno:EPERM"
args = [{ index = 0, op = "==", value = "AF_INET" }, { index = 1, op = "&==", mask = 0xf, value = "SOCK_RAW" }]
"""


def gatescope(*arguments: str, data: bytes = b"", **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Runs the command to its end."""
    return subprocess.run([*GATESCOPE, *arguments], input=data, capture_output=True, timeout=60, check=False, **options)


def run_jsonl(tmp_path: Path, *arguments: str, policy: str = "") -> list[dict[str, Any]]:
    """The JSON lines of a run."""
    (tmp_path / "policy.toml").write_text(policy)
    events = tmp_path / "events.jsonl"
    gatescope("run", "--policy", str(tmp_path / "policy.toml"), "--format", "jsonl", "--output", str(events), *arguments)
    return [json.loads(line) for line in events.read_text().splitlines()]


def wait_until(condition: Callable[[], object], seconds: float = 15.0) -> None:
    """Polls, since there is no event to wait for in another process."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


# ── words and statuses ────────────────────────────────────────────────────────────────────────────────────────────


def test_version() -> None:
    assert gatescope("--version").stdout.startswith(b"gatescope ")


def test_without_a_display_the_headless_command_is_named() -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    done = gatescope(env=environment)
    assert done.returncode == 1
    assert b"no display here" in done.stderr
    assert b"gatescope run -- COMMAND" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["rnu"], "invalid choice: 'rnu'"),
        (["run"], "the following arguments are required: COMMAND"),
        (["run", "--engine", "magic", "--", "true"], "invalid choice: 'magic'"),
        (["run", "--only", "refused", "--", "true"], "'refused' is no verdict; there are ok, denied"),
        (["run", "--", "/no/such/program"], "/no/such/program: there is no such file"),
        (["run", "--", "no-such-command"], "no-such-command: no such command in PATH"),
        (["run", "--", "/etc/passwd"], "/etc/passwd: is not executable"),
        (["run", "--policy", "/no/policy.toml", "--", "true"], "/no/policy.toml: cannot be read: No such file or directory"),
        (["run", "--output", "/no/where", "--", "true"], "/no/where: events cannot be written there"),
        (["run", "--record", "/no/where", "--", "true"], "/no/where: cannot be written"),
        (["run", "--observer", "no-such-prefix", "--", "true"], "no-such-prefix is not installed"),
    ],
)
def test_usage_ends_with_a_sentence_and_status_2(arguments: Sequence[str], sentence: str) -> None:
    done = gatescope(*arguments)
    assert sentence in done.stderr.decode()
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nmae = 'x'", 'did you mean "name"'),
        ("[capabilities]\nkeep = ['NET_ROW']", "NET_RAW"),
        ("[seccomp]\nmode = 'filter'\n[[seccomp.rules]]\nsyscalls = ['sokcet']\naction = 'log'", '"socket"'),
        ("[seccomp]\nmode = 'filter'\n[[seccomp.rules]]\nsyscalls = ['socket']\naction = 'errno:EPREM'", "EPERM"),
        (
            "[seccomp]\nmode = 'filter'\n[[seccomp.rules]]\nsyscalls = ['socket']\naction = 'log'\nargs = [{ index = 0, op = '=', value = 1 }]",
            "==",
        ),
        ("name = ", "line 1"),
        ("[identity]\nuser = 'nobody-has-this-name'", "policy.toml: identity.user: there is no user"),  # as the observer says it
    ],
)
def test_a_bad_policy_names_its_mistake(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "policy.toml").write_text(text)
    done = gatescope("run", "--policy", str(tmp_path / "policy.toml"), "--", "true")
    assert str(tmp_path / "policy.toml") in done.stderr.decode()
    assert sentence in done.stderr.decode()
    assert done.returncode == 2


def test_interrupted_while_it_reads_it_ends_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("core.run_command.read_policy", lambda *_, **__: signal.raise_signal(signal.SIGINT))
    assert main(["lint", "--policy", "policy.toml"]) == 128 + signal.SIGINT
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("command", "status"), [("exit 0", 0), ("exit 42", 42), ("kill -TERM $$", 128 + 15), ("kill -KILL $$", 128 + 9)])
@pytest.mark.parametrize("engine", ["auto", "ptrace"])
def test_the_exit_status_is_the_targets(command: str, status: int, engine: str) -> None:
    assert gatescope("run", "--engine", engine, "--", "sh", "-c", command).returncode == status


# ── events ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_json_lines_have_the_contracts_keys(tmp_path: Path) -> None:
    lines = run_jsonl(tmp_path, "--", sys.executable, "-c", RAW_SOCKET, policy=NO_RAW_SOCKETS)
    (refused,) = (line for line in lines if line.get("syscall") == "socket")
    assert set(refused) == {
        "seq", "time_ns", "kind", "pid", "tid", "comm", "syscall", "nr", "arch", "args", "text", "ret", "errno", "duration_ns",
        "gate", "outcome", "evidence", "reason", "rule", "capability", "alternatives", "checks",
    }  # fmt: skip
    assert (refused["gate"], refused["outcome"], refused["errno"], refused["rule"], refused["checks"]) == (
        "seccomp",
        "denied",
        "EPERM",
        1,
        [],
    )
    assert refused["args"][:3] == [2, 3 | 0o2000000, 1]
    assert refused["text"].startswith("AF_INET, SOCK_RAW|SOCK_CLOEXEC")
    assert [line["event"] for line in lines if line["kind"] == "process"][0::-1] == ["exec"]
    assert [line["seq"] for line in lines[:-1]] == list(range(1, len(lines)))
    assert lines[-1]["kind"] == "summary"
    assert (lines[-1]["denied"], lines[-1]["lost"]) == ({"seccomp": 1, "capability": 0, "other": 0}, 0)


def test_only_chooses_verdicts_and_keeps_the_summary(tmp_path: Path) -> None:
    lines = run_jsonl(tmp_path, "--only", "denied", "--", sys.executable, "-c", RAW_SOCKET, policy=NO_RAW_SOCKETS)
    assert [line.get("outcome", line["kind"]) for line in lines] == ["denied", "summary"]


def test_text_goes_to_stderr_and_the_targets_output_to_stdout() -> None:
    done = gatescope("run", "--", "sh", "-c", "echo out; echo err >&2")
    assert done.stdout == b"out\n"
    assert b"err\n" in done.stderr
    assert b"execve(" in done.stderr
    assert b"Ended: exit status 0 after " in done.stderr
    assert b"\x1b[" not in done.stderr


def test_the_recording_holds_what_was_printed(tmp_path: Path) -> None:
    lines = run_jsonl(tmp_path, "--record", str(tmp_path / "run.arrow"), "--", "ls", "/")
    recording = Recording.open(tmp_path / "run.arrow")
    assert not recording.cut_off
    assert [json.loads(json.dumps(event.to_json())) for event in recording.events()] == lines[:-1]


# ── stdio ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("engine", ["auto", "ptrace"])
def test_stdin_reaches_the_target_whole(engine: str) -> None:
    data = os.urandom(300_000)
    assert gatescope("run", "--engine", engine, "--output", "/dev/null", "--", "cat", data=data).stdout == data


@pytest.mark.parametrize("redirect", ["< {0}", "< <(cat {0})"])
def test_a_target_that_reads_late_misses_nothing(tmp_path: Path, redirect: str) -> None:
    (tmp_path / "large").write_bytes(os.urandom(10 * wire.INPUT_AHEAD))
    late = "until [ -e started ]; do sleep 0.1; done; cat"
    command = shlex.join([*GATESCOPE, "run", "--engine", "ptrace", "--output", "/dev/null", "--", "sh", "-c", late])
    script = f"{command} {redirect.format('large')} | cmp - large & sleep 1; touch started; wait $!"
    done = subprocess.run(["bash", "-c", script], capture_output=True, timeout=60, check=False, cwd=tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == (b"", b"", 0)


def test_nobody_reading_the_output_ends_the_target_as_without_us() -> None:
    command = " ".join(f"'{word}'" for word in [*GATESCOPE, "run", "--output", "/dev/null", "--", "yes"])
    done = subprocess.run(["bash", "-c", f"{command} | head -1; echo ${{PIPESTATUS[0]}}"], capture_output=True, timeout=60, check=True)
    assert done.stdout.decode().split() == ["y", str(128 + signal.SIGPIPE)]


def test_on_a_terminal_the_target_has_a_terminal() -> None:
    read, output = _on_a_terminal(
        [*GATESCOPE, "run", "--only", "seccomp", "--", "sh", "-c", "stty size; read line; echo got:$line; test -t 2 && echo tty"],
        b"hello\r",
    )
    assert read == 0
    assert b"33 111" in output
    assert b"got:hello" in output
    assert re.search(rb"\r\ntty\r\nEnded: exit status 0 [^\r\n]*\r\n$", output), output


def _on_a_terminal(command: list[str], typed: bytes) -> tuple[int, bytes]:
    """(exit status, what the screen got)."""
    pid, master = pty.fork()
    if pid == 0:
        os.execv(command[0], command)  # noqa: S606  # a shell is just what must not stand between
    import fcntl
    import struct
    import termios

    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 111, 0, 0))
    output = b""
    sent = False
    with contextlib.suppress(OSError):  # EIO: the other side has gone
        while select.select([master], [], [], 30)[0] and (data := os.read(master, 65536)):
            output += data
            if not sent and b"33 111" in output:
                os.write(master, typed)
                sent = True
    os.close(master)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), output


# ── ends ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """(gatescope, the pid of its target), whose target says "ready" and waits."""
    script = "import time, os; print('ready', os.getpid(), flush=True); time.sleep(600)"
    command = [*GATESCOPE, "run", "--output", "/dev/null", *arguments, "--", sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        ready = process.stdout.readline().split()
        assert ready, process.stderr.read() if process.stderr else ""
        try:
            yield process, int(ready[1])
        finally:
            process.kill()


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def observer_of(process: subprocess.Popen[bytes]) -> int:
    """The pid of its observer."""
    text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return int(text.split()[0])


@pytest.mark.parametrize("engine", ["auto", "ptrace"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_reach_the_target(engine: str, number: signal.Signals) -> None:
    with running("--engine", engine) as (process, target):
        process.send_signal(number)
        status = process.wait(20)
        assert status in (128 + number, 1)  # Python turns SIGINT into KeyboardInterrupt, and dies of the signal or with 1
        assert not alive(target)


@pytest.mark.parametrize(
    ("observer", "sentence"),
    [
        ("yes", "something that is not a frame"),
        (r"""sh -c 'printf "\377\377\377\377\1\0\0\0"; exec sleep 1000'""", "a frame of 4294967295 bytes; the limit is"),
        ("sh -c 'exit 3'", "ended with exit status 3"),
    ],
)
def test_what_is_no_observer_is_said_and_ended(observer: str, sentence: str) -> None:
    done = gatescope("run", "--observer", observer, "--observer-command", "y", "--", "true")
    assert sentence in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("limit", "engine", "sentence"),
    [
        (6, "ptrace", "too many files are open; this shell allows 6 (ulimit -n)"),
        (12, "ptrace", "the observer could not be started: Too many open files"),
        (30, "auto", "raise the limit (ulimit -n)"),
    ],
)
def test_without_descriptors_left_it_says_so(limit: int, engine: str, sentence: str) -> None:
    if engine == "auto" and engine_abilities()["ebpf"] is not None:
        pytest.skip("only the eBPF engine needs so many")
    command = ["sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", *GATESCOPE, "run", "--engine", engine, "--", "true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("gatescope: ")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_observer_that_never_answers_can_be_interrupted() -> None:
    command = [*GATESCOPE, "run", "--observer", "sleep", "--observer-command", "1000", "--", "true"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        children_of = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        wait_until(lambda: any(Path(f"/proc/{pid}/comm").read_text() == "sleep\n" for pid in children_of.read_text().split()))
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 1
        assert process.stderr is not None
        assert b"interrupted before the observer had started" in process.stderr.read()


@pytest.mark.parametrize("engine", ["auto", "ptrace"])
def test_the_observer_killed(engine: str) -> None:
    with running("--engine", engine) as (process, target):
        os.kill(observer_of(process), signal.SIGKILL)
        assert process.wait(20) == 1
        assert process.stderr is not None
        assert b"the observer was killed by SIGKILL. The target was ended with it; everything up to here is kept" in process.stderr.read()
        wait_until(lambda: not alive(target))


@pytest.mark.parametrize("engine", ["auto", "ptrace"])
def test_gatescope_killed(engine: str) -> None:
    with running("--engine", engine) as (process, target):
        observer = observer_of(process)
        process.kill()
        process.wait()
        wait_until(lambda: not alive(target) and not alive(observer))
    assert not [child for child in children() if child.pid in (target, observer) and not child.ended]


def test_a_recording_survives_the_death_of_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "run.arrow"
    with running("--record", str(path)) as (process, _):
        wait_until(lambda: "write" in recorded(path))  # as it runs on: what happened is not kept back until the end
        process.kill()
        process.wait()
    assert recorded(path)[0] == "execve"
    assert "write" in recorded(path)


def recorded(path: Path) -> list[str]:
    """The names of the calls that are in the file by now."""
    return [event.syscall for event in Recording.open(path).events() if isinstance(event, CallEvent)]


def test_a_full_disk_under_the_recording_does_not_stop_the_run() -> None:
    done = gatescope("run", "--record", "/dev/full", "--output", "/dev/null", "--", "echo", "still here")
    assert done.stdout == b"still here\n"
    assert b"/dev/full is no longer written: the disk is full" in done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_a_full_disk_under_the_events_does_not_stop_the_run(form: str) -> None:
    done = gatescope("run", "--format", form, "--output", "/dev/full", "--engine", "ptrace", "--", "sh", "-c", "echo still here; exit 3")
    assert done.stdout == b"still here\n"
    complaints = [line for line in done.stderr.splitlines() if b"ptrace" not in line]
    assert complaints == [
        b"gatescope: /dev/full: events are no longer written there: No space left on device. The run goes on; make room, and run again"
    ]
    assert done.returncode == 3


def test_a_full_disk_under_stderr_does_not_stop_the_run() -> None:
    command = [*GATESCOPE, "run", "--engine", "ptrace", "--", "sh", "-c", "echo still here; exit 3"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=full, timeout=60, check=False)
    assert (done.stdout, done.returncode) == (b"still here\n", 3)
