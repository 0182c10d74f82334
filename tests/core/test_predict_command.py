"""`gatescope predict`, as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.predict.credentials import SETS
from tests.support.privilege import require_root

ROOT = Path(__file__).parents[2]


def predict(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "core.cli", "predict", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL, check=False)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """An ordinary user who may gain by exec, and holds two capabilities of which one is ambient."""
    path = tmp_path / "policy.toml"
    path.write_text(
        '[identity]\nuser = "nobody"\nno_new_privs = false\n[capabilities]\nbounding = ["NET_RAW", "CHOWN"]\n'
        'permitted = ["NET_RAW", "CHOWN"]\neffective = ["CHOWN"]\ninheritable = ["NET_RAW", "CHOWN"]\nambient = ["NET_RAW", "CHOWN"]\n'
    )
    return path


def test_json_is_one_object_of_sorted_names(policy: Path) -> None:
    require_root("the sets can only be had by root")
    value: dict[str, Any] = json.loads(predict("--policy", policy, "--json", "--", "/bin/true").stdout)
    assert set(value) == {"before", "after", "rules"}
    assert set(value["before"]) == set(value["after"]) == set(SETS)
    assert value["before"]["effective"] == ["CHOWN"]
    assert value["after"]["permitted"] == value["after"]["effective"] == value["after"]["ambient"] == ["CHOWN", "NET_RAW"]
    assert all(isinstance(rule, str) for rule in value["rules"])
    assert "ambient capabilities are added to the permitted set: CHOWN, NET_RAW" in value["rules"]


def test_text_has_the_sets_the_rules_and_the_way_back(policy: Path, tmp_path: Path) -> None:
    require_root("a setuid program is made")
    program = tmp_path / "program"
    program.write_bytes(Path("/bin/true").read_bytes())
    program.chmod(0o4755)
    done = predict("--policy", policy, "--", program)
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.split() and line.split()[0] in SETS}
    assert list(rows) == list(SETS)
    assert rows["ambient"].split()[1:] == ["CHOWN,", "NET_RAW", "–"]
    assert f"· {program} is setuid: the effective uid becomes 0" in done.stdout
    assert "· the ambient set is cleared, since the file changes an id" in done.stdout
    assert "Can it be regained?" in done.stdout


def test_a_refused_execve_has_no_after(policy: Path, tmp_path: Path) -> None:
    require_root("a program is given file capabilities")
    program = tmp_path / "program"
    program.write_bytes(Path("/bin/true").read_bytes())
    program.chmod(0o755)
    subprocess.run(["setcap", "cap_kill+ep", str(program)], check=True)
    value = json.loads(predict("--policy", policy, "--json", "--", program).stdout)
    assert value["after"] is None
    assert "execve fails with EPERM" in value["rules"][-1]
    assert "refused: EPERM" in predict("--policy", policy, "--", program).stdout


def test_a_wrong_question_ends_with_a_sentence() -> None:
    done = predict("--", "no-such-program")
    assert done.returncode == 2
    assert "no-such-program: no such command in PATH" in done.stderr


def test_what_the_observer_may_not_have_names_the_policys_file(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[identity]\nuser = "nobody-has-this-name"\n')
    done = predict("--policy", path, "--", "/bin/true")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"gatescope: {path}: identity.user: there is no user")
