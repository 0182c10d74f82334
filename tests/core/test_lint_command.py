"""`gatescope lint`: findings as text and as JSON, and the exit status."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from core.cli import main
from core.lint.lint import lint
from core.policy.file import encode
from core.policy.model import Policy
from tests.core.lint.policies import policy, rule, stacked


def _lint(capsys: pytest.CaptureFixture[str], tmp_path: Path, asked: Policy, *arguments: str) -> tuple[int, str, str]:
    (tmp_path / "policy.toml").write_text(encode(asked))
    status = main(["lint", "--policy", str(tmp_path / "policy.toml"), *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def test_json_has_each_finding_with_its_five_keys(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    asked = policy(rule("open"), rule("kill", "log"), stacked=(stacked(rule("kill")),))
    _, out, _ = _lint(capsys, tmp_path, asked, "--json")
    findings = json.loads(out)
    assert findings == [finding.to_json() for finding in lint(asked)]
    assert all(list(finding) == ["code", "severity", "rule", "message", "fix"] for finding in findings)
    assert {finding["severity"] for finding in findings} == {"error", "warning", "info"}
    moot = next(finding for finding in findings if finding["code"] == "allow-moot")
    assert (moot["rule"], moot["fix"]) == (2, "Take kill out of rule 2: it is refused all the same.")


def test_text_has_severity_place_reason_and_fix(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, _ = _lint(capsys, tmp_path, policy(rule("open")))
    assert status == 1
    assert "✕ error  rule 1  [sibling-open]" in out
    assert "→ Add openat, openat2 and creat to rule 1." in out
    assert out.splitlines()[-1] == "1 error · 4 warnings"


def test_a_locale_without_our_marks_still_gets_the_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(encode(policy(rule("open"))))
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["lint", "--policy", str(tmp_path / "policy.toml")]) == 1
    out.seek(0)
    assert "\\u2715 error  rule 1  [sibling-open]" in out.read()


@pytest.mark.parametrize(("asked", "status"), [(Policy(), 0), (policy(rule("kill", "log")), 0), (policy(rule("open")), 1)])
def test_the_status_tells_of_errors(capsys: pytest.CaptureFixture[str], tmp_path: Path, asked: Policy, status: int) -> None:
    assert _lint(capsys, tmp_path, asked)[0] == status
    assert _lint(capsys, tmp_path, asked, "--json")[0] == status


def test_nothing_found_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert _lint(capsys, tmp_path, Policy())[1] == "Nothing to say about this policy.\n"
    assert json.loads(_lint(capsys, tmp_path, Policy(), "--json")[1]) == []


def test_a_policy_that_means_nothing_is_a_usage_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, err = _lint(capsys, tmp_path, policy(rule("sokcet")), "--json")
    assert (status, out) == (2, "")
    assert 'seccomp.rules[0].syscalls[0]: "sokcet" is not a system call; did you mean "socket"?' in err
