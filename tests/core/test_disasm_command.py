"""`gatescope disasm`: a policy's filters, or a file's, as text; and what is no filter, in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.bpf.build import build_filter
from core.bpf.stack import build_stack
from core.cli import main
from core.policy.file import encode
from core.policy.model import Filter, Policy, Rule, Seccomp

KILL = Rule(syscalls=("kill",), action="errno:EPERM")
ONE = Seccomp(mode="filter", rules=(KILL,))
STACK = Seccomp(mode="filter", rules=(KILL,), stacked=(Filter(note="Nobody asks"), Filter(rules=(KILL, KILL))))


def _disasm(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main(["disasm", *map(str, arguments)])
    out, err = capsys.readouterr()
    return status, out, err


def _policy(tmp_path: Path, seccomp: Seccomp) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(encode(Policy(seccomp=seccomp)))
    return path


def test_a_policys_filter_and_its_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = _disasm(capsys, "--policy", _policy(tmp_path, ONE))
    program = build_filter(ONE)
    *lines, size = out.splitlines()
    assert status == 0
    assert len(lines) == len(program) // 8
    assert any("; kill" in line for line in lines)
    assert size == f"{len(program) // 8} instructions, {len(program)} bytes"


def test_a_built_filter_reads_as_its_policy_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "filter.bpf").write_bytes(build_filter(ONE))
    assert _disasm(capsys, tmp_path / "filter.bpf") == _disasm(capsys, "--policy", _policy(tmp_path, ONE))


def test_several_filters_stand_in_order_each_with_its_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = _disasm(capsys, "--policy", _policy(tmp_path, STACK))
    lines = out.splitlines()
    heads = ["Filter 1 of 3, [seccomp]", "Filter 2 of 3, [seccomp.stacked[0]]: Nobody asks", "Filter 3 of 3, [seccomp.stacked[1]]"]
    assert [line for line in lines if line.startswith("Filter ")] == heads
    sizes = [len(built.program) for built in build_stack(STACK)]
    assert [line.split(";")[0] for line in lines if " bytes" in line] == [f"{size // 8} instructions, {size} bytes" for size in sizes]


def test_our_own_generator_says_why_it_made_the_filter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = '[seccomp]\nmode = "filter"\n[[seccomp.rules]]\nsyscalls = ["kill"]\naction = "trap"\n'
    text += 'args = [{ index = 1, op = ">", value = 1 }, { index = 1, op = "<", value = 9 }]\n'
    (tmp_path / "own.toml").write_text(text)
    _, out, _ = _disasm(capsys, "--policy", tmp_path / "own.toml")
    assert "; our own generator made it: libseccomp takes one test of an argument a rule, but rule 1 has several" in out.splitlines()[-1]


@pytest.mark.parametrize(("mode", "words"), [("off", "the policy has no filter"), ("strict", "the kernel's own four calls")])
def test_modes_without_a_filter_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str, words: str) -> None:
    (tmp_path / "policy.toml").write_text(f'[seccomp]\nmode = "{mode}"\n')
    status, out, _ = _disasm(capsys, "--policy", tmp_path / "policy.toml")
    assert status == 0
    assert words in out


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "a filter has 1 to 4096 instructions, not 0"),
        (b"\x06\0\0\0\0\0\xff", "a filter consists of instructions of 8 bytes, but this one has 7 bytes: is it cut off, or not a filter?"),
        (build_filter(ONE)[:-4], "is it cut off, or not a filter?"),
        (build_filter(ONE)[:16], "is not a filter that the kernel would take"),
        (
            b"#!/bin/sh\n\0\0\0\0\0\0",
            "is not a filter that the kernel would take: instruction 0: code 0x2123 is not allowed in a seccomp filter",
        ),
        (b"\x06\0\0\0\0\0\xff\x7f" * 4097, "it has more than the 4096 instructions that the kernel takes"),
    ],
)
def test_what_is_no_filter_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, sentence: str) -> None:
    path = tmp_path / "filter.bpf"
    if content is not None:
        path.write_bytes(content)
    status, out, err = _disasm(capsys, path)
    assert (status, out) == (2, "")
    assert err.startswith(f"gatescope: {path}: ")
    assert sentence in err


def test_a_directory_and_an_endless_file_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot be read: Is a directory" in _disasm(capsys, tmp_path)[2]
    assert "more than the 4096 instructions" in _disasm(capsys, "/dev/zero")[2]


@pytest.mark.parametrize("arguments", [(), ("--policy", "a.toml", "b.bpf")])
def test_it_wants_a_policy_or_a_file(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    status, _, err = _disasm(capsys, *arguments)
    assert status == 2
    assert "disasm wants either --policy FILE or a file" in err
