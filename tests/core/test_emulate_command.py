"""`gatescope emulate`: one call through a policy's filters, in words and as JSON, and bad input in sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.cli import main

POLICY = """
[seccomp]
mode = "filter"
default = "{default}"
[[seccomp.rules]]
syscalls = ["socket"]
action = "{action}"
args = [{{ index = 0, op = "==", value = "AF_INET" }}, {{ index = 1, op = "&==", mask = 0xf, value = "SOCK_RAW" }}]
"""
STACKED = """
[[seccomp.stacked]]
[[seccomp.stacked.rules]]
syscalls = ["socket"]
action = "errno:EACCES"
"""
RAW = "socket(AF_INET, SOCK_RAW, 1)"


@pytest.fixture
def write(tmp_path: Path) -> str:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY.format(default="allow", action="errno:EPERM"))
    return str(path)


def _emulate(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["emulate", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize(
    ("action", "word", "data"),
    [
        ("log", "log", 0),
        ("errno:EPERM", "errno", 1),
        ("errno:0", "errno", 0),
        ("trap", "trap", 0),
        ("kill-thread", "kill-thread", 0),
        ("kill-process", "kill-process", 0),
        ("trace:7", "trace", 7),
    ],
)
def test_json_has_the_action_its_data_the_rule_and_the_cost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], action: str, word: str, data: int
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY.format(default="allow", action=action))
    status, out, _ = _emulate(capsys, "--policy", str(path), "--json", RAW)
    answer = json.loads(out)
    instructions = answer.pop("instructions")
    assert (status, answer) == (0, {"action": word, "data": data, "rule": 1})
    assert 5 < instructions < 30
    _, out, _ = _emulate(capsys, "--policy", str(path), "--json", "socket(AF_UNIX, SOCK_STREAM)")
    assert json.loads(out)["rule"] is None
    assert json.loads(out)["action"] == "allow"


def test_text_has_the_answer_and_the_path(write: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = _emulate(capsys, "--policy", write, "--json", RAW)
    instructions = json.loads(out)["instructions"]
    _, out, _ = _emulate(capsys, "--policy", write, f"  {RAW} ")
    first, *path = out.splitlines()
    assert first == f"{RAW}: errno:EPERM (operation not permitted), by rule 1, after {instructions} instructions."
    assert len(path) == instructions
    assert "ret #0x50001" in path[-1]


def test_several_filters_are_shown_in_their_order(write: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(write).write_text(POLICY.format(default="allow", action="errno:EPERM") + STACKED)
    _, out, _ = _emulate(capsys, "--policy", write, "--json", RAW)
    answer = json.loads(out)
    assert (answer["action"], answer["data"], answer["rule"]) == ("errno", 13, 2)
    _, out, _ = _emulate(capsys, "--policy", write, RAW)
    lines = out.splitlines()
    assert lines[0].endswith(f"by rule 2 of filter 2, after {answer['instructions']} instructions.")
    heads = [line for line in lines if line.startswith("Filter ")]
    assert [head.split(",")[0] for head in heads] == ["Filter 1 of 2 answers errno:EPERM", "Filter 2 of 2 answers errno:EACCES"]
    assert sum(line.lstrip()[:1].isdigit() or line.lstrip().startswith("L") for line in lines[1:]) == answer["instructions"]


@pytest.mark.parametrize(
    ("mode", "call", "action"), [("off", "reboot()", "allow"), ("strict", "read(0)", "allow"), ("strict", "open(0)", "kill-thread")]
)
def test_modes_without_a_filter_answer_too(tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str, call: str, action: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(f'[seccomp]\nmode = "{mode}"\n')
    _, out, _ = _emulate(capsys, "--policy", str(path), "--json", call)
    assert json.loads(out) == {"action": action, "data": 0, "rule": None, "instructions": 0}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("sokcet(1)", '"sokcet" is not a system call; did you mean "socket"?'),
        ("socket(1, 2, 3, 4, 5, 6, 7)", "has 7 arguments; a system call takes at most six."),
        ("socket(AF_INTE)", "'AF_INTE' is not a symbolic value; did you mean AF_INET"),
        ("socket(", '"socket(" is not a call. Write it as in C'),
        ("", '"" is not a call.'),
        ('open("/etc/passwd")', 'argument 0 is "/etc/passwd": a filter sees a number, never what it points to.'),
        ("socket(1,,2)", "argument 1 is empty"),
        (f"socket({2**64})", "which does not fit into 64 bits"),
        ("99999999999()", "is not a call's number: they have 32 bits."),
        ("x87:socket()", '"x87" is not an architecture; did you mean "x86"?'),
        ("x86_64:socketcall()", "x86_64 has no call named socketcall."),
    ],
)
def test_a_call_that_cannot_be_read_says_why(write: str, capsys: pytest.CaptureFixture[str], call: str, sentence: str) -> None:
    status, out, err = _emulate(capsys, "--policy", write, call)
    assert (status, out) == (2, "")
    assert sentence in err


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "cannot be read: No such file or directory"),
        ("[seccomp", "line 1, column 9: this is not TOML"),
        ('[seccomp]\nmode = "filters"', 'seccomp.mode: "filters" is not allowed; did you mean "filter"?'),
        (POLICY.format(default="alow", action="log"), 'seccomp.default: "alow" is not an action; did you mean "allow"?'),
        (
            POLICY.format(default="errno:EPERM", action="allow") + STACKED,
            "seccomp.stacked[0] cannot be loaded: the filters before it answer the seccomp call",
        ),
    ],
)
def test_a_policy_that_cannot_be_used_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, sentence: str) -> None:
    path = tmp_path / "policy.toml"
    if text is not None:
        path.write_text(text)
    status, out, err = _emulate(capsys, "--policy", str(path), RAW)
    assert (status, out) == (2, "")
    assert err.startswith(f"gatescope: {path}: ")
    assert sentence in err
